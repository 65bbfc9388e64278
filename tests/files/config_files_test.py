# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/files/config_files.py; gin itself reads the files."""

import contextlib
import pathlib
import subprocess
import sys

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.files import config_files

_ROOT = pathlib.Path(__file__).resolve().parents[2]


class ConfigFilesTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path).resolve()

  def _write(self, name, text=''):
    path = self.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path

  def test_the_place_next_to_the_including_file_comes_first(self):
    mine = self._write('mine/a.gin')
    here = self._write('here/a.gin')
    includer = self._write('mine/b.gin')
    with contextlib.chdir(here.parent):
      self.assertEqual(config_files.find('a.gin', includer), mine)
      self.assertEqual(config_files.find('a.gin'), here)
      found = config_files.find('gin_configs/tcl.gin')
      self.assertEqual(found, _ROOT / 'gin_configs/tcl.gin')
      found = config_files.find('gin_configs/tcl.gin', includer)
      self.assertEqual(found, _ROOT / 'gin_configs/tcl.gin')
    self.assertEqual(config_files.find(str(mine)), mine)

  def test_a_missing_file_names_the_known_ones(self):
    with self.assertRaisesRegex(
      ValueError,
      r'no gin file .tlc\.gin.\. .*gin_configs: .*tcl\.gin',
    ):
      config_files.find('tlc.gin')
    with self.assertRaisesRegex(ValueError, 'which .*b.gin includes'):
      config_files.find('tlc.gin', self._write('b.gin'))

  def _pieces(self, path):
    return [
      (pathlib.Path(piece.name).name, piece.read())
      for piece in config_files.pieces(path)
    ]

  def test_included_files_come_in_the_order_of_statements(self):
    self._write('base/c.gin', "include 'd.gin'\nc = 1\n")
    self._write('base/d.gin', 'd = 1')
    outer = self._write(
      'o.gin',
      "a = 1\ninclude 'base/c.gin'  # Why.\nx.include = 'base/c.gin'\n",
    )
    self.assertEqual(
      self._pieces(outer),
      [
        ('o.gin', 'a = 1\n'),
        ('c.gin', ''),
        ('d.gin', 'd = 1'),
        ('c.gin', '\nc = 1\n'),
        # Blank lines keep the numbers of the others.
        ('o.gin', "\n\nx.include = 'base/c.gin'\n"),
      ],
    )

  def test_a_circle_is_named(self):
    first = self._write('first.gin', "include 'second.gin'\n")
    self._write('second.gin', "include 'first.gin'\n")
    third = self._write('third.gin', "include 'third.gin'\n")
    with self.assertRaisesRegex(
      ValueError,
      r'first.gin includes itself \(first.gin -> second.gin',
    ):
      self._pieces(first)
    with self.assertRaisesRegex(ValueError, 'third.gin includes itself'):
      self._pieces(third)

  def test_a_file_that_is_no_text(self):
    path = self.folder / 'a.gin'
    path.write_bytes(b'\xff\xfe')
    with self.assertRaisesRegex(ValueError, r'a\.gin is not a text file'):
      self._pieces(path)

  def test_an_installation_contains_the_configurations(self):
    # As setup.cfg lays the package out, without building it.
    package = self.folder / 'site' / 'depth_mai'
    package.mkdir(parents=True)
    (package / '__init__.py').write_text('')
    (package / 'files').symlink_to(_ROOT / 'depth_mai' / 'files')
    (package / 'gin_configs').symlink_to(_ROOT / 'gin_configs')
    module = self._write('site/depth_mai/copy/__init__.py')
    source = (_ROOT / 'depth_mai/files/config_files.py').read_text()
    module.with_name('config_files.py').write_text(source)
    found = subprocess.run(
      [
        sys.executable,
        '-c',
        'from depth_mai.copy import config_files as c;'
        'print(c.system_config("tcl"))',
      ],
      cwd=package.parent,
      env={'PYTHONPATH': str(package.parent)},
      capture_output=True,
      text=True,
      check=True,
    )
    path = pathlib.Path(found.stdout.strip())
    self.assertEqual(path, (_ROOT / 'gin_configs/tcl.gin').resolve())


if __name__ == '__main__':
  absltest.main()
