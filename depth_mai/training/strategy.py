# SPDX-License-Identifier: Apache-2.0
"""Distribution strategies by name."""

import tensorflow as tf

STRATEGIES = {
  'default': tf.distribute.get_strategy,
  'mirrored': tf.distribute.MirroredStrategy,
  'multi_worker': tf.distribute.MultiWorkerMirroredStrategy,
}


def make_strategy(name: str) -> tf.distribute.Strategy:
  """Returns the strategy of a name.

  Args:
    name: 'default' (one device), 'mirrored' (all devices of this machine) or
      'multi_worker' (several machines, described by TF_CONFIG).

  Returns:
    The strategy.

  Raises:
    ValueError: for another name.
  """
  if name not in STRATEGIES:
    raise ValueError(
      f'train.strategy={name!r} is not one of {sorted(STRATEGIES)}.'
    )
  return STRATEGIES[name]()
