# SPDX-License-Identifier: Apache-2.0
"""The drawing of the architecture shows the code as it is."""

import pathlib

from absl.testing import absltest

from build_defs import architecture
from tests import imports_test

_ROOT = pathlib.Path(__file__).resolve().parents[2]


_FILES = {
  name for name, box in architecture.BOXES.items() if box.kind == 'file'
}


class ArchitectureTest(absltest.TestCase):
  def test_the_drawing_is_current(self):
    self.assertEqual(architecture.main(['--check', f'--root={_ROOT}']), 0)

  def test_every_package_has_a_box(self):
    modules = {'command_line', 'gin_registry', 'program'}
    packages = set(imports_test.ALLOWED) - modules
    self.assertEqual(set(architecture.BOXES) - _FILES, packages)

  def test_packages_without_tensorflow_have_their_own_colour(self):
    for name in set(architecture.BOXES) & set(imports_test.DEVICE_CODE):
      self.assertEqual(architecture.BOXES[name].kind, 'device', name)

  def test_arrows_between_packages_are_imports(self):
    allowed = imports_test.ALLOWED
    for one, other in architecture.ARROWS:
      if not _FILES & {one, other}:
        imported = one in allowed[other] or other in allowed[one]
        self.assertTrue(imported, f'{one} -> {other}')


if __name__ == '__main__':
  absltest.main()
