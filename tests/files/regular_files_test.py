# SPDX-License-Identifier: Apache-2.0
import contextlib
import hashlib
import os
import pathlib
import socket

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.files import regular_files

_READERS = (
  regular_files.open_binary,
  regular_files.read_bytes,
  regular_files.read_text,
  regular_files.sha256,
  regular_files.check,
)


class RegularFilesTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.path = pathlib.Path(self.create_tempdir().full_path) / 'a.json'

  def test_files_are_read(self):
    self.path.write_bytes(b'caf\xc3\xa9\r\n\x00')
    self.assertEqual(regular_files.read_bytes(self.path), b'caf\xc3\xa9\r\n\0')
    self.assertEqual(regular_files.read_text(str(self.path)), 'café\n\0')
    with regular_files.open_binary(self.path) as stream:
      self.assertEqual(stream.read(4), b'caf\xc3')
    link = self.path.with_name('link')
    link.symlink_to(self.path)
    regular_files.check(link)

  def test_sha256(self):
    content = bytes(range(256)) * 5000  # Several blocks.
    self.path.write_bytes(content)
    self.assertEqual(
      regular_files.sha256(self.path), hashlib.sha256(content).hexdigest()
    )

  def test_bytes_that_are_not_utf_8(self):
    self.path.write_bytes(b'\xe9')
    with self.assertRaises(UnicodeDecodeError):
      regular_files.read_text(self.path)
    self.assertEqual(
      regular_files.read_text(self.path, errors='surrogateescape'), '\udce9'
    )

  @parameterized.parameters(*_READERS)
  def test_a_pipe_is_refused_at_once(self, reader):
    os.mkfifo(self.path)
    with self.assertRaisesRegex(OSError, 'a pipe, not a file.*a.json'):
      reader(self.path)

  @parameterized.parameters(*_READERS)
  def test_what_else_is_no_file(self, reader):
    with self.assertRaisesRegex(OSError, 'a device or a pipe'):
      reader('/dev/zero')
    with self.assertRaises(IsADirectoryError):
      reader(self.path.parent)
    with self.assertRaises(FileNotFoundError):
      reader(self.path)
    # The name of a socket may have 107 bytes.
    with contextlib.chdir(self.path.parent):
      listener = socket.socket(socket.AF_UNIX)
      listener.bind(self.path.name)
    with listener, self.assertRaises(OSError):
      reader(self.path)

  def test_no_descriptor_stays_open(self):
    os.mkfifo(self.path)
    before = len(os.listdir('/proc/self/fd'))
    for reader in _READERS:
      with self.assertRaises(OSError):
        reader(self.path)
    self.assertLen(os.listdir('/proc/self/fd'), before)


if __name__ == '__main__':
  absltest.main()
