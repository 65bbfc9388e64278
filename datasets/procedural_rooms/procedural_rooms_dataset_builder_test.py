# SPDX-License-Identifier: Apache-2.0
"""Tests of the tfds builder procedural_rooms."""

import dataclasses
import os

import tensorflow as tf
import tensorflow_datasets as tfds

from depth_mai.datasets.procedural_rooms import classes
from depth_mai.datasets.procedural_rooms import (
  procedural_rooms_dataset_builder as rooms,
)
from depth_mai.datasets.procedural_rooms import scene

_SMALL = rooms.RoomsConfig(
  name='small',
  train=2,
  validation=1,
  test=1,
  options=scene.SceneOptions(height=48, width=64),
)


class BuilderTest(tfds.testing.DatasetBuilderTestCase):
  """The tests that tfds has for all builders."""

  DATASET_CLASS = rooms.Builder
  BUILDER_CONFIG_NAMES_TO_TEST = (_SMALL,)
  EXAMPLE_DIR = os.path.dirname(os.path.abspath(__file__))  # It reads nothing.
  SPLITS = {'train': 2, 'validation': 1, 'test': 1}

  def test_description_is_the_readme(self):
    self.assertIn('0 = unknown', self.builder.info.description)


class RecordsTest(tf.test.TestCase):
  """Tests of the records and the configs."""

  def test_records_are_exact(self):
    builder = rooms.Builder(data_dir=self.create_tempdir(), config=_SMALL)
    builder.download_and_prepare()
    examples = sorted(
      builder.as_dataset(split='train').as_numpy_iterator(),
      key=lambda example: example['id'],
    )
    self.assertEqual([e['id'] for e in examples], [b'00000', b'00001'])
    for index, example in enumerate(examples):
      rgb_uint8, depth_mm = scene.make_pair(
        scene.pair_seed(0, 'train', index), _SMALL.options
      )
      self.assertAllEqual(example['rgb'], rgb_uint8)
      self.assertAllEqual(example['depth'][..., 0], depth_mm)

  def test_labels_are_exact_and_named(self):
    config = dataclasses.replace(_SMALL, name='small_labelled', labelled=True)
    builder = rooms.Builder(data_dir=self.create_tempdir(), config=config)
    builder.download_and_prepare()
    opened = tfds.builder_from_directory(builder.data_dir)
    self.assertEqual(opened.info.features['label'].names, list(classes.CLASSES))
    for example in opened.as_dataset(split='validation').as_numpy_iterator():
      _, depth_mm, labels = scene.make_labelled_pair(
        scene.pair_seed(0, 'validation', int(example['id'])), _SMALL.options
      )
      self.assertAllEqual(example['label'][..., 0], labels)
      self.assertAllEqual(example['depth'][..., 0], depth_mm)

  def test_configs(self):
    sizes = {
      config.name: (config.train, config.validation, config.test)
      for config in rooms.Builder.BUILDER_CONFIGS
    }
    self.assertEqual(
      sizes,
      {
        'default': (600, 100, 100),
        'tiny': (16, 8, 8),
        'zed_like': (600, 100, 100),
        'labelled': (2000, 200, 100),
      },
    )
    builder = rooms.Builder(data_dir=self.create_tempdir(), config='tiny')
    self.assertEqual(builder.info.features['rgb'].shape, (480, 640, 3))
    self.assertEqual(builder.info.features['depth'].shape, (480, 640, 1))
    self.assertEqual(builder.info.features['depth'].dtype, tf.uint16)


if __name__ == '__main__':
  tf.test.main()
