# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/files/checked_arrays.py."""

import io
import os
import pathlib
import zipfile

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.files import checked_arrays

_ARRAYS = {
  'a/0': np.arange(600, dtype=np.float32).reshape(20, 30),
  'b': np.array(7),
  'name': np.array('tcl'),
}


def _not_an_archive(content):
  stream = io.BytesIO()
  np.save(stream, np.array([{1: 2}], dtype=object), allow_pickle=True)
  return stream.getvalue()


class CheckedArraysTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.path = pathlib.Path(self.create_tempdir().full_path) / 'a.npz'

  @parameterized.parameters(True, False)
  def test_numpy_alone_reads_the_arrays(self, compressed):
    checked_arrays.save(self.path, _ARRAYS, compressed)
    with np.load(self.path) as members:
      self.assertCountEqual(members.files, [*_ARRAYS, 'sha256'])
      for name, value in _ARRAYS.items():
        np.testing.assert_array_equal(members[name], value)
    arrays, has_checksum = checked_arrays.load(self.path)
    self.assertTrue(has_checksum)
    self.assertCountEqual(arrays, _ARRAYS)
    for name, value in _ARRAYS.items():
      np.testing.assert_array_equal(arrays[name], value)
      self.assertEqual(arrays[name].dtype, value.dtype)

  def test_a_file_without_a_checksum_is_read(self):
    np.savez(self.path, **_ARRAYS)
    arrays, has_checksum = checked_arrays.load(self.path)
    self.assertFalse(has_checksum)
    self.assertCountEqual(arrays, _ARRAYS)

  @parameterized.named_parameters(
    ('empty', lambda content: b''),
    ('cut_off', lambda content: content[:900]),
    ('its_end_is_missing', lambda content: content[:-10]),
    ('text', lambda content: b'something else'),
    ('zeros', lambda content: bytes(len(content))),
    ('start_of_an_archive', lambda content: b'PK\x03\x04' + bytes(300)),
    ('one_object', _not_an_archive),
    ('one_array', lambda content: content[content.index(b'\x93NUMPY') :]),
  )
  def test_damage_is_named(self, damage):
    checked_arrays.save(self.path, _ARRAYS)
    self.path.write_bytes(damage(self.path.read_bytes()))
    with self.assertRaisesRegex(
      checked_arrays.DamagedError, r'a\.npz is damaged'
    ) as caught:
      checked_arrays.load(self.path)
    self.assertNotIn('pickle', str(caught.exception))

  def test_a_pipe_is_damage(self):
    os.mkfifo(self.path)
    with self.assertRaisesRegex(checked_arrays.DamagedError, 'a pipe'):
      checked_arrays.load(self.path)

  def test_a_folder_is_damage(self):
    self.path.mkdir()
    with self.assertRaisesRegex(checked_arrays.DamagedError, 'a folder'):
      checked_arrays.load(self.path)

  @parameterized.parameters(
    {'a/0': _ARRAYS['a/0'] + 1},
    {'a/0': _ARRAYS['a/0'].T},
    {'b': np.array(7, np.int32)},
    {'another': np.zeros(1)},
  )
  def test_arrays_that_changed_in_a_sound_archive(self, **changed):
    checked_arrays.save(self.path, _ARRAYS)
    with np.load(self.path) as members:
      np.savez(self.path, **(dict(members) | changed))
    with self.assertRaisesRegex(checked_arrays.DamagedError, 'checksum'):
      checked_arrays.load(self.path)

  def test_pickled_members_are_never_read(self):
    np.savez(self.path, a=np.array([{1: 2}], dtype=object))
    with self.assertRaisesRegex(checked_arrays.DamagedError, 'a.npz') as caught:
      checked_arrays.load(self.path)
    self.assertNotIn('allow_pickle', str(caught.exception))

  def test_a_member_that_is_no_array(self):
    checked_arrays.save(self.path, _ARRAYS)
    with zipfile.ZipFile(self.path, 'a') as archive:
      archive.writestr('note.txt', 'hello')
    with self.assertRaisesRegex(checked_arrays.DamagedError, 'not an array'):
      checked_arrays.load(self.path)

  def test_a_flipped_byte_never_gives_other_arrays(self):
    checked_arrays.save(self.path, _ARRAYS)
    whole = self.path.read_bytes()
    rng = np.random.default_rng(1)
    found = 0
    for place in rng.integers(len(whole), size=300):
      damaged = bytearray(whole)
      damaged[place] ^= rng.integers(1, 256)
      self.path.write_bytes(damaged)
      try:
        arrays, has_checksum = checked_arrays.load(self.path)
      except checked_arrays.DamagedError:
        found += 1
        continue
      # Bytes that matter to no reader, such as the time of a member, or the
      # name of the checksum; then an unknown name is left.
      if has_checksum:
        self.assertCountEqual(arrays, _ARRAYS)
      for name in _ARRAYS.keys() & arrays.keys():
        np.testing.assert_array_equal(arrays[name], _ARRAYS[name])
    self.assertGreater(found, 200)

  def test_a_missing_file(self):
    with self.assertRaises(FileNotFoundError):
      checked_arrays.load(self.path)


if __name__ == '__main__':
  absltest.main()
