# SPDX-License-Identifier: Apache-2.0
"""Distribution strategies: one device, several devices, several machines."""

import pathlib

import tensorflow as tf

STRATEGIES = {
  'default': tf.distribute.get_strategy,
  'mirrored': tf.distribute.MirroredStrategy,
  'multi_worker': tf.distribute.MultiWorkerMirroredStrategy,
}


def make_strategy(name: str) -> tf.distribute.Strategy:
  """Returns a strategy by its name.

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
  """Returns the folder to which this process writes.

  Only the chief writes to the workdir itself. All processes restore from its
  checkpoints, so the workdir must be on a file system that they share.

  Args:
    strategy: from make_strategy.
    workdir: folder of the run.

  Returns:
    The workdir for the chief, a folder inside it for the other workers.
  """
  resolver = strategy.cluster_resolver
  if resolver is None or not resolver.task_id:
    return workdir
  folder = workdir / f'worker_{resolver.task_id}'
  folder.mkdir(parents=True, exist_ok=True)
  return folder
