# SPDX-License-Identifier: Apache-2.0
"""Chooses the devices and machines that share a training."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence

import tensorflow as tf

from depth_mai.data import pipeline
from depth_mai.files import failures
from depth_mai.training import cluster


def _mirrored() -> tf.distribute.Strategy:
  devices = tf.config.list_logical_devices('GPU')
  # Without this list, MirroredStrategy would take the machines of TF_CONFIG.
  devices = devices or tf.config.list_logical_devices('CPU')
  return tf.distribute.MirroredStrategy([device.name for device in devices])


def _multi_worker() -> tf.distribute.Strategy:
  task = cluster.read()
  number = len(task.addresses)
  print(
    f'Worker {task.index} of {number}. Waiting for the others: '
    f'{", ".join(task.addresses)}',
    flush=True,
  )
  try:
    return tf.distribute.MultiWorkerMirroredStrategy()
  except (tf.errors.OpError, RuntimeError) as error:
    raise cluster.LostWorkerError(
      f'Worker {task.index} of {number} cannot join the others '
      f'({failures.reason(error)}). Make sure that no earlier process uses '
      f'{task.addresses[task.index]}, that this is an address of this machine, '
      'and that the others can be reached; then start the same command on all '
      'machines again.'
    ) from error


STRATEGIES: dict[str, Callable[[], tf.distribute.Strategy]] = {
  'default': tf.distribute.get_strategy,
  'mirrored': _mirrored,
  'multi_worker': _multi_worker,
}


def make(name: str) -> tf.distribute.Strategy:
  """Returns a strategy by its name.

  Args:
    name: 'default' (one device), 'mirrored' (all GPUs of this machine, or its
      CPU) or 'multi_worker' (several machines, described by TF_CONFIG; with
      all GPUs of each).

  Returns:
    The strategy.

  Raises:
    ValueError: for another name, or a TF_CONFIG that cannot be used.
    LostWorkerError: if the other machines cannot be reached.
  """
  if name not in STRATEGIES:
    raise ValueError(
      f'train.strategy={name!r} is not one of {sorted(STRATEGIES)}.'
    )
  return STRATEGIES[name]()


def part(strategy: tf.distribute.Strategy) -> pipeline.Part:
  """Returns the part of each batch that this process makes.

  Args:
    strategy: from `make`.
  """
  replicas = strategy.num_replicas_in_sync
  resolver = strategy.cluster_resolver
  if resolver is None:
    return pipeline.Part(0, replicas, replicas)
  workers = len(cluster.read().addresses)
  own = replicas // workers
  return pipeline.Part(cluster.read().index * own, own, replicas)


def check_counts(counts: Sequence[int], replicas: int) -> None:
  """Refuses batches that the devices cannot share equally.

  Args:
    counts: number of images of a batch from each data set.
    replicas: number of devices, on all machines together.

  Raises:
    ValueError: if a number is not a multiple of that of the devices.
  """
  if all(count % replicas == 0 for count in counts):
    return
  if len(counts) == 1:
    raise ValueError(
      f'train.batch_size = {counts[0]} is not a multiple of {replicas}, the '
      'number of devices. Change it in the gin file or with --gin_param.'
    )
  raise ValueError(
    f'The {sum(counts)} images of a batch (train.batch_size) are '
    f'{" + ".join(map(str, counts))} of the data sets, and {replicas} devices '
    'cannot share each of these equally. Change train.batch_size or '
    'Mixing.shares in the gin file.'
  )


def distributed(
  strategy: tf.distribute.Strategy, batches: tf.data.Dataset
) -> Iterable[dict]:
  """Gives each device its batches.

  Args:
    strategy: from `make`.
    batches: those of `part`, a batch for each device in turn.
  """
  return strategy.distribute_datasets_from_function(lambda context: batches)
