# SPDX-License-Identifier: Apache-2.0
"""Checks the rules of CONTRIBUTING.md that no linter knows."""

import ast
import configparser
import pathlib

from absl.testing import absltest

from build_defs import build_files

_ROOT = pathlib.Path(__file__).resolve().parent.parent
_MAX_LINES = 400
_MAX_LINES_OF_A_PROGRAM = 150
_MEANINGLESS_NAMES = (
  'common',
  'helper',
  'helpers',
  'misc',
  'util',
  'utils',
)
_LICENSE_LINE = '# SPDX-License-Identifier: Apache-2.0'
# These tests check the whole checkout, not a single module.
_WHOLE_CHECKOUT = (
  'tests/docs_test.py',
  'tests/extending_test.py',
  'tests/house_test.py',
  'tests/imports_test.py',
  'tests/installation_test.py',
)
_PACKAGES_WITH_CODE = (
  'depth_mai/__init__.py',
  'depth_mai/datasets/__init__.py',
  'depth_mai/models/__init__.py',
)


def _files() -> list[pathlib.PurePath]:
  return build_files.source_files(_ROOT)


def _lines(path: pathlib.PurePath) -> list[str]:
  return (_ROOT / path).read_text().splitlines()


def _tests() -> list[pathlib.PurePath]:
  return [path for path in _files() if path.stem.endswith('_test')]


class HouseTest(absltest.TestCase):
  def test_files_are_short(self):
    long = [path for path in _files() if len(_lines(path)) >= _MAX_LINES]
    self.assertEmpty([str(path) for path in long], 'split these files by idea')

  def test_programs_are_short(self):
    thick = [
      path
      for path in _files()
      if path.parent.name == 'depth_mai'
      and "if __name__ == '__main__':" in _lines(path)
      and len(_lines(path)) >= _MAX_LINES_OF_A_PROGRAM
    ]
    self.assertEmpty([str(path) for path in thick], 'move code to a library')

  def test_names_are_meaningful(self):
    for path in _files():
      words = path.stem.removesuffix('_test').split('_') + list(path.parts[:-1])
      self.assertNoCommonElements(words, _MEANINGLESS_NAMES, path)

  def test_files_name_their_license(self):
    without = [path for path in _files() if _lines(path)[:1] != [_LICENSE_LINE]]
    self.assertEmpty([str(path) for path in without], _LICENSE_LINE)

  def test_packages_hold_a_docstring_and_no_code(self):
    for path in _files():
      if path.name != '__init__.py':
        continue
      body = ast.parse((_ROOT / path).read_text()).body
      self.assertIsInstance(body[0], ast.Expr, path)
      # They have the version, the path of the builders in the checkout, and
      # the registration of layers.
      if path.as_posix() not in _PACKAGES_WITH_CODE:
        self.assertLen(body, 1, path)

  def test_tests_mirror_what_they_test(self):
    for path in _tests():
      if path.as_posix() in _WHOLE_CHECKOUT:
        continue
      name = path.name.replace('_test.py', '.*')
      inside = path.relative_to('tests') if path.parts[0] == 'tests' else path
      places = [inside.parent, 'depth_mai' / inside.parent]
      self.assertTrue(
        any(any((_ROOT / place).glob(name)) for place in places),
        f'{path}: there is no {places[-1]}/{name.replace(".*", ".py")}',
      )

  def test_modules_have_a_test(self):
    modules = [
      path.relative_to('depth_mai')
      for path in _files()
      if path.parts[0] == 'depth_mai' and path.name != '__init__.py'
    ]
    expected = [
      f'tests/{path.with_suffix("").as_posix()}_test.py' for path in modules
    ]
    missing = [path for path in expected if not (_ROOT / path).exists()]
    self.assertEmpty(missing, 'write these tests')

  def test_tests_run_when_they_are_run_as_a_program(self):
    # Bazel runs the file; without these lines it would pass and test nothing.
    for path in _tests():
      last = ast.parse((_ROOT / path).read_text()).body[-1]
      self.assertIsInstance(last, ast.If, path)
      self.assertEqual(ast.unparse(last.test), "__name__ == '__main__'", path)
      self.assertIn(
        ast.unparse(last.body[-1]), ('absltest.main()', 'tf.test.main()'), path
      )

  def test_datasets_is_no_module(self):
    # `import datasets` must still import the library of that name.
    self.assertFalse((_ROOT / 'datasets' / '__init__.py').exists())

  def test_setup_installs_every_package(self):
    setup = configparser.ConfigParser()
    setup.read(_ROOT / 'setup.cfg')
    packages = {
      build_files.module_name(path): path.parent.as_posix()
      for path in _files()
      if path.name == '__init__.py'
      and path.parts[0] in ('datasets', 'depth_mai')
    }
    packages |= {
      f'depth_mai.{folder}': folder for folder in ('gin_configs', 'pretrained')
    }
    self.assertSequenceEqual(
      setup['options']['packages'].split(), sorted(packages)
    )
    folders = {
      name: folder
      for name, folder in packages.items()
      if not folder.startswith('depth_mai')
    }
    lines = setup['options']['package_dir'].strip().splitlines()
    self.assertEqual(
      dict(line.split(' = ') for line in lines),
      {'depth_mai': 'depth_mai'} | folders,
    )


if __name__ == '__main__':
  absltest.main()
