# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/losses/weighted.py."""

import functools

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.losses import gradient
from depth_mai.losses import resolution
from depth_mai.losses import robust
from depth_mai.losses import scale_invariant
from depth_mai.losses import weighted

_LITEDEPTH_WEIGHTS = {'silog': 1.0, 'gradient': 0.25, 'robust': 0.6}


def _maps(seed=0):
  """A prediction at 4x6 and a target at 10x15: a factor of 2.5."""
  rng = np.random.default_rng(seed)
  pred = rng.uniform(0.5, 20, [2, 4, 6, 1]).astype(np.float32)
  depth = rng.uniform(0.5, 20, [2, 10, 15, 1]).astype(np.float32)
  mask = (rng.random([2, 10, 15, 1]) < 0.8).astype(np.float32)
  return pred, depth * mask, mask


def _shapes(pred, depth, mask):
  """A 'loss' that returns the size of its maps, e.g. 1015 for 10x15."""
  assert pred.shape == depth.shape == mask.shape
  return 100.0 * pred.shape[1] + pred.shape[2]


class WeightedLossTest(tf.test.TestCase, parameterized.TestCase):
  def test_sums_the_terms_each_at_its_resolution(self):
    pred, depth, mask = _maps()
    total, values = weighted.WeightedLoss(_LITEDEPTH_WEIGHTS)(pred, depth, mask)
    high = resolution.upsample_prediction(pred, 10, 15)
    low = resolution.downsample_target(depth, mask, 4, 6)
    expected = {
      'silog': scale_invariant.silog(high, depth, mask).numpy(),
      'gradient': gradient.gradient(pred, *low).numpy(),
      'robust': robust.robust(high, depth, mask).numpy(),
    }
    self.assertEqual(list(values), list(_LITEDEPTH_WEIGHTS))
    for name, value in expected.items():
      self.assertAllClose(values[name], value, rtol=1e-6)
    summed = sum(_LITEDEPTH_WEIGHTS[n] * expected[n] for n in expected)
    self.assertAllClose(total, summed, rtol=1e-6)
    self.assertEqual(total.dtype, tf.float32)

  def test_resizing_methods_can_be_chosen(self):
    pred, depth, mask = _maps()
    loss = weighted.WeightedLoss(
      {'l1': 1.0, 'gradient': 1.0}, upsampling='nearest', downsampling='nearest'
    )
    _, values = loss(pred, depth, mask)
    high = resolution.upsample_prediction(pred, 10, 15, 'nearest').numpy()
    l1 = np.abs(high - depth)[mask > 0].mean()
    self.assertAllClose(values['l1'], l1, rtol=1e-5)
    low = resolution.downsample_target(depth, mask, 4, 6, 'nearest')
    self.assertAllClose(values['gradient'], gradient.gradient(pred, *low))

  def test_terms_may_be_functions_or_registered_names(self):
    pred, depth, mask = _maps()
    loss = weighted.WeightedLoss(
      {'silog': 1.0, 'bts': 1.0, 'edges': 1.0},
      terms={
        'silog': functools.partial(scale_invariant.silog, variance_focus=1.0),
        'bts': functools.partial(scale_invariant.silog, scale=10),
        'edges': 'gradient',
      },
    )
    _, values = loss(pred, depth, mask)
    high = resolution.upsample_prediction(pred, 10, 15)
    low = resolution.downsample_target(depth, mask, 4, 6)
    self.assertAllClose(
      values['silog'],
      scale_invariant.silog(high, depth, mask, variance_focus=1.0),
    )
    self.assertAllClose(
      values['bts'], 10 * scale_invariant.silog(high, depth, mask)
    )
    self.assertAllClose(values['edges'], gradient.gradient(pred, *low))

  def test_resolutions_of_terms(self):
    loss = weighted.WeightedLoss(
      {'plain': 1.0, 'low': 1.0, 'gradient': 1.0, 'silog': 1.0},
      terms=dict.fromkeys(('plain', 'low', 'gradient', 'silog'), _shapes),
      resolutions={'low': 'prediction', 'silog': 'prediction'},
    )
    _, values = loss(*_maps())
    sizes = {name: int(value) for name, value in values.items()}
    self.assertEqual(
      sizes, {'plain': 1015, 'low': 406, 'gradient': 406, 'silog': 406}
    )

  def test_a_term_of_weight_zero_is_only_reported(self):
    pred, depth, mask = _maps()
    pred = tf.Variable(pred)
    loss = weighted.WeightedLoss({'l1': 2.0, 'si_rmse': 0})
    with tf.GradientTape(persistent=True) as tape:
      total, values = loss(pred, depth, mask)
      alone = 2 * weighted.WeightedLoss({'l1': 1})(pred, depth, mask)[0]
    self.assertGreater(values['si_rmse'].numpy(), 0.1)
    self.assertAllEqual(total, alone)
    self.assertAllEqual(tape.gradient(total, pred), tape.gradient(alone, pred))

  def test_half_precision_and_unknown_sizes_in_a_graph(self):
    loss = weighted.WeightedLoss(_LITEDEPTH_WEIGHTS)
    spec = tf.TensorSpec([None, None, None, 1])
    half = tf.TensorSpec([None, None, None, 1], tf.bfloat16)
    in_graph = tf.function(loss, input_signature=[half, spec, spec])
    pred, depth, mask = _maps()
    pred = tf.cast(pred, tf.bfloat16)
    total, values = loss(pred, depth, mask)
    graph_total, graph_values = in_graph(pred, depth, mask)
    self.assertAllClose(graph_total, total, rtol=1e-5)
    self.assertAllClose(graph_values, values, rtol=1e-5)

  def test_a_prediction_can_be_fitted(self):
    pred, depth, mask = _maps(1)
    depth = resolution.upsample_prediction(depth[:, :4, :6], 10, 15) + 0.5
    pred = tf.Variable(pred)
    loss = weighted.WeightedLoss(_LITEDEPTH_WEIGHTS)
    totals = []
    for _ in range(16):
      with tf.GradientTape() as tape:
        total, _ = loss(pred, depth, mask)
      pred.assign_sub(10.0 * tape.gradient(total, pred))
      totals.append(total.numpy())
    self.assertLess(totals[-1], 0.6 * totals[0])

  def test_empty_mask_gives_zero_and_zero_gradient(self):
    pred, depth, mask = _maps()
    pred = tf.Variable(pred)
    with tf.GradientTape() as tape:
      total, _ = weighted.WeightedLoss(_LITEDEPTH_WEIGHTS)(
        pred, depth, 0 * mask
      )
    self.assertAllEqual(total, 0.0)
    self.assertAllEqual(tape.gradient(total, pred), np.zeros([2, 4, 6, 1]))

  @parameterized.parameters(
    ({'silgo': 1.0}, {}, r"'silgo' is not a loss term.*'robust'.*mean silog"),
    ({'l3': 1.0}, {}, 'mean l2 or l1'),
    ({'zzz': 1.0}, {}, 'known terms are'),
    ({}, {}, 'weights is empty'),
    ({'l1': -1.0}, {}, "weight -1.0 of loss term 'l1'"),
    ({'l1': float('nan')}, {}, "weight nan of loss term 'l1'"),
    ({'l1': '1'}, {}, "weight '1' of loss term 'l1'"),
    ({'a': 1}, {'terms': {'a': 'gradeint'}}, 'mean gradient'),
    ({'l1': 1}, {'resolutions': {'l1': 'low'}}, "'low' must be one of"),
    ({'l1': 1}, {'resolutions': {'L1': 'target'}}, "'L1' is not a loss term"),
    ({'l1': 1}, {'upsampling': 'tile'}, "upsampling='tile' must be one of"),
    ({'l1': 1}, {'downsampling': 'area'}, "downsampling='area' must be one of"),
  )
  def test_refuses_bad_options(self, weights, options, message):
    with self.assertRaisesRegex(ValueError, message):
      weighted.WeightedLoss(weights, **options)


if __name__ == '__main__':
  tf.test.main()
