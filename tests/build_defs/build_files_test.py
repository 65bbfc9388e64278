# SPDX-License-Identifier: Apache-2.0
import pathlib

from absl.testing import absltest

from build_defs import build_files

_ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class BuildFilesTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)

  def write(self, path, text=''):
    (self.root / path).parent.mkdir(parents=True, exist_ok=True)
    (self.root / path).write_text(text)

  def test_checkout_is_up_to_date(self):
    stale = build_files.stale_build_files(_ROOT)
    self.assertEmpty(
      [str(path.relative_to(_ROOT)) for path in stale],
      'run `python -m build_defs.build_files`',
    )

  def test_a_file_that_discovers_modules_depends_on_them(self):
    self.write('depth_mai/__init__.py')
    self.write('depth_mai/losses/__init__.py')
    self.write('depth_mai/losses/l1.py')
    self.write('depth_mai/losses/deep/__init__.py')
    self.write(
      'depth_mai/losses/weighted.py',
      'from depth_mai import losses as package\nprint(package.__path__)\n',
    )
    # No circle: this one imports the file that discovers it. The macro adds the
    # package.
    self.write(
      'depth_mai/losses/learned.py', 'from depth_mai.losses import weighted\n'
    )
    self.assertIn(
      """\
depth_library(
    name = "weighted",
    deps = [":l1"],
)
""",
      build_files.stale_build_files(self.root)[
        self.root / 'depth_mai/losses/BUILD'
      ],
    )

  def test_targets_and_deps_follow_the_imports(self):
    self.write('depth_mai/__init__.py')
    self.write('depth_mai/atomic.py', 'import os\n')
    self.write('depth_mai/train.py', 'from depth_mai.data import crop\n')
    self.write('depth_mai/data/__init__.py')
    self.write('depth_mai/data/crop.py', 'from depth_mai.data import folder\n')
    self.write(
      'depth_mai/data/folder.py',
      'def f():\n  from depth_mai import atomic\n  import numpy as np\n',
    )
    self.write(
      'tests/data/crop_test.py',
      'import depth_mai.atomic\nfrom depth_mai.data.crop import Crop\n',
    )

    stale = build_files.stale_build_files(self.root)

    self.assertSameElements(
      stale,
      [
        self.root / folder / 'BUILD'
        for folder in ('depth_mai', 'depth_mai/data', 'tests/data')
      ],
    )
    self.assertEqual(
      stale[self.root / 'depth_mai/data/BUILD'],
      """\
load("//build_defs:depth.bzl", "depth_library", "depth_package")

depth_package(parent = "//depth_mai:package")

depth_library(
    name = "crop",
    deps = [":folder"],
)

depth_library(
    name = "folder",
    deps = ["//depth_mai:atomic"],
)
""",
    )
    self.assertIn(
      '    name = "train",\n    deps = ["//depth_mai/data:crop"],',
      stale[self.root / 'depth_mai/BUILD'],
    )
    self.assertEqual(
      stale[self.root / 'tests/data/BUILD'],
      """\
load("//build_defs:depth.bzl", "depth_folder_tests", "depth_test")

depth_test(
    name = "crop_test",
    deps = [
        "//depth_mai:atomic",
        "//depth_mai/data:crop",
    ],
)

depth_folder_tests(names = ["crop_test"])
""",
    )

  def test_a_test_is_imported_through_its_library(self):
    self.write('tests/a_test.py')
    self.write('tests/b/b_test.py', 'from tests import a_test')
    self.assertIn(
      'deps = ["//tests:a_test_library"]',
      build_files.stale_build_files(self.root)[self.root / 'tests/b/BUILD'],
    )

  def test_a_test_with_tags_runs_on_its_own(self):
    by_hand = """\
load("//build_defs:depth.bzl", "depth_folder_tests", "depth_test")

depth_test(name = "crop_test")

depth_test(
    name = "loop_test",
    tags = ["slow"],
)

depth_folder_tests(
    names = ["crop_test"],
    size = "enormous",
)
"""
    self.write('tests/data/crop_test.py')
    self.write('tests/data/loop_test.py')
    self.write('tests/data/BUILD', by_hand)
    self.assertEmpty(build_files.stale_build_files(self.root))

  def test_builders_are_part_of_depth_mai(self):
    self.write('depth_mai/__init__.py')
    self.write('depth_mai/datasets/__init__.py')
    self.write('datasets/rooms/__init__.py')
    self.write('datasets/rooms/shapes.py')
    self.write(
      'datasets/rooms/rooms_dataset_builder.py', 'from . import shapes'
    )
    self.write(
      'tests/datasets/rooms/shapes_test.py',
      'from depth_mai.datasets.rooms import shapes',
    )

    stale = build_files.stale_build_files(self.root)

    rooms = stale[self.root / 'datasets/rooms/BUILD']
    self.assertIn(
      'depth_package(parent = "//depth_mai/datasets:package")', rooms
    )
    self.assertIn(
      '    name = "rooms_dataset_builder",\n    deps = [":shapes"],', rooms
    )
    self.assertIn(
      'deps = ["//datasets/rooms:shapes"]',
      stale[self.root / 'tests/datasets/rooms/BUILD'],
    )

  def test_keeps_what_was_written_by_hand(self):
    self.write('depth_mai/__init__.py')
    self.write('depth_mai/train.py')
    by_hand = """\
load("//build_defs:depth.bzl", "depth_library", "depth_package")

exports_files(["table.csv"])

depth_package(data = glob(["*.md"]))

depth_library(
    name = "train",
    data = [
        "table.csv",
        "//gin_configs",
    ],
)
"""
    self.write('depth_mai/BUILD', by_hand)
    self.assertEmpty(build_files.stale_build_files(self.root))

    self.write('depth_mai/train.py', 'from depth_mai import atomic')
    self.write('depth_mai/atomic.py')
    self.assertEqual(
      build_files.stale_build_files(self.root)[self.root / 'depth_mai/BUILD'],
      by_hand.replace(
        'depth_library(\n    name = "train"',
        'depth_library(name = "atomic")\n\ndepth_library(\n    name = "train"',
      ).replace('    ],\n)', '    ],\n    deps = [":atomic"],\n)'),
    )

  def test_import_of_a_missing_module(self):
    self.write('depth_mai/__init__.py')
    self.write('depth_mai/train.py', 'import depth_mai.lost')
    with self.assertRaisesRegex(ValueError, 'imports depth_mai.lost.*add'):
      build_files.stale_build_files(self.root)

  def test_module_outside_a_package(self):
    self.write('depth_mai/train.py')
    with self.assertRaisesRegex(ValueError, 'no __init__.py'):
      build_files.stale_build_files(self.root)


if __name__ == '__main__':
  absltest.main()
