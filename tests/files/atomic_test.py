# SPDX-License-Identifier: Apache-2.0
import errno
import json
import os
import pathlib
import stat
import subprocess
import sys
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.files import atomic

_WRITER = """
import sys, time
from depth_mai.files import atomic
with atomic.atomic_path(sys.argv[1]) as temporary:
  open(temporary, 'w').write('half')
  print('written', flush=True)
  time.sleep(600)
"""


class AtomicPathTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def test_old_file_stays_until_the_new_one_is_complete(self):
    path = self.folder / 'model.weights.h5'
    path.write_text('old')
    with atomic.atomic_path(path) as temporary:
      pathlib.Path(temporary).write_text('new')
      self.assertEqual(path.read_text(), 'old')
      self.assertEqual(os.path.dirname(temporary), str(self.folder))
      self.assertEndsWith(temporary, '.weights.h5')
    self.assertEqual(path.read_text(), 'new')
    self.assertEqual(os.listdir(self.folder), ['model.weights.h5'])

  def test_error_leaves_the_old_file_and_nothing_else(self):
    path = self.folder / 'a.txt'
    path.write_text('old')
    with self.assertRaises(KeyboardInterrupt):
      with atomic.atomic_path(path) as temporary:
        pathlib.Path(temporary).write_text('half')
        raise KeyboardInterrupt
    self.assertEqual(path.read_text(), 'old')
    self.assertEqual(os.listdir(self.folder), ['a.txt'])

  def test_parent_directories_are_created(self):
    atomic.write_text(self.folder / 'b' / 'c' / 'd.txt', 'Käse\n')
    written = (self.folder / 'b' / 'c' / 'd.txt').read_bytes()
    self.assertEqual(written, b'K\xc3\xa4se\n')

  def test_json(self):
    path = self.folder / 'new' / 'a.json'
    result = {'rmse': 1.25, 'ranges': {'16+ m': {'rmse': None}}}
    atomic.write_json(path, result)
    self.assertEqual(json.loads(path.read_text()), result)
    with self.assertRaises(ValueError):
      atomic.write_json(path, {'rmse': float('nan')})
    self.assertEqual(json.loads(path.read_text()), result)
    self.assertEqual(os.listdir(path.parent), ['a.json'])

  def test_texts_of_files_that_are_no_unicode(self):
    path = self.folder / 'a.json'
    atomic.write_json(path, {'caf\udce9': '\x1b[31m'})
    self.assertEqual(json.loads(path.read_text()), {'caf\\xe9': '\\x1b[31m'})
    atomic.write_text(path, 'caf\udce9')
    self.assertEqual(path.read_text(), 'caf\\udce9')

  def test_directory(self):
    with atomic.atomic_path(self.folder / 'saved') as temporary:
      os.mkdir(temporary)
      pathlib.Path(temporary, 'part').write_text('x')
    self.assertEqual((self.folder / 'saved' / 'part').read_text(), 'x')

  def test_directory_is_removed_after_an_error(self):
    with self.assertRaisesRegex(ZeroDivisionError, 'no'):
      with atomic.atomic_path(self.folder / 'saved') as temporary:
        os.mkdir(temporary)
        pathlib.Path(temporary, 'part').write_text('x')
        raise ZeroDivisionError('no')
    self.assertEqual(os.listdir(self.folder), [])

  def test_same_permissions_as_a_plain_file(self):
    (self.folder / 'plain').write_text('x')
    atomic.write_text(self.folder / 'atomic', 'x')
    self.assertEqual(
      (self.folder / 'atomic').stat().st_mode,
      (self.folder / 'plain').stat().st_mode,
    )

  def test_writing_nothing_is_an_error(self):
    with self.assertRaisesRegex(ValueError, 'Nothing was written.*none.txt'):
      with atomic.atomic_path(self.folder / 'none.txt'):
        pass
    self.assertEqual(os.listdir(self.folder), [])

  def test_longest_name_that_a_file_system_allows(self):
    path = self.folder / ('x' * 251 + '.png')
    atomic.write_text(path, 'x')
    self.assertEqual(path.read_text(), 'x')

  def test_name_that_is_not_utf8(self):
    path = os.path.join(self.folder, os.fsdecode(b'caf\xe9.txt'))
    atomic.write_text(path, 'x')
    self.assertEqual(os.listdir(os.fsencode(self.folder)), [b'caf\xe9.txt'])

  def test_content_is_on_the_disk_before_the_rename(self):
    calls = []
    real_fsync, real_replace = os.fsync, os.replace

    def fsync(descriptor):
      kind = 'folder' if stat.S_ISDIR(os.fstat(descriptor).st_mode) else 'file'
      calls.append(kind)
      real_fsync(descriptor)

    def replace(old, new):
      calls.append('rename')
      real_replace(old, new)

    with mock.patch.object(os, 'fsync', fsync):
      with mock.patch.object(os, 'replace', replace):
        atomic.write_text(self.folder / 'a.txt', 'x')
    self.assertEqual(calls, ['file', 'rename', 'folder'])

  def test_leftovers_of_a_killed_writer_are_removed(self):
    path = self.folder / 'a.txt'
    writer = subprocess.Popen(
      [sys.executable, '-c', _WRITER, str(path)],
      stdout=subprocess.PIPE,
      env=os.environ | {'PYTHONPATH': os.pathsep.join(sys.path)},
    )
    writer.stdout.readline()
    self.assertLen(os.listdir(self.folder), 1)
    atomic.write_text(path, 'while the other writer runs')
    self.assertLen(os.listdir(self.folder), 2)
    writer.kill()
    writer.communicate()
    atomic.write_text(self.folder / 'other.txt', 'x')
    self.assertLen(os.listdir(self.folder), 3)
    with atomic.atomic_path(path, among_many=True) as temporary:
      pathlib.Path(temporary).write_text('one of many')
    self.assertEqual(path.read_text(), 'one of many')
    self.assertLen(os.listdir(self.folder), 3)
    atomic.write_text(path, 'new')
    self.assertCountEqual(os.listdir(self.folder), ['a.txt', 'other.txt'])

  @parameterized.parameters(
    ('file', False, None),
    ('file', True, None),
    ('new/folder/a.json', False, None),
    ('new/folder/a.json', True, None),
    ('file/a.json', False, 'file'),
    ('file/b/a.json', True, 'file'),
    ('.', False, '.'),
    ('pipe', False, 'pipe'),
    ('dangling/a.json', False, 'dangling'),
    ('x' * 300, False, 'x' * 300),
  )
  def test_what_cannot_be_written_is_known_before(self, name, append, named):
    (self.folder / 'file').write_text('x')
    (self.folder / 'dangling').symlink_to('nowhere')
    os.mkfifo(self.folder / 'pipe')
    before = os.listdir(self.folder)
    if named is None:
      atomic.check_writable(self.folder / name, append=append)
    else:
      with self.assertRaises(OSError) as caught:
        atomic.check_writable(self.folder / name, append=append)
      self.assertEqual(caught.exception.filename, str(self.folder / named))
    self.assertEqual(os.listdir(self.folder), before)
    self.assertEqual((self.folder / 'file').read_text(), 'x')

  @parameterized.parameters('new/folder', '.', 'file', 'file/new')
  def test_a_folder_that_cannot_be_written_is_known_before(self, name):
    (self.folder / 'file').write_text('x')
    if 'file' in name:
      with self.assertRaisesRegex(OSError, f'{self.folder}/file'):
        atomic.check_writable_folder(self.folder / name)
    else:
      atomic.check_writable_folder(self.folder / name)
    self.assertEqual(os.listdir(self.folder), ['file'])

  def test_a_folder_of_the_system_takes_no_file(self):
    with self.assertRaisesRegex(OSError, "No file can be created.*'/proc'"):
      atomic.check_writable_folder('/proc/nowhere/run')

  def test_a_full_disk_is_named_by_the_final_path(self):
    path = self.folder / 'a.txt'
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with mock.patch.object(os, 'fsync', side_effect=full):
      with self.assertRaises(OSError) as caught:
        atomic.write_text(path, 'x')
    self.assertEqual(caught.exception.filename, str(path))
    self.assertEqual(os.listdir(self.folder), [])

  def test_discard(self):
    atomic.write_text(self.folder / 'a' / 'b' / 'c.txt', 'x')
    atomic.discard(self.folder / 'a')
    atomic.discard(self.folder / 'a')
    self.assertEqual(os.listdir(self.folder), [])

  def test_a_device_is_not_replaced(self):
    pipe = self.folder / 'pipe'
    os.mkfifo(pipe)
    with self.assertRaisesRegex(OSError, 'device or a pipe'):
      atomic.write_text(pipe, 'x')
    self.assertTrue(stat.S_ISFIFO(pipe.stat().st_mode))
    self.assertEqual(os.listdir(self.folder), ['pipe'])


if __name__ == '__main__':
  absltest.main()
