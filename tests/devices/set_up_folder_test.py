# SPDX-License-Identifier: Apache-2.0
"""Tests of set_up_folder.py; those of its two uses cover the messages."""

import dataclasses
import fcntl
import pathlib

from absl.testing import absltest

from depth_mai.devices import set_up_folder


@dataclasses.dataclass(frozen=True)
class _Made:
  root: str
  parts: int

  @property
  def needed_files(self):
    return (f'{self.root}/part',)


class SetUpFolderTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    self.folder = set_up_folder.SetUpFolder(
      'A toy', 'make', 'a second', 'TOY_FOLDER', '/toy', lambda: '42'
    )

  def _open(self, folder=None):
    return (folder or self.folder).open(
      str(self.root), lambda root, stamp: _Made(root, stamp['parts'])
    )

  def test_what_was_written_is_opened(self):
    (self.root / 'part').touch()
    self.folder.write_stamp(str(self.root), parts=3)
    self.assertEqual(self._open(), _Made(str(self.root), 3))
    other = dataclasses.replace(self.folder, fingerprint=lambda: '43')
    with self.assertRaisesRegex(ValueError, 'set up by another version'):
      self._open(other)

  def test_nothing_is_opened_without_its_stamp_or_its_parts(self):
    self.folder.write_stamp(str(self.root), parts=3)
    with self.assertRaisesRegex(ValueError, '/part is missing'):
      self._open()
    set_up_folder.remove_stamp(str(self.root))
    set_up_folder.remove_stamp(str(self.root))
    with self.assertRaisesRegex(
      ValueError, r'A toy is not set up in .* \(a second\), .*\$TOY_FOLDER'
    ):
      self._open()

  def test_only_one_at_a_time(self):
    with open(self.root / 'lock', 'w') as stream:
      fcntl.flock(stream, fcntl.LOCK_EX)
      with self.assertRaisesRegex(ValueError, 'Another setup runs in'):
        with set_up_folder.only_one(str(self.root)):
          self.fail('The folder was not locked.')
    with set_up_folder.only_one(str(self.root)):
      pass


if __name__ == '__main__':
  absltest.main()
