# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.datasets.rgbd_folder.rgbd_folder_dataset_builder."""

import pathlib
import shutil
import tempfile

import tensorflow as tf
import tensorflow_datasets as tfds

from depth_mai.data import source
from depth_mai.datasets.rgbd_folder import description
from depth_mai.datasets.rgbd_folder import rgbd_folder_dataset_builder as rgbd
from depth_mai.files import problems
from tests.data import dummy_data

_LAYOUT = description.Description(
  rgb='{sequence}/cam0/{id}.color.png',
  depth='{sequence}/cam0/{id}.depth.npy',
  depth_unit='m',
  split=description.Split(validation=('office',), test=('hall',)),
)
_CONFIG = rgbd.RgbdConfig(name='recordings', recordings=_LAYOUT)


def _write(root):
  return dummy_data.write_recordings(
    root, rgb=_LAYOUT.rgb, depth=_LAYOUT.depth, units_per_metre=1
  )


class BuilderTest(tfds.testing.DatasetBuilderTestCase):
  """Runs the tests of tfds for every builder."""

  DATASET_CLASS = rgbd.Builder
  BUILDER_CONFIG_NAMES_TO_TEST = (_CONFIG,)
  SPLITS = {'train': 6, 'validation': 2, 'test': 4}

  @classmethod
  def setUpClass(cls):
    cls.EXAMPLE_DIR = tempfile.mkdtemp()
    cls.addClassCleanup(shutil.rmtree, cls.EXAMPLE_DIR)
    _write(cls.EXAMPLE_DIR)
    super().setUpClass()

  def test_description_is_the_readme(self):
    self.assertIn('0 = unknown', self.builder.info.description)

  def test_configs_are_the_layouts(self):
    self.assertCountEqual(rgbd.Builder.builder_configs, description.LAYOUTS)


class FolderTest(tf.test.TestCase):
  """Tests the records of a folder."""

  def setUp(self):
    super().setUp()
    self.tmp = pathlib.Path(self.create_tempdir().full_path)
    self.root = _write(self.tmp / 'rec')

  def _prepare(self, config=_CONFIG):
    builder = rgbd.Builder(data_dir=self.tmp / 'tfds', config=config)
    builder.download_and_prepare(
      download_dir=self.tmp / 'downloads',
      download_config=tfds.download.DownloadConfig(
        manual_dir=self.root, try_download_gcs=False
      ),
    )
    return builder.data_dir

  def test_pairs_are_exact(self):
    directory = self._prepare()
    found = {
      name: (rgb_uint8, depth_mm)
      for name, rgb_uint8, depth_mm in source.evaluation_pairs(
        directory, 'train'
      )
    }
    self.assertCountEqual(found, [f'kitchen-{i:06d}' for i in range(6)])
    for index in range(6):
      rgb_uint8, depth_mm = found[f'kitchen-{index:06d}']
      expected = dummy_data.frame('kitchen', index)
      self.assertAllEqual(rgb_uint8, expected[0])
      self.assertAllEqual(depth_mm, expected[1])

  def test_bad_folder_is_refused(self):
    (self.root / 'kitchen/cam0/000001.depth.npy').write_bytes(b'')
    with self.assertRaisesRegex(problems.BadInputError, '000001.depth.npy'):
      self._prepare()
    self.assertEmpty(list(self.tmp.glob('tfds/rgbd_folder/*/*.*.*')))

  def test_bad_pairs_can_be_left_out(self):
    (self.root / 'kitchen/cam0/000001.depth.npy').write_bytes(b'')
    directory = self._prepare(
      rgbd.RgbdConfig(name='some', recordings=_LAYOUT, skip_bad=True)
    )
    pairs = source.evaluation_pairs(directory, 'train')
    self.assertLen([name for name, _, _ in pairs], 5)


if __name__ == '__main__':
  tf.test.main()
