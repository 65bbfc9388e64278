# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.datasets.mai_depth.mai_depth_dataset_builder."""

import pathlib
import shutil
import tempfile

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from depth_mai.datasets.mai_depth import mai_depth_dataset_builder
from depth_mai.files import problems
from tests.data import dummy_data


class BuilderTest(tfds.testing.DatasetBuilderTestCase):
  """Runs the tests of tfds for every builder."""

  DATASET_CLASS = mai_depth_dataset_builder.Builder
  SPLITS = dummy_data.COUNTS

  @classmethod
  def setUpClass(cls):
    cls.EXAMPLE_DIR = tempfile.mkdtemp()
    cls.addClassCleanup(shutil.rmtree, cls.EXAMPLE_DIR)
    dummy_data.write_folder(cls.EXAMPLE_DIR)
    super().setUpClass()

  def test_description_is_the_readme(self):
    self.assertIn('0 = unknown', self.builder.info.description)
    self.assertIn('arXiv:2211.04470', self.builder.info.citation)


class FolderTest(tf.test.TestCase):
  """Tests the records of a folder."""

  def setUp(self):
    super().setUp()
    self.tmp = pathlib.Path(self.create_tempdir().full_path)

  def _prepare(self, root):
    builder = mai_depth_dataset_builder.Builder(data_dir=self.tmp / 'tfds')
    builder.download_and_prepare(
      download_dir=self.tmp / 'downloads',
      download_config=tfds.download.DownloadConfig(
        manual_dir=root, try_download_gcs=False
      ),
    )
    return builder

  def test_splits_are_those_on_disk(self):
    root = dummy_data.write_folder(self.tmp / 'data', {'validation': 2})
    self.assertCountEqual(self._prepare(root).info.splits, ['validation'])

  def test_depth_is_exact(self):
    root = dummy_data.write_folder(self.tmp / 'data', {'train': 1})
    (example,) = self._prepare(root).as_dataset(split='train')
    rng = np.random.default_rng((0, 0, 0))  # As in dummy_data.
    rgb_uint8 = rng.integers(0, 256, (24, 32, 3), dtype=np.uint8)
    depth_mm = rng.integers(400, 50000, (24, 32), dtype=np.uint16)
    depth_mm[rng.random((24, 32)) < 0.1] = 0
    self.assertEqual(example['depth'].dtype, tf.uint16)
    self.assertAllEqual(example['depth'][..., 0], depth_mm)
    self.assertAllEqual(example['rgb'], rgb_uint8)
    self.assertEqual(example['id'], b'00000')

  def test_marks_for_unknown_depth_are_stored_as_0(self):
    root = dummy_data.write_folder(self.tmp / 'data', {'train': 1})
    depth_mm = np.full((24, 32), 2000, np.uint16)
    depth_mm[4:, 5] = 65535
    dummy_data.save_depth(root / 'train/depth/00000.png', depth_mm)
    (example,) = self._prepare(root).as_dataset(split='train')
    depth_mm[4:, 5] = 0
    self.assertAllEqual(example['depth'][..., 0], depth_mm)

  def test_missing_test_depth_is_unknown(self):
    root = dummy_data.write_folder(
      self.tmp / 'data', {'test': 1}, size=(6, 9), test_depth=False
    )
    (example,) = self._prepare(root).as_dataset(split='test')
    self.assertAllEqual(example['depth'], np.zeros((6, 9, 1), np.uint16))

  def test_bad_folder_is_refused(self):
    root = dummy_data.write_folder(self.tmp / 'data', {'train': 2})
    (root / 'train' / 'depth' / '00001.png').unlink()
    with self.assertRaisesRegex(problems.BadInputError, '00001.png: no depth'):
      self._prepare(root)
    self.assertEmpty(list(self.tmp.glob('tfds/mai_depth/*')))


if __name__ == '__main__':
  tf.test.main()
