# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/segmentation/label_source.py."""

import pathlib
import shutil

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.data import augmentation
from depth_mai.data import pipeline
from depth_mai.data import source as source_lib
from depth_mai.segmentation import label_source
from tests.segmentation import made_shapes

_COLOURS = np.array([*made_shapes.COLOURS.values()], np.float32)


class LabelSourceTest(tf.test.TestCase, parameterized.TestCase):
  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.root = pathlib.Path(cls.get_temp_dir(cls('test_classes_are_exact')))
    cls.folders = {
      config: made_shapes.write(cls.root, config)
      for config in ('pet_like', 'named', 'own')
    }

  def _open(self, config, split='train', **kwargs):
    builder = label_source.open_builder(self.folders[config])
    layout = label_source.find_layout(builder, **kwargs)
    return layout, label_source.open_split(builder, split, layout)

  def _decoded(self, source):
    return [source_lib.decode_example(example) for example in source]

  def test_classes_are_exact(self):
    layout, source = self._open('pet_like')
    self.assertEqual(
      layout, label_source.Layout('image', 'segmentation_mask', 1, 3)
    )
    self.assertEqual(int(source.cardinality()), made_shapes.COUNTS['train'])
    pairs = [made_shapes.picture('train', i) for i in range(10)]
    for example in self._decoded(source):
      # tfds stores examples in another order.
      (labels,) = [
        labels
        for rgb, labels in pairs
        if np.array_equal(rgb, example['rgb'].numpy())
      ]
      # Labels 1 to 3 are the classes 0 to 2; 0 is no class.
      self.assertAllEqual(example['depth_mm'], labels)

  def test_the_order_is_fixed(self):
    orders = []
    for _ in range(2):
      _, source = self._open('pet_like')
      orders.append([bytes(x['rgb'].numpy()) for x in source])
    self.assertEqual(*orders)
    self.assertLen(set(orders[0]), 10)

  def test_named_labels_need_no_options(self):
    layout, source = self._open('named')
    self.assertEqual(layout, label_source.Layout('rgb', 'label', 0, 4))
    for example in self._decoded(source.take(3)):
      self.assertAllInRange(example['depth_mm'], 1, 4)

  def test_options_name_features_and_labels(self):
    layout, source = self._open(
      'own', features=['photo', 'parts'], labels=[2, 3]
    )
    self.assertEqual(layout.classes, 2)
    for example in self._decoded(source):
      colours = example['rgb'].numpy().astype(int)
      depth_mm = example['depth_mm'].numpy()[..., 0]
      for label, stored in ((0, 0), (1, 0), (2, 1), (3, 2)):
        pixels = np.all(colours == made_shapes.COLOURS[label], axis=-1)
        self.assertAllEqual(depth_mm[pixels], np.full(pixels.sum(), stored))

  def test_parts_of_a_split(self):
    counts = [
      int(self._open('pet_like', split)[1].cardinality())
      for split in ('train[:80%]', 'train[80%:]', 'train+test')
    ]
    self.assertEqual(counts, [8, 2, 14])

  def test_picture_and_classes_stay_together_under_augmentation(self):
    _, source = self._open('pet_like')
    plain_colours = augmentation.Augmentation(
      crop='zoom',
      aspect_jitter=0.2,
      rotation_degrees=20.0,
      gamma=(1, 1),
      brightness=(1, 1),
      channel=(1, 1),
    )
    batches = pipeline.train_dataset(
      source,
      batch_size=8,
      seed=3,
      augmentation=plain_colours,
      input_size=(48, 64),
      target_size=(48, 64),
    ).map(label_source.training_example)
    ignored = 0
    for rgb, number in batches.take(2):
      self.assertEqual(number.dtype, tf.int32)
      self.assertAllInRange(number, label_source.IGNORED, 2)
      # Only pixels that were not interpolated have one of the four colours.
      distance = np.abs(rgb.numpy()[..., np.newaxis, :] - _COLOURS).max(-1)
      pure = distance.min(-1) < 1
      self.assertGreater(pure.mean(), 0.6)
      self.assertAllEqual(
        distance.argmin(-1)[pure] - 1, number.numpy()[..., 0][pure]
      )
      ignored += np.sum(number == label_source.IGNORED)
    self.assertGreater(ignored, 0)

  def test_a_batch_to_validate_on(self):
    _, source = self._open('pet_like', 'test')
    (batch,) = pipeline.eval_dataset(source, 4, image_size=(20, 28)).map(
      label_source.validation_example
    )
    rgb, number = batch
    self.assertEqual(rgb.shape, (4, 20, 28, 3))
    self.assertEqual(rgb.dtype, tf.float32)
    self.assertEqual(number.shape, (4, 20, 28, 1))
    self.assertAllInRange(number, -1, 2)

  def test_all_numbers_of_classes_survive_the_units(self):
    depth_mm = tf.range(65535, dtype=tf.int32)
    _, number = label_source.training_example(
      {'rgb': 0, 'depth_m': tf.cast(depth_mm, tf.float32) / 1000.0}
    )
    self.assertAllEqual(number, depth_mm - 1)

  def test_the_default_split_to_validate_on(self):
    builder = label_source.open_builder(self.folders['pet_like'])
    self.assertEqual(label_source.validation_split(builder), 'test')

  @parameterized.parameters(
    ('own', {}, r'no known label map; its features are number, parts, photo'),
    ('own', {'features': ('photo', 'mask')}, 'no photo and mask; its feat'),
    ('own', {'features': ('photo', 'number')}, 'number of the .* no image'),
    ('own', {'features': ('photo', 'parts')}, 'labels is not set; .*needs'),
    ('pet_like', {'labels': (3, 3)}, r'labels is \(3, 3\); .* first < last'),
    ('pet_like', {'labels': (7, 9)}, 'No pixel .* a label from 7 to 9'),
    ('pet_like', {'labels': (0, 256)}, 'of the data set .* are at most 255'),
    ('pet_like', {'split': 'train[:1%]'}, r"'train\[:1%\]' .* has no picture"),
    ('pet_like', {'split': 'val'}, "no split 'val'; it has train, test"),
  )
  def test_bad_options_are_refused(self, config, kwargs, message):
    with self.assertRaisesRegex(ValueError, message):
      self._open(config, **kwargs)

  def test_a_folder_that_is_not_prepared_is_refused(self):
    parent = pathlib.Path(self.folders['pet_like']).parent
    with self.assertRaisesRegex(ValueError, 'pet_like is a folder without .*j'):
      label_source.open_builder(str(parent))

  def test_a_name_that_tfds_does_not_know_is_refused(self):
    with self.assertRaisesRegex(ValueError, '--dataset=oxford_pets is neither'):
      label_source.open_builder('oxford_pets')

  def test_damaged_records_are_refused(self):
    copy = pathlib.Path(self.create_tempdir().full_path, 'records')
    shutil.copytree(self.folders['pet_like'], copy)
    (path,) = copy.glob('*train*tfrecord*')
    path.write_bytes(path.read_bytes()[:-9])
    builder = label_source.open_builder(str(copy))
    layout = label_source.find_layout(builder)
    for split in ('train', 'train[:50%]'):
      with self.assertRaisesRegex(ValueError, 'damaged: .*train'):
        label_source.open_split(builder, split, layout)


if __name__ == '__main__':
  tf.test.main()
