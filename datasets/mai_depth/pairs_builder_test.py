# SPDX-License-Identifier: Apache-2.0
"""Tests of pairs_builder.py: records made by Beam are those made without."""

import importlib.util
import pathlib
import subprocess
import sys
import unittest

from absl.testing import parameterized
import tensorflow as tf
import tensorflow_datasets as tfds

from depth_mai.datasets.mai_depth import mai_depth_dataset_builder as mai_depth
from depth_mai.datasets.procedural_rooms import (
  procedural_rooms_dataset_builder as rooms,
)
from depth_mai.datasets.procedural_rooms import scene
from depth_mai.datasets.rgbd_folder import description
from depth_mai.datasets.rgbd_folder import rgbd_folder_dataset_builder as rgbd
from tests.data import dummy_data

_COUNTS = {'train': 5, 'validation': 2, 'test': 1}
_ROOMS = rooms.RoomsConfig(
  name='small',
  train=5,
  validation=2,
  test=1,
  options=scene.SceneOptions(height=24, width=32),
)
_RECORDINGS = description.Description(
  rgb='{split}/rgb/{id}.png',
  depth='{split}/depth/{id}.png',
  depth_unit='mm',
)
_RGBD = rgbd.RgbdConfig(name='folder', recordings=_RECORDINGS)
_NEEDS_BEAM = unittest.skipUnless(
  importlib.util.find_spec('apache_beam'),
  'apache-beam is not installed: pip install apache-beam',
)
# Prepares a folder and says whether Beam was imported.
_PREPARE = """
import sys
from depth_mai.datasets.procedural_rooms import (
  procedural_rooms_dataset_builder as rooms,
)
builder = rooms.Builder(data_dir=sys.argv[1], config='tiny')
builder._examples(lambda: [1], lambda key: key)
print([name for name in sys.modules if name.startswith('apache_beam')])
"""


class PairsBuilderTest(tf.test.TestCase, parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.data = dummy_data.write_folder(self.folder / 'data', _COUNTS)

  def _records(self, builder_cls, config, name, **beam):
    builder = builder_cls(data_dir=self.folder / name, config=config)
    builder.download_and_prepare(
      download_dir=self.folder / 'downloads',
      download_config=tfds.download.DownloadConfig(
        manual_dir=self.data, try_download_gcs=False, **beam
      ),
    )
    return {
      split: {
        (example['id'], example['rgb'].tobytes(), example['depth'].tobytes())
        for example in tfds.as_numpy(builder.as_dataset(split=split))
      }
      for split in builder.info.splits
    }

  @parameterized.parameters(
    (mai_depth.Builder, None), (rooms.Builder, _ROOMS), (rgbd.Builder, _RGBD)
  )
  @_NEEDS_BEAM
  def test_the_records_are_the_same(self, builder_cls, config):
    import apache_beam as beam

    records = self._records(builder_cls, config, 'plain')
    options = beam.options.pipeline_options.PipelineOptions(
      ['--runner=DirectRunner']
    )
    self.assertEqual(
      self._records(builder_cls, config, 'beam', beam_options=options), records
    )
    self.assertEqual({x: len(y) for x, y in records.items()}, _COUNTS)

  @_NEEDS_BEAM
  def test_a_bad_pair_ends_the_preparation(self):
    import apache_beam as beam

    (self.data / 'train/depth/00001.png').write_bytes(b'no picture')
    with self.assertRaisesRegex(ValueError, '00001.png: this is not a PNG'):
      self._records(
        mai_depth.Builder, None, 'beam', beam_runner=beam.runners.DirectRunner()
      )

  def test_without_beam_it_is_not_imported(self):
    process = subprocess.run(
      [sys.executable, '-c', _PREPARE, str(self.folder)],
      env={'PYTHONPATH': ':'.join(sys.path)},
      capture_output=True,
      text=True,
      check=True,
    )
    self.assertEqual(process.stdout, '[]\n')


if __name__ == '__main__':
  tf.test.main()
