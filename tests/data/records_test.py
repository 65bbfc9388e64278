# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.data.records."""

from concurrent import futures
import os
import pathlib
import shutil

from absl.testing import parameterized
import numpy as np
from PIL import Image
import tensorflow as tf

from depth_mai.data import problems
from depth_mai.data import records
from depth_mai.datasets.mai_depth import dummy_data


class RecordsTest(tf.test.TestCase, parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.tmp = pathlib.Path(self.create_tempdir().full_path)
    self.records_dir = self.tmp / 'records'
    self.root = dummy_data.write_folder(
      self.tmp / 'data', {'train': 2, 'validation': 1}, size=(6, 8)
    )

  def test_files_are_kept_byte_for_byte(self):
    directory = records.prepare(self.root, self.records_dir)
    dataset = records.open_records(directory, 'train')
    self.assertEqual(dataset.cardinality(), 2)
    found = {
      example['id'].decode(): example for example in dataset.as_numpy_iterator()
    }
    self.assertCountEqual(found, ['00000', '00001'])
    for name, example in found.items():
      for key, kind in (('rgb', 'rgb'), ('depth_mm', 'depth')):
        content = (self.root / 'train' / kind / f'{name}.png').read_bytes()
        self.assertEqual(example[key], content)

  def test_counts(self):
    directory = records.prepare(self.root, self.records_dir)
    self.assertCountEqual(
      records.counts_in(directory), [('train', 2), ('validation', 1)]
    )

  def test_records_are_prepared_once(self):
    first = records.prepare(self.root, self.records_dir)
    made_ns = (first / 'dataset_info.json').stat().st_mtime_ns
    self.assertEqual(records.prepare(self.root, self.records_dir), first)
    self.assertEqual((first / 'dataset_info.json').stat().st_mtime_ns, made_ns)

  def test_default_place_is_the_environment_variable(self):
    os.environ[records.RECORDS_DIR_VARIABLE] = str(self.tmp / 'elsewhere')
    self.addCleanup(os.environ.pop, records.RECORDS_DIR_VARIABLE)
    directory = records.prepare(self.root)
    self.assertIn(self.tmp / 'elsewhere', directory.parents)

  def test_fingerprint_follows_every_change(self):
    path = self.root / 'train' / 'depth' / '00000.png'
    seen = {records.fingerprint(self.root)}
    self.assertEqual(records.fingerprint(str(self.root)), *seen)
    os.utime(path, ns=(0, 123456789))
    seen.add(records.fingerprint(self.root))
    path.write_bytes(path.read_bytes() + b' ')
    os.utime(path, ns=(0, 123456789))
    seen.add(records.fingerprint(self.root))
    path.rename(path.with_name('b.png'))
    seen.add(records.fingerprint(self.root))
    shutil.rmtree(self.root / 'validation')
    seen.add(records.fingerprint(self.root))
    self.assertLen(seen, 5)

  def test_equal_folders_do_not_share_records(self):
    other = self.tmp / 'other'
    shutil.copytree(self.root, other)  # Sizes and times are kept.
    self.assertNotEqual(
      records.fingerprint(self.root), records.fingerprint(other)
    )

  def test_bad_folder_is_refused_as_a_whole(self):
    picture = Image.fromarray(np.zeros((6, 8), np.uint16))
    picture.save(self.root / 'train' / 'depth' / '00001.png')
    (self.root / 'validation' / 'rgb' / '00000.png').write_bytes(b'')
    with self.assertRaises(problems.BadInputError) as caught:
      records.prepare(self.root, self.records_dir)
    self.assertLen(caught.exception.problems, 2)
    self.assertRegex(str(caught.exception), '00001.png.*everywhere')
    self.assertEmpty(list(self.records_dir.iterdir()))

  def test_half_prepared_records_are_not_used(self):
    complete = records.prepare(self.root, self.records_dir)
    name = records.fingerprint(self.root)
    place = complete.relative_to(self.records_dir / name)
    stopped = self.records_dir / f'{name}.0123abcd.partial'
    (self.records_dir / name).rename(stopped)
    for path in (stopped / place).glob('*.tfrecord-*'):
      path.unlink()
    self.assertEqual(records.prepare(self.root, self.records_dir), complete)
    self.assertLen(list(records.open_records(complete, 'train')), 2)

  def test_two_that_prepare_at_once(self):
    with futures.ThreadPoolExecutor(2) as pool:
      first, second = pool.map(
        lambda _: records.prepare(self.root, self.records_dir), range(2)
      )
    self.assertEqual(first, second)
    self.assertEqual(
      [path.name for path in self.records_dir.iterdir()],
      [records.fingerprint(self.root)],
    )
    self.assertLen(list(records.open_records(first, 'train')), 2)

  def test_place_that_cannot_be_written(self):
    (self.tmp / 'file').write_text('no folder')
    with self.assertRaisesRegex(ValueError, 'file/records.*--records_dir'):
      records.prepare(self.root, self.tmp / 'file' / 'records')

  def test_split_that_is_not_there(self):
    directory = records.prepare(self.root, self.records_dir)
    with self.assertRaisesRegex(ValueError, "'test'; .*train, validation"):
      records.open_records(directory, 'test')

  def test_lost_file(self):
    directory = records.prepare(self.root, self.records_dir)
    (path,) = directory.glob('*-train.*')
    path.unlink()
    with self.assertRaisesRegex(ValueError, f'{path.name} is missing'):
      records.open_records(directory, 'train')

  def test_records_of_another_kind(self):
    directory = records.prepare(self.root, self.records_dir)
    path = directory / 'features.json'
    path.write_text(path.read_text().replace('"rgb"', '"image"'))
    with self.assertRaisesRegex(
      ValueError, 'no feature rgb; .*depth, id, image'
    ):
      records.open_records(directory, 'train')

  @parameterized.parameters('.png', '.jpg')
  def test_decoded_values_are_those_of_pillow(self, suffix):
    root = dummy_data.write_folder(
      self.tmp / 'other', {'train': 1}, size=(50, 70), rgb_suffix=suffix
    )
    directory = records.prepare(root, self.records_dir)
    dataset = records.open_records(directory, 'train').map(records.decode)
    self.assertEqual(
      dataset.element_spec['rgb'], tf.TensorSpec((None, None, 3), tf.uint8)
    )
    self.assertEqual(
      dataset.element_spec['depth_mm'],
      tf.TensorSpec((None, None, 1), tf.uint16),
    )
    (example,) = dataset.as_numpy_iterator()
    with Image.open(root / 'train' / 'rgb' / f'00000{suffix}') as picture:
      self.assertAllEqual(example['rgb'], np.asarray(picture))
    with Image.open(root / 'train' / 'depth' / '00000.png') as picture:
      self.assertAllEqual(example['depth_mm'][..., 0], np.asarray(picture))
    self.assertGreater(example['depth_mm'].max(), 32767)


if __name__ == '__main__':
  tf.test.main()
