# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/losses/resolution.py."""

import fractions

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.losses import resolution


def _numpy_bilinear(image, height, width):
  """Half-pixel bilinear resize of [H, W], clamped at the border, float64."""
  for axis, size in ((0, height), (1, width)):
    old_size = image.shape[axis]
    centre = (np.arange(size) + 0.5) * old_size / size - 0.5
    low = np.floor(centre)
    part = np.expand_dims(centre - low, 1 - axis)
    at = [np.clip(low + k, 0, old_size - 1).astype(int) for k in (0, 1)]
    image = (
      image.take(at[0], axis) * (1 - part) + image.take(at[1], axis) * part
    )
  return image


def _numpy_average(depth, mask, height, width, min_fraction):
  """Exact overlaps of pixels as fractions, one new pixel after the other."""
  old_height, old_width = depth.shape
  result = np.zeros([height, width])
  valid = np.zeros([height, width])
  for y, x in np.ndindex(height, width):
    total = area = 0.0
    for v, u in np.ndindex(old_height, old_width):
      shared = _overlap(y, height, v, old_height)
      shared *= _overlap(x, width, u, old_width)
      if mask[v, u]:
        total += float(shared) * float(depth[v, u])
        area += float(shared)
    whole = old_height / height * old_width / width
    if area / whole > min_fraction - 1e-9:
      result[y, x] = total / area
      valid[y, x] = 1
  return result, valid


def _overlap(new, new_size, old, old_size):
  scale = fractions.Fraction(old_size, new_size)
  return max(min((new + 1) * scale, old + 1) - max(new * scale, old), 0)


def _random_maps(seed, shape):
  rng = np.random.default_rng(seed)
  depth = rng.uniform(0.4, 40, shape).astype(np.float32)
  mask = (rng.random(shape) < 0.6).astype(np.float32)
  return np.where(mask > 0, depth, np.nan).astype(np.float32), mask


class UpsamplePredictionTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters((8, 10), (10, 13), (12, 15))
  def test_bilinear_matches_numpy(self, height, width):
    pred = np.random.default_rng(0).uniform(1, 9, [2, 4, 5, 1])
    result = resolution.upsample_prediction(pred, height, width)
    self.assertEqual(result.dtype, tf.float32)
    for i in range(2):
      expected = _numpy_bilinear(pred[i, ..., 0], height, width)
      self.assertAllClose(result[i, ..., 0], expected, rtol=1e-5)

  def test_nearest_by_an_integer_factor_repeats_pixels(self):
    pred = np.random.default_rng(0).uniform(1, 9, [2, 4, 5, 1])
    pred = pred.astype(np.float32)
    result = resolution.upsample_prediction(pred, 12, 15, 'nearest')
    self.assertAllEqual(result, pred.repeat(3, axis=1).repeat(3, axis=2))

  @parameterized.parameters('bilinear', 'nearest')
  def test_gradient_spreads_the_area(self, method):
    pred = tf.Variable(tf.ones([1, 4, 5, 1]))
    with tf.GradientTape() as tape:
      total = tf.reduce_sum(
        resolution.upsample_prediction(pred, 12, 15, method)
      )
    self.assertAllClose(tape.gradient(total, pred), 9 * np.ones([1, 4, 5, 1]))

  def test_nearest_by_any_factor_takes_the_pixel_under_the_centre(self):
    pred = np.arange(20, dtype=np.float32).reshape(1, 4, 5, 1)
    result = resolution.upsample_prediction(pred, 10, 7, 'nearest')
    # The centre of row 1 of 10 is 1.5 / 10 of the height: 0.6 of 4 rows.
    rows, columns = [0, 0, 1, 1, 1, 2, 2, 3, 3, 3], [0, 1, 1, 2, 3, 3, 4]
    self.assertAllEqual(result, pred[:, rows][:, :, columns])

  @parameterized.parameters('bilinear', 'nearest')
  def test_a_gpu_can_be_deterministic(self, method):
    @tf.function
    def gradient(pred):
      with tf.GradientTape() as tape:
        tape.watch(pred)
        total = tf.reduce_sum(
          resolution.upsample_prediction(pred, 12, 15, method)
        )
      return tape.gradient(total, pred)

    graph = gradient.get_concrete_function(tf.zeros([1, 4, 5, 1])).graph
    # TensorFlow refuses it on a GPU after enable_op_determinism.
    self.assertNotIn(
      'ResizeNearestNeighborGrad', {op.type for op in graph.get_operations()}
    )

  @parameterized.parameters('float16', 'bfloat16')
  def test_half_precision_is_cast_before_resizing(self, dtype):
    pred = tf.cast(np.random.default_rng(0).uniform(1, 9, [1, 4, 5, 1]), dtype)
    result = resolution.upsample_prediction(pred, 8, 10)
    expected = resolution.upsample_prediction(tf.cast(pred, 'float32'), 8, 10)
    self.assertAllEqual(result, expected)

  def test_refuses_an_unknown_method(self):
    with self.assertRaisesRegex(
      ValueError, "upsampling='cubic' must be one of"
    ):
      resolution.upsample_prediction(np.ones([1, 4, 5, 1]), 8, 10, 'cubic')


class DownsampleTargetTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(
    (12, 15, 4, 5, 0.5),
    (10, 15, 4, 6, 0.5),  # factor 2.5, as from 120x160 to 48x64
    (10, 15, 4, 6, 0.05),
    (10, 15, 4, 6, 1.0),
    (7, 9, 3, 5, 0.5),
    (4, 5, 6, 8, 0.5),
  )
  def test_average_matches_numpy(
    self, old_height, old_width, height, width, fraction
  ):
    depth, mask = _random_maps(1, [2, old_height, old_width, 1])
    low_depth, low_mask = resolution.downsample_target(
      depth, mask, height, width, min_valid_fraction=fraction
    )
    self.assertEqual(low_depth.shape, [2, height, width, 1])
    for i in range(2):
      expected, expected_mask = _numpy_average(
        depth[i, ..., 0], mask[i, ..., 0], height, width, fraction
      )
      self.assertAllEqual(low_mask[i, ..., 0], expected_mask)
      self.assertAllClose(low_depth[i, ..., 0], expected, rtol=1e-5)

  def test_average_by_hand(self):
    depth = np.float32([[1, 3, 8, 0], [0, 0, 0, 0]]).reshape(1, 2, 4, 1)
    mask = (depth > 0).astype(np.float32)
    low_depth, low_mask = resolution.downsample_target(depth, mask, 1, 2)
    self.assertAllEqual(low_mask[0, 0, :, 0], [1, 0])
    self.assertAllEqual(low_depth[0, 0, :, 0], [2, 0])
    low_depth, low_mask = resolution.downsample_target(
      depth, mask, 1, 2, min_valid_fraction=0.25
    )
    self.assertAllEqual(low_mask[0, 0, :, 0], [1, 1])
    self.assertAllEqual(low_depth[0, 0, :, 0], [2, 8])

  @parameterized.parameters('average', 'nearest')
  def test_constant_depth_stays_constant(self, method):
    depth, mask = _random_maps(2, [2, 30, 40, 1])
    depth = np.where(mask > 0, np.float32(7.25), np.float32(np.inf))
    low_depth, low_mask = resolution.downsample_target(
      depth, mask, 12, 16, method
    )
    self.assertAllClose(low_depth, 7.25 * low_mask, rtol=1e-6)
    self.assertGreater(tf.reduce_mean(low_mask).numpy(), 0.4)

  def test_nearest_takes_the_pixel_under_the_centre(self):
    depth = np.arange(1, 151, dtype=np.float32).reshape(1, 10, 15, 1)
    mask = (depth % 4 > 0).astype(np.float32)
    low_depth, low_mask = resolution.downsample_target(
      depth, mask, 4, 5, 'nearest'
    )
    # Centres at 1.25, 3.75, 6.25, 8.75 and at 1.5, 4.5, ...
    rows, columns = [1, 3, 6, 8], [1, 4, 7, 10, 13]
    self.assertAllEqual(low_mask, mask[:, rows][:, :, columns])
    expected = (depth * mask)[:, rows][:, :, columns]
    self.assertAllEqual(low_depth, expected)

  @parameterized.parameters('average', 'nearest')
  def test_equal_size_changes_nothing_but_invalid_depths(self, method):
    depth, mask = _random_maps(3, [2, 6, 7, 1])
    low_depth, low_mask = resolution.downsample_target(
      depth, mask, 6, 7, method
    )
    self.assertAllEqual(low_mask, mask)
    self.assertAllEqual(low_depth, np.where(mask > 0, depth, 0))

  @parameterized.parameters('average', 'nearest')
  def test_unknown_sizes_give_the_same(self, method):
    depth, mask = _random_maps(4, [2, 10, 15, 1])
    spec = tf.TensorSpec([None, None, None, 1])
    size = tf.TensorSpec([], tf.int32)

    @tf.function(input_signature=[spec, spec, size, size])
    def downsample(depth_m, valid_mask, height, width):
      return resolution.downsample_target(
        depth_m, valid_mask, height, width, method
      )

    expected = resolution.downsample_target(depth, mask, 4, 6, method)
    given = downsample(depth, mask, 4, 6)
    self.assertAllClose(given[0], expected[0], rtol=1e-6)
    self.assertAllEqual(given[1], expected[1])

  def test_refuses_bad_arguments(self):
    depth, mask = _random_maps(5, [1, 4, 5, 1])
    with self.assertRaisesRegex(ValueError, "downsampling='area' must be one"):
      resolution.downsample_target(depth, mask, 2, 2, 'area')
    with self.assertRaisesRegex(ValueError, 'min_valid_fraction=0 must'):
      resolution.downsample_target(depth, mask, 2, 2, min_valid_fraction=0)
    with self.assertRaisesRegex(ValueError, 'valid_mask does not fit'):
      resolution.downsample_target(depth, mask[:, :3], 2, 2)


if __name__ == '__main__':
  tf.test.main()
