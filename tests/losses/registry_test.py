# SPDX-License-Identifier: Apache-2.0
"""Tests that every registered loss keeps the promises made for all."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.losses import registry

_SHAPE = [2, 6, 8, 1]


def _full(value):
  return np.full(_SHAPE, value, np.float32)


def _extreme(seed):
  exponent = np.random.default_rng(seed).uniform(-6, np.log10(65), _SHAPE)
  return (10.0**exponent).astype(np.float32)


# Name -> (prediction in metres, target in metres, mask).
_DEGENERATE_MAPS = {
  'all_invalid': (_extreme(0), _full(0), _full(0)),
  'all_invalid_nan': (_extreme(0), _full(np.nan), _full(0)),
  'one_pixel': (_extreme(0), _extreme(1), np.eye(1, 96).reshape(_SHAPE)),
  'constant': (_full(3), _full(5), _full(1)),
  'equal_constant': (_full(3), _full(3), _full(1)),
  'perfect': (_extreme(0), _extreme(0), _full(1)),
  'zero_prediction': (_full(0), _extreme(1), _full(1)),
  'zero_prediction_of_constant': (_full(0), _full(5), _full(1)),
  'negative_prediction': (_full(-1), _extreme(1), _full(1)),
  'tiny_prediction': (_full(1e-6), _full(65), _full(1)),
  'huge_prediction': (_full(65), _full(1e-6), _full(1)),
  'extreme': (_extreme(0), _extreme(1), _full(1)),
}


class RegistryTest(tf.test.TestCase, parameterized.TestCase):
  def test_names(self):
    self.assertCountEqual(
      registry.LOSSES,
      (
        'silog gradient robust l1 l2 log_l1 log_l2 si_rmse gradient_matching '
        'scale_invariant ssim virtual_normal'
      ).split(),
    )
    self.assertCountEqual(registry.LOSSES, registry.LOSS_RESOLUTIONS)
    self.assertContainsSubset(
      registry.LOSS_RESOLUTIONS.values(), registry.RESOLUTIONS
    )

  @parameterized.product(
    name=sorted(registry.LOSSES),
    maps=sorted(_DEGENERATE_MAPS),
  )
  def test_value_and_gradient_are_finite(self, name, maps):
    pred, depth, mask = _DEGENERATE_MAPS[maps]
    pred = tf.Variable(pred)
    with tf.GradientTape() as tape:
      loss = registry.LOSSES[name](pred, depth, mask)
    grad = tape.gradient(loss, pred).numpy()
    self.assertEqual(loss.dtype, tf.float32)
    self.assertEqual(loss.shape, [])
    self.assertTrue(np.isfinite(loss))
    self.assertTrue(np.isfinite(grad).all())
    self.assertGreaterEqual(loss.numpy(), 0)
    self.assertAllEqual(grad[mask == 0], np.zeros((mask == 0).sum()))
    if maps.startswith('all_invalid'):
      self.assertAllEqual(loss, 0.0)
    if maps in ('perfect', 'equal_constant'):
      self.assertAllEqual(loss, 0.0)
      self.assertAllEqual(grad, np.zeros(_SHAPE))

  @parameterized.parameters(*sorted(registry.LOSSES))
  def test_what_lies_under_the_mask_does_not_matter(self, name):
    pred, depth, mask = _extreme(0), _extreme(1), (_extreme(2) > 0.1)
    expected = registry.LOSSES[name](pred, depth, mask)
    for rubbish in (0, -1, np.inf, np.nan):
      loss = registry.LOSSES[name](
        np.where(mask, pred, rubbish), np.where(mask, depth, rubbish), mask
      )
      self.assertAllEqual(loss, expected)

  @parameterized.product(
    name=sorted(registry.LOSSES), dtype=('float16', 'bfloat16')
  )
  def test_half_precision_is_computed_in_float32(self, name, dtype):
    pred = tf.Variable(tf.cast(_extreme(0), dtype))
    depth, mask = _extreme(1), _extreme(2) > 0.1
    with tf.GradientTape() as tape:
      loss = registry.LOSSES[name](pred, depth, mask)
    expected = registry.LOSSES[name](tf.cast(pred, tf.float32), depth, mask)
    self.assertEqual(loss.dtype, tf.float32)
    self.assertAllEqual(loss, expected)
    grad = tf.cast(tape.gradient(loss, pred), tf.float32)
    self.assertTrue(np.isfinite(grad).all())

  @parameterized.parameters(*sorted(registry.LOSSES))
  def test_nan_in_the_prediction_is_not_hidden(self, name):
    pred = _extreme(0)
    pred[0, 2, 3, 0] = np.nan
    loss = registry.LOSSES[name](pred, _extreme(1), _full(1))
    self.assertTrue(np.isnan(loss))


if __name__ == '__main__':
  tf.test.main()
