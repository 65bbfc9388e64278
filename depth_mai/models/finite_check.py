# SPDX-License-Identifier: Apache-2.0
"""Finds weights and statistics with which a network cannot work.

Predictions do not show them: the fused CPU kernels of TensorFlow turn NaN into
plausible numbers (an activation takes max(NaN, 0) for 0), so that such a
network would get a score.
"""

import keras
import numpy as np

# Rounding may leave a variance a little below zero.
_LEAST_VARIANCE = -1e-6


def fault(network: keras.Model) -> str:
  """Returns what is wrong with a network's variables, naming the first one.

  Args:
    network: any network.

  Returns:
    Text such as "the variable mid_1/moving_mean has 3 of 16 values that are NaN
    or infinite"; '' if all variables are finite and each variance is positive.
  """
  for variable in network.variables:
    value = keras.ops.convert_to_numpy(variable.value)
    # Kinds of types: bfloat16, which NumPy does not know, is V.
    if value.dtype.kind not in 'fV':
      continue
    value = value.astype(np.float32)
    bad = value.size - int(np.count_nonzero(np.isfinite(value)))
    if bad:
      return (
        f'the variable {variable.path} has {bad} of {value.size} values that '
        'are NaN or infinite'
      )
    if variable.path.endswith('variance'):
      bad = int(np.count_nonzero(value < _LEAST_VARIANCE))
      if bad:
        return (
          f'the variable {variable.path} is negative in {bad} of {value.size} '
          'channels'
        )
  return ''


def check(network: keras.Model, name: object) -> None:
  """Refuses a network that was read or given.

  Args:
    network: any network.
    name: where it is from, for the message.

  Raises:
    ValueError: names the variable; see `fault`.
  """
  found = fault(network)
  if found:
    raise ValueError(
      f'{name} cannot be used: {found}. Its predictions would look plausible '
      'and be wrong. Use an earlier network of that training, or train again '
      'with a lower learning rate.'
    )


def check_trained(network: keras.Model, task: str) -> None:
  """Raises an error for a trained network whose weights are not finite.

  Args:
    network: any network.
    task: what was about to be done, for the message, such as 'saved'.

  Raises:
    FloatingPointError: names the variable; see `fault`.
  """
  found = fault(network)
  if found:
    raise FloatingPointError(
      f'The network cannot be {task}: {found}. The last checkpoint is from '
      'before. Lower the learning rate, or clip gradients '
      '(train.gradient_clip).'
    )
