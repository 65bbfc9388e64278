# SPDX-License-Identifier: Apache-2.0
"""Exponential moving average of a network's weights, as a second network."""

import keras
import tensorflow as tf


def _is_averaged(variable) -> bool:
  return 'float' in str(variable.dtype)


def copy_weights(source: keras.Model, target: keras.Model) -> None:
  """Copies all weights between two networks of one structure."""
  for from_variable, to_variable in zip(
    source.variables, target.variables, strict=True
  ):
    to_variable.assign(from_variable)


def update(
  average: keras.Model, network: keras.Model, decay: float, step
) -> None:
  """Moves the average a step towards the network, statistics included.

  Early steps use the smaller decay (1 + step) / (10 + step), so that the random
  start is soon forgotten.

  Args:
    average: the network that holds the average.
    network: the network being trained.
    decay: part of the average that is kept, 0..1.
    step: tensor, steps taken so far.
  """
  step = tf.cast(step, tf.float32)
  decay = tf.minimum(decay, (1.0 + step) / (10.0 + step))
  for mean, variable in zip(average.variables, network.variables, strict=True):
    if _is_averaged(variable):
      value = tf.cast(variable.value, mean.value.dtype)
      mean.value.assign(mean.value - (1.0 - decay) * (mean.value - value))
    else:
      mean.value.assign(variable.value)
