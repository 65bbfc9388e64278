# SPDX-License-Identifier: Apache-2.0
"""Distribution strategies by name."""

import pathlib

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


def own_folder(
  strategy: tf.distribute.Strategy, workdir: pathlib.Path
) -> pathlib.Path:
  """Returns where this process writes: workers leave the workdir to the chief.

  All processes restore from the chief's checkpoints, so the workdir must lie on
  a file system that they share.

  Args:
    strategy: from make_strategy.
    workdir: of the run.

  Returns:
    The workdir, or for a worker that is not the first a folder inside it.
  """
  resolver = strategy.cluster_resolver
  if resolver is None or not resolver.task_id:
    return workdir
  folder = workdir / f'worker_{resolver.task_id}'
  folder.mkdir(parents=True, exist_ok=True)
  return folder
