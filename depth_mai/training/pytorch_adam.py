# SPDX-License-Identifier: Apache-2.0
"""Adam with epsilon where PyTorch has it: added after the bias correction."""

import math
from typing import Any

import keras


class PytorchAdam(keras.optimizers.Adam):
  """Adam (Kingma and Ba, ICLR 2015, Algorithm 1), as PyTorch computes it.

  With the moving averages m of the gradient and v of its square, at step t

      PyTorch, Algorithm 1:  m_t / (1 - b1^t) / (sqrt(v_t / (1 - b2^t)) + eps)
      Keras ("eps hat"):     m_t / (1 - b1^t) * sqrt(1 - b2^t)
                               / (sqrt(v_t) + eps)

  times the learning rate. Keras' form is PyTorch's with an epsilon that is
  1 / sqrt(1 - b2^t) times as large, 32 times at the first step. A small epsilon
  makes no difference; with 1e-3 and gradients of 1e-4, Keras moves a weight
  28.8 times less far in the first step, 4.4 times less far in 100 steps and
  1.67 times in 1000.

  The state is that of keras.optimizers.Adam. AMSGrad is not supported.
  """

  def update_step(
    self, gradient: Any, variable: keras.Variable, learning_rate: Any
  ) -> None:
    """Updates a variable and its two averages.

    Args:
      gradient: tensor of the variable's shape.
      variable: keras.Variable.
      learning_rate: scalar.
    """
    ops = keras.ops
    dtype = variable.dtype
    gradient = ops.cast(gradient, dtype)
    step = ops.cast(self.iterations + 1, 'float32')
    # 1 - 0.999 cancels in float32: its root would be wrong by 2e-5.
    correction_1, correction_2 = (
      ops.cast(-ops.expm1(step * math.log(beta)), dtype)
      for beta in (self.beta_1, self.beta_2)
    )
    index = self._get_variable_index(variable)
    mean, square = self._momentums[index], self._velocities[index]
    self.assign_add(mean, (gradient - mean) * (1 - self.beta_1))
    self.assign_add(square, (ops.square(gradient) - square) * (1 - self.beta_2))
    root = ops.sqrt(square / correction_2) + self.epsilon
    rate = ops.cast(learning_rate, dtype) / correction_1
    self.assign_sub(variable, rate * mean / root)
