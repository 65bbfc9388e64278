# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/training/fused_adam.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.training import fused_adam

_KINDS = {
  'keras': fused_adam.FusedAdam,
  'pytorch': fused_adam.PytorchAdam,
}


def _numpy_steps(gradients, rates, epsilon, placement):
  """The updates of both libraries, written down from their documents."""
  mean = square = 0.0
  for t, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), 1):
    mean = 0.9 * mean + 0.1 * gradient
    square = 0.999 * square + 0.001 * gradient**2
    if placement == 'pytorch':
      root = np.sqrt(square / (1 - 0.999**t)) + epsilon
      yield rate * mean / (1 - 0.9**t) / root
    else:  # "Epsilon hat", the formula before section 2.1 of the paper.
      rate *= np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
      yield rate * mean / (np.sqrt(square) + epsilon)


def _weights(optimizer, gradients, start=0.0, compiled=False):
  """Returns a variable's values after each of the gradients."""
  variable = keras.Variable(np.full(np.shape(gradients[0]), start))
  optimizer.build([variable])

  @tf.function(jit_compile=compiled)
  def step(gradient):
    optimizer.apply_gradients([(gradient, variable)])

  values = []
  for gradient in np.float32(gradients):
    step(tf.constant(gradient))
    values.append(variable.numpy())
  return np.array(values)


class FusedAdamTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.product(
    placement=('keras', 'pytorch'),
    epsilon=(1e-3, 1e-7),
    compiled=(False, True),
  )
  def test_matches_numpy_over_100_steps(self, placement, epsilon, compiled):
    rng = np.random.default_rng(0)
    sizes = np.array([1e-5, 1e-4, 1e-2, 1.0, 30.0])
    gradients = rng.normal(size=(100, 5)) * sizes
    optimizer = _KINDS[placement](1.0, epsilon=epsilon)
    weights = _weights(optimizer, gradients, compiled=compiled)
    steps = _numpy_steps(gradients, np.ones(100), epsilon, placement)
    self.assertAllClose(
      weights, -np.cumsum(list(steps), 0), rtol=1e-6, atol=1e-6
    )

  def test_adamw_is_that_of_keras(self):
    gradients = np.random.default_rng(2).normal(size=(30, 4))
    theirs, ours = (
      _weights(kind(1e-2, weight_decay=0.3), gradients, start=2.0)
      for kind in (keras.optimizers.AdamW, fused_adam.FusedAdamW)
    )
    # Keras rounds 1 - 0.999.
    self.assertAllClose(ours, theirs, rtol=3e-5)

  def test_rows_that_are_gathered_twice(self):
    weights = []
    for rows in ([1, 1, 4], None):
      variable = keras.Variable(np.ones((5, 2), np.float32))
      optimizer = fused_adam.FusedAdam(1e-2)
      optimizer.build([variable])
      for _ in range(3):
        with tf.GradientTape() as tape:
          taken = tf.gather(variable.value, rows) if rows else variable.value
          counts = 1.0 if rows else np.float32([[0], [2], [0], [0], [1]])
          loss = tf.reduce_sum(taken**2 * counts)
        gradient = tape.gradient(loss, variable.value)
        self.assertIsInstance(gradient, tf.IndexedSlices if rows else tf.Tensor)
        optimizer.apply_gradients([(gradient, variable)])
      weights.append(variable.numpy())
    self.assertAllClose(weights[0], weights[1], rtol=1e-6)

  def test_follows_a_schedule(self):
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay(
      [3], [0.1, 0.01]
    )
    optimizer = fused_adam.PytorchAdam(schedule, epsilon=1e-3)
    weights = _weights(optimizer, np.full((6, 1), 1e-3))
    rates = [0.1] * 4 + [0.01] * 2
    steps = _numpy_steps(np.full((6, 1), 1e-3), rates, 1e-3, 'pytorch')
    self.assertAllClose(weights, -np.cumsum(list(steps), 0), rtol=1e-5)

  def test_how_much_less_far_keras_moves(self):
    """The figures in the documents: 28.8, 4.4 and 1.67 times."""
    gradients = np.full((1000, 1), 1e-4)
    numpys, ours = (
      [
        moved(placement, kind)[[0, 99, 999], 0]
        for placement, kind in _KINDS.items()
      ]
      for moved in (
        lambda placement, _: np.cumsum(
          list(_numpy_steps(gradients, np.ones(1000), 1e-3, placement)), 0
        ),
        lambda _, kind: -_weights(kind(1.0, epsilon=1e-3), gradients),
      )
    )
    for keras_moves, pytorch_moves in (numpys, ours):
      self.assertAllClose(
        pytorch_moves / keras_moves, (28.84, 4.446, 1.665), rtol=1e-3
      )

  def test_a_restored_optimizer_takes_the_same_steps(self):
    gradients = np.random.default_rng(1).normal(size=(20, 3)) * 1e-3
    expected = _weights(fused_adam.PytorchAdam(1e-2), gradients)
    first = fused_adam.PytorchAdam(1e-2)
    values = _weights(first, gradients[:11])
    second = fused_adam.PytorchAdam(1e-2)
    variable = keras.Variable(values[-1])
    second.build([variable])
    for source, target in zip(first.variables, second.variables, strict=True):
      target.assign(source)
    for gradient in np.float32(gradients[11:]):
      second.apply_gradients([(tf.constant(gradient), variable)])
    self.assertAllEqual(variable, expected[-1])

  def test_its_state_is_that_of_keras_adam(self):
    variable = keras.Variable([1.0, 2.0])
    shapes = []
    for kind in _KINDS.values():
      optimizer = kind(1e-2)
      optimizer.build([variable])
      shapes.append([(v.shape, v.dtype) for v in optimizer.variables])
    self.assertEqual(shapes[0], shapes[1])

  def test_skips_a_step_whose_scaled_loss_overflows(self):
    """As with Keras' Adam under mixed_float16."""
    inner = fused_adam.PytorchAdam(1e-2, epsilon=1e-3)
    optimizer = keras.optimizers.LossScaleOptimizer(inner, initial_scale=1024.0)
    gradients = np.array([[1e-3], [np.inf], [2e-3]])
    weights = _weights(optimizer, gradients * 1024, start=1.0)
    steps = list(
      _numpy_steps(np.array([1e-3, 4e-3]), np.full(2, 1e-2), 1e-3, 'pytorch')
    )
    self.assertAllEqual(weights[1], weights[0])
    self.assertAllClose(weights[0], [1 - steps[0]], rtol=1e-6)
    # The overflow halved the scale, so the third gradient counts twice.
    self.assertAllClose(weights[2], [1 - steps[0] - steps[1]], rtol=1e-6)


if __name__ == '__main__':
  tf.test.main()
