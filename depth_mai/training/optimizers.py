# SPDX-License-Identifier: Apache-2.0
"""Optimizers as functions of the number of training steps."""

from collections.abc import Callable

import keras

from depth_mai.training import schedules

Schedule = keras.optimizers.schedules.LearningRateSchedule

# Weight decay pulls towards zero what has no reason to be there.
_UNDECAYED = ('bias', 'gamma', 'beta', 'alpha')


def adam(
  total_steps: int,
  schedule: Callable[[int], Schedule] = schedules.polynomial,
  epsilon: float = 1e-3,
) -> keras.optimizers.Optimizer:
  """Adam; epsilon 1e-3 as LiteDepth has it.

  Keras adds epsilon before the bias correction, PyTorch (LiteDepth) after it:
  the first hundreds of steps are a little shorter here.

  Args:
    total_steps: of the whole training, handed to the schedule.
    schedule: from the number of steps to a Keras schedule.
    epsilon: of Adam.

  Returns:
    A Keras optimizer.
  """
  return keras.optimizers.Adam(schedule(total_steps), epsilon=epsilon)


def adamw(
  total_steps: int,
  schedule: Callable[[int], Schedule] = schedules.cosine,
  weight_decay: float = 0.05,
  epsilon: float = 1e-7,
) -> keras.optimizers.Optimizer:
  """AdamW; biases and normalisation weights are not decayed.

  Args:
    total_steps: of the whole training, handed to the schedule.
    schedule: from the number of steps to a Keras schedule.
    weight_decay: decoupled, multiplied by the learning rate.
    epsilon: of Adam.

  Returns:
    A Keras optimizer.
  """
  optimizer = keras.optimizers.AdamW(
    schedule(total_steps), weight_decay=weight_decay, epsilon=epsilon
  )
  optimizer.exclude_from_weight_decay(var_names=list(_UNDECAYED))
  return optimizer
