# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/losses/learned_weights.py."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.losses import learned_weights
from depth_mai.losses import weighted


def _maps(seed=0, shape=(2, 5, 6, 1)):
  rng = np.random.default_rng(seed)
  depth = rng.uniform(1, 20, shape).astype(np.float32)
  pred = depth + rng.normal(0, 1, shape).astype(np.float32)
  return pred, depth, np.ones(shape, np.float32)


def _constant(value):
  """Returns a term that is always `value`."""
  return lambda pred, depth, mask: value + 0.0 * tf.reduce_sum(pred)


def _constants(**values):
  return weighted.WeightedLoss(
    dict.fromkeys(values, 1.0),
    terms={name: _constant(value) for name, value in values.items()},
  )


class LearnedWeightsTest(tf.test.TestCase, parameterized.TestCase):
  def test_sum_and_gradients_match_numpy(self):
    pred, depth, mask = _maps()
    loss = learned_weights.LearnedWeights(
      weighted.WeightedLoss({'l1': 2.0, 'si_rmse': 0, 'l2': 0.5})
    )
    variables = loss.build()
    self.assertAllEqual(variables, [1.0, 1.0])
    p1, p2 = 0.7, 1.6
    variables[0].assign(p1)
    variables[1].assign(p2)
    variable = tf.Variable(pred)
    with tf.GradientTape() as tape:
      total, values = loss(variable, depth, mask)
    grad, *p_grads = tape.gradient(
      total, [variable, *(v.value for v in variables)]
    )
    error = pred.astype(np.float64) - depth
    l1, l2 = np.abs(error).mean(), np.square(error).mean()
    expected = 2.0 * l1 / (2 * p1**2) + np.log(1 + p1**2)
    expected += 0.5 * l2 / (2 * p2**2) + np.log(1 + p2**2)
    self.assertAllClose(total, expected, rtol=1e-5)
    expected = 1 / p1**2 * np.sign(error) + 0.25 / p2**2 * 2 * error
    self.assertAllClose(grad, expected / error.size, rtol=1e-4)
    expected = [
      -2.0 * l1 / p1**3 + 2 * p1 / (1 + p1**2),
      -0.5 * l2 / p2**3 + 2 * p2 / (1 + p2**2),
    ]
    self.assertAllClose(p_grads, expected, rtol=1e-5)
    self.assertEqual(
      list(values), ['l1', 'si_rmse', 'l2', 'weight_l1', 'weight_l2']
    )
    self.assertAllClose(values['l1'], l1, rtol=1e-5)
    self.assertAllClose(values['weight_l1'], 1 / p1**2, rtol=1e-5)
    self.assertAllClose(values['weight_l2'], 0.25 / p2**2, rtol=1e-5)

  def test_training_finds_the_weights_of_constant_terms(self):
    loss = learned_weights.LearnedWeights(_constants(small=0.02, large=3.0))
    variables = loss.build()
    for _ in range(400):
      with tf.GradientTape() as tape:
        total, values = loss(*_maps())
      gradients = tape.gradient(total, [v.value for v in variables])
      for variable, gradient in zip(variables, gradients, strict=True):
        variable.assign_sub(0.05 * gradient)
    for name, value in (('small', 0.02), ('large', 3.0)):
      # The derivative is zero where 2 p^4 = L (1 + p^2).
      squared = (value + np.sqrt(value**2 + 8 * value)) / 4
      self.assertAllClose(values[f'weight_{name}'], 0.5 / squared, rtol=1e-3)

  @parameterized.parameters(0.0, 1e-30, -0.3)
  def test_p_recovers_from_below_its_bound(self, p):
    loss = learned_weights.LearnedWeights(_constants(term=0.5))
    (variable,) = loss.build()
    variable.assign(p)
    with tf.GradientTape() as tape:
      total, values = loss(*_maps())
    self.assertAllClose(values['weight_term'], 0.5 / 0.01**2, rtol=1e-4)
    self.assertAllClose(total, 0.5 * 0.5 / 0.01**2, rtol=1e-4)
    gradient = tape.gradient(total, variable.value)
    self.assertAllClose(gradient, -0.5 / 0.01**3, rtol=1e-4)

  def test_is_finite_without_valid_pixels(self):
    pred, depth, mask = _maps()
    pred = tf.Variable(pred)
    loss = learned_weights.LearnedWeights(
      weighted.WeightedLoss({'silog': 1.0, 'gradient': 0.25})
    )
    variables = loss.build()
    with tf.GradientTape() as tape:
      total, _ = loss(pred, depth, 0 * mask)
    grad, *p_grads = tape.gradient(total, [pred, *(v.value for v in variables)])
    self.assertAllClose(total, 2 * np.log(2.0))
    self.assertAllEqual(grad, np.zeros(grad.shape))
    self.assertAllClose(p_grads, [1.0, 1.0])

  def test_build_creates_new_variables(self):
    loss = learned_weights.LearnedWeights(_constants(term=0.5))
    loss.build()[0].assign(3.0)
    self.assertAllEqual(loss.build(), [1.0])
    _, values = loss(*_maps())
    self.assertAllEqual(values['weight_term'], 0.5)

  def test_refuses_bad_use(self):
    with self.assertRaisesRegex(ValueError, 'is not a WeightedLoss'):
      learned_weights.LearnedWeights(weighted.WeightedLoss)
    with self.assertRaisesRegex(ValueError, r"'l1': 0.0.* are 0"):
      learned_weights.LearnedWeights(weighted.WeightedLoss({'l1': 0}))
    loss = learned_weights.LearnedWeights(_constants(term=0.5))
    with self.assertRaisesRegex(ValueError, r'call build\(\) first'):
      loss(*_maps())


if __name__ == '__main__':
  tf.test.main()
