# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/losses/registry.py, and of what all losses promise."""

import itertools

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.losses import registry
from depth_mai.losses import weighted

_LOSSES = {name: loss.function for name, loss in weighted.losses().items()}

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


def _for_each_loss(others=None):
  """Runs a test for each loss (and each other value), named after the loss."""
  if others is None:
    return parameterized.named_parameters((name, name) for name in _LOSSES)
  return parameterized.named_parameters(
    (f'{name}_{other}', name, other)
    for name, other in itertools.product(_LOSSES, others)
  )


class RegistryTest(tf.test.TestCase, parameterized.TestCase):
  def test_names(self):
    self.assertContainsSubset(
      (
        'silog gradient robust l1 l2 log_l1 log_l2 si_rmse gradient_matching '
        'scale_invariant ssim virtual_normal'
      ).split(),
      _LOSSES,
    )

  def test_losses_that_compare_neighbours_are_at_the_prediction(self):
    losses = weighted.losses()
    for name in ('gradient', 'gradient_matching', 'ssim', 'virtual_normal'):
      self.assertEqual(losses[name].resolution, 'prediction')
    for name in ('silog', 'scale_invariant', 'si_rmse', 'robust', 'l1', 'l2'):
      self.assertEqual(losses[name].resolution, 'target')

  def test_refuses_an_unknown_resolution(self):
    with self.assertRaisesRegex(ValueError, "resolution='low' is not one of"):
      registry.register(resolution='low')

  def test_refuses_a_name_twice(self):
    def silog(pred_depth_m, depth_m, valid_mask):
      del depth_m, valid_mask
      return pred_depth_m

    with self.assertRaisesRegex(
      ValueError, "registers the loss 'silog', which .*scale_invariant"
    ):
      registry.register(resolution='target')(silog)

  @_for_each_loss(_DEGENERATE_MAPS)
  def test_value_and_gradient_are_finite(self, name, maps):
    pred, depth, mask = _DEGENERATE_MAPS[maps]
    pred = tf.Variable(pred)
    with tf.GradientTape() as tape:
      loss = _LOSSES[name](pred, depth, mask)
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

  @_for_each_loss()
  def test_values_under_the_mask_do_not_matter(self, name):
    pred, depth, mask = _extreme(0), _extreme(1), (_extreme(2) > 0.1)
    expected = _LOSSES[name](pred, depth, mask)
    for garbage in (0, -1, np.inf, np.nan):
      loss = _LOSSES[name](
        np.where(mask, pred, garbage), np.where(mask, depth, garbage), mask
      )
      self.assertAllEqual(loss, expected)

  @_for_each_loss(('float16', 'bfloat16'))
  def test_half_precision_is_computed_in_float32(self, name, dtype):
    pred = tf.Variable(tf.cast(_extreme(0), dtype))
    depth, mask = _extreme(1), _extreme(2) > 0.1
    with tf.GradientTape() as tape:
      loss = _LOSSES[name](pred, depth, mask)
    expected = _LOSSES[name](tf.cast(pred, tf.float32), depth, mask)
    self.assertEqual(loss.dtype, tf.float32)
    self.assertAllEqual(loss, expected)
    grad = tf.cast(tape.gradient(loss, pred), tf.float32)
    self.assertTrue(np.isfinite(grad).all())

  @_for_each_loss()
  def test_nan_in_the_prediction_is_not_hidden(self, name):
    pred = _extreme(0)
    pred[0, 2, 3, 0] = np.nan
    loss = _LOSSES[name](pred, _extreme(1), _full(1))
    self.assertTrue(np.isnan(loss))


if __name__ == '__main__':
  tf.test.main()
