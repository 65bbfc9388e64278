# SPDX-License-Identifier: Apache-2.0
import json
import os
import pathlib

from absl.testing import absltest

from depth_mai.files import atomic


class AtomicPathTest(absltest.TestCase):
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
      self.assertEndsWith(temporary, 'model.weights.h5')
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


if __name__ == '__main__':
  absltest.main()
