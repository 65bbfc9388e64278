# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/training/optimizers.py."""

import keras
import numpy as np
import tensorflow as tf

from depth_mai.training import optimizers
from depth_mai.training import schedules


def _constant(total_steps):
  del total_steps
  return schedules.polynomial(10, peak=0.1, end=0.1, warmup_steps=0)


class OptimizersTest(tf.test.TestCase):
  def test_adamw_decays_kernels_only(self):
    inputs = keras.Input((4, 4, 2))
    x = keras.layers.Conv2D(2, 1, name='conv')(inputs)
    x = keras.layers.BatchNormalization(name='bn')(x)
    model = keras.Model(inputs, keras.layers.PReLU(name='prelu')(x))
    for variable in model.trainable_variables:
      variable.assign(tf.ones(variable.shape))
    optimizer = optimizers.adamw(10, schedule=_constant, weight_decay=0.5)
    optimizer.build(model.trainable_variables)
    optimizer.apply_gradients(
      [(tf.zeros(v.shape), v) for v in model.trainable_variables]
    )
    for variable in model.trainable_variables:
      expected = 1 - 0.1 * 0.5 if variable.name == 'kernel' else 1.0
      self.assertAllClose(
        variable, np.full(variable.shape, expected), msg=variable.path
      )

  def test_adam_adds_epsilon_before_the_bias_correction(self):
    """Keras' form ("epsilon hat" in Kingma and Ba), not PyTorch's."""
    variable = keras.Variable([1.0])
    optimizer = optimizers.adam(10, schedule=_constant, epsilon=1e-3)
    optimizer.build([variable])
    optimizer.apply_gradients([(tf.constant([0.5]), variable)])
    moment, velocity = 0.1 * 0.5, 0.001 * 0.5**2
    rate = 0.1 * 0.001**0.5 / 0.1
    expected = 1 - rate * moment / (velocity**0.5 + 1e-3)
    self.assertAllClose(variable.numpy(), [expected], rtol=1e-5)


if __name__ == '__main__':
  tf.test.main()
