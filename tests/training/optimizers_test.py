# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/training/optimizers.py."""

import math

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import position_embedding
from depth_mai.layers import window_attention
from depth_mai.training import optimizers


def _constant(total_steps):
  del total_steps
  return optimizers.polynomial(10, peak=0.1, end=0.1, warmup_steps=0)


def _decay_ones(model):
  """Sets all weights to 1 and takes a step of AdamW without gradients."""
  for variable in model.trainable_variables:
    variable.assign(tf.ones(variable.shape))
  optimizer = optimizers.adamw(10, schedule=_constant, weight_decay=0.5)
  optimizer.build(model.trainable_variables)
  optimizer.apply_gradients(
    [(tf.zeros(v.shape), v) for v in model.trainable_variables]
  )


class OptimizersTest(tf.test.TestCase, parameterized.TestCase):
  def test_adamw_decays_kernels_only(self):
    inputs = keras.Input((4, 4, 2))
    x = keras.layers.Conv2D(2, 1, name='conv')(inputs)
    x = keras.layers.BatchNormalization(name='bn')(x)
    model = keras.Model(inputs, keras.layers.PReLU(name='prelu')(x))
    _decay_ones(model)
    for variable in model.trainable_variables:
      expected = 1 - 0.1 * 0.5 if variable.name == 'kernel' else 1.0
      self.assertAllClose(
        variable, np.full(variable.shape, expected), msg=variable.path
      )

  @parameterized.parameters(
    # Keras' form, "epsilon hat" in Kingma and Ba, and PyTorch's. The first
    # gradient is 0.5, so the corrected averages are 0.5 and 0.25.
    ('keras', 0.5 / (0.5 + 1e-3 / 0.001**0.5)),
    ('pytorch', 0.5 / (0.5 + 1e-3)),
  )
  def test_adam_places_epsilon(self, placement, step):
    variable = keras.Variable([1.0])
    optimizer = optimizers.adam(
      10, schedule=_constant, epsilon=1e-3, epsilon_placement=placement
    )
    optimizer.build([variable])
    optimizer.apply_gradients([(tf.constant([0.5]), variable)])
    self.assertAllClose(variable.numpy(), [1 - 0.1 * step], rtol=1e-5)

  def test_refuses_another_placement(self):
    with self.assertRaisesRegex(ValueError, "placement='torch' is not .*keras"):
      optimizers.adam(10, epsilon_placement='torch')


class SchedulesTest(tf.test.TestCase):
  def _values(self, schedule, steps):
    return [float(schedule(step)) for step in steps]

  def test_polynomial_is_that_of_litedepth(self):
    schedule = optimizers.polynomial(11500)
    warm = [4e-3 * (1e-4 + (1 - 1e-4) * (s + 1) / 1500) for s in (0, 700)]
    later = [
      1e-3 + 3e-3 * (1 - (s - 1500) / 10000) ** 0.9 for s in (1500, 6000, 11500)
    ]
    self.assertAllClose(
      self._values(schedule, (0, 700, 1500, 6000, 11500)), warm + later
    )

  def test_cosine(self):
    schedule = optimizers.cosine(1100, peak=2e-3, end=1e-4, warmup_steps=100)
    expected = [
      2e-3 * 0.5,
      2e-3,
      1e-4 + 1.9e-3 * 0.5,
      1e-4 + 1.9e-3 * 0.5 * (1 + math.cos(0.75 * math.pi)),
      1e-4,
    ]
    self.assertAllClose(
      self._values(schedule, (49, 100, 600, 850, 1100)), expected, atol=1e-8
    )

  def test_a_short_run_warms_up_and_reaches_the_end(self):
    schedule = optimizers.cosine(20, peak=1.0, warmup_steps=300)
    self.assertAllClose(self._values(schedule, (0, 1, 2)), [0.5, 1.0, 1.0])
    self.assertAllClose(float(schedule(20)), 0.0, atol=1e-6)

  def test_an_optimizer_uses_it(self):
    schedule = optimizers.cosine(10, peak=1.0, warmup_steps=1)
    optimizer = keras.optimizers.SGD(schedule)
    variable = keras.Variable([0.0])
    optimizer.build([variable])
    for _ in range(2):
      optimizer.apply_gradients([(tf.constant([1.0]), variable)])
    self.assertAllClose(variable.numpy(), [-2.0])

  def test_adamw_decays_no_positions(self):
    inputs = keras.Input((4, 4, 6))
    x = window_attention.WindowAttention(1, 2, name='windows')(inputs)
    x = position_embedding.PositionEmbedding(name='tokens')(x)
    model = keras.Model(inputs, keras.layers.Dense(2, name='dense')(x))
    _decay_ones(model)
    decayed = [
      variable.path
      for variable in model.trainable_variables
      if not np.allclose(variable, 1.0)
    ]
    self.assertEqual(decayed, ['dense/kernel'])


if __name__ == '__main__':
  tf.test.main()
