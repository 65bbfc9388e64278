# SPDX-License-Identifier: Apache-2.0
"""Tests of packed.py against NumPy and the functions that it compiles."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.data import augmentation
from depth_mai.data import example
from depth_mai.data import packed

OPTIONS = augmentation.Augmentation(
  crop='zoom',
  min_zoom=0.4,
  aspect_jitter=0.1,
  rotation_degrees=20.0,
  saturation=(0.5, 1.5),
  contrast=(0.7, 1.3),
  cutout_probability=0.5,
)


def decoded(height, width, depth_size=None):
  rng = np.random.default_rng(height)
  size = depth_size or (height, width)
  return {
    'id': tf.constant('a'),
    'rgb': rng.integers(0, 256, (height, width, 3), dtype=np.uint8),
    'depth_mm': rng.integers(0, 9000, (*size, 1)).astype(np.uint16),
  }


class PackTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters((1, 1), (3, 5), (48, 64), (113, 127))
  def test_rows_come_first(self, height, width):
    pair = decoded(height, width, (height + 2, width))
    result = packed.pack(
      {name: tf.convert_to_tensor(value) for name, value in pair.items()}
    )
    for name, size in (('rgb', 'rgb_size'), ('depth_mm', 'depth_size')):
      image = pair[name]
      rows = image.reshape(-1, image.shape[-1])
      found = result[name].numpy()
      self.assertEqual(found.dtype, image.dtype)
      self.assertAllEqual(found[: len(rows)], rows)
      self.assertAllEqual(result[size], image.shape[:2])
      # At most an eighth more; few pixels become eight.
      self.assertLessEqual(len(found), max(8, len(rows) * 9 / 8))

  def test_lengths_are_few(self):
    lengths = {
      packed.pack(
        {name: tf.convert_to_tensor(x) for name, x in decoded(n, 1).items()}
      )['rgb'].shape[0]
      for n in range(1024, 2048, 7)
    }
    self.assertLessEqual(len(lengths), 9)

  def test_the_size_of_the_challenge_is_not_padded(self):
    pair = {
      'id': tf.constant('a'),
      'rgb': tf.zeros((480, 640, 3), tf.uint8),
      'depth_mm': tf.zeros((480, 640, 1), tf.uint16),
    }
    self.assertEqual(packed.pack(pair)['rgb'].shape, (480 * 640, 3))


class AugmentTest(tf.test.TestCase):
  def both(self, pair, seed, teacher_size=None):
    sizes = (24, 32), (12, 16), teacher_size
    pair = {name: tf.convert_to_tensor(value) for name, value in pair.items()}
    return (
      packed.augment(packed.pack(pair), (1, seed), OPTIONS, *sizes),
      example.augment(
        pair['rgb'], pair['depth_mm'], (1, seed), OPTIONS, *sizes
      ),
    )

  def test_agrees_with_the_operations_one_by_one(self):
    for seed in range(6):
      result, expected = self.both(decoded(113, 127, (60, 70)), seed, (36, 48))
      self.assertEqual(set(result), set(expected))
      for name in ('rgb', 'teacher_rgb'):
        off = np.abs(result[name] - expected[name]).max(axis=-1)
        # A point on the frame's border may be inside for one of the two.
        self.assertGreater((off < 0.05).mean(), 0.995, name)
      same = np.isclose(result['depth_m'], expected['depth_m'], rtol=1e-6)
      self.assertGreater(same.mean(), 0.98)
      self.assertAllEqual(result['valid_mask'], result['depth_m'] > 0)

  def test_picture_is_that_of_the_example(self):
    pair = packed.pack(
      {name: tf.convert_to_tensor(x) for name, x in decoded(48, 64).items()}
    )
    made = packed.augment(pair, (1, 2), OPTIONS, (24, 32), (12, 16))
    alone = packed.picture(pair, (1, 2), OPTIONS, (24, 32))
    self.assertAllEqual(alone, made['rgb'])


if __name__ == '__main__':
  tf.test.main()
