# SPDX-License-Identifier: Apache-2.0
"""What the machines of a training tell each other besides gradients.

The first one, the chief, reads and writes the files of the run; the others get
its state when a training starts or resumes, and write nothing. All work on the
same step at any time: whoever has no partner for the next one waits, and if the
partner is gone, TensorFlow raises an error, which becomes one sentence.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import contextlib
import hashlib
import itertools

import numpy as np
import tensorflow as tf

from depth_mai.training import cluster

_SUM = tf.distribute.ReduceOp.SUM
# Bytes that are sent at once.
_CHUNK = 2**22
_DIGEST_INTEGERS = 4
# What TensorFlow raises when a machine cannot be reached.
_LOST = (
  tf.errors.AbortedError,
  tf.errors.CancelledError,
  tf.errors.DeadlineExceededError,
  tf.errors.FailedPreconditionError,
  tf.errors.UnavailableError,
)
# Of errors with other types, these are about other machines.
_LOST_TEXTS = ('ollective', 'oordination', '/job:worker')


class Workers:
  """The machines that share a training; a single process is its own chief.

  Attributes:
    is_chief: whether this process reads and writes the files of the run.
    count: number of machines.
  """

  def __init__(self, strategy: tf.distribute.Strategy):
    """Finds the place of this process.

    Args:
      strategy: from strategies.make.
    """
    self.index, self.count = 0, 1
    if strategy.cluster_resolver is not None:
      task = cluster.read()
      self.index, self.count = task.index, len(task.addresses)
    self.is_chief = self.index == 0

    devices = strategy.num_replicas_in_sync // self.count

    def replica_total(values):
      context = tf.distribute.get_replica_context()
      # The first device speaks for all devices of its machine.
      speaks = context.replica_id_in_sync_group % devices == 0
      return context.all_reduce(_SUM, tf.where(speaks, values, 0))

    @tf.function
    def total(values):
      results = strategy.run(replica_total, args=(values,))
      return strategy.experimental_local_results(results)[0]

    self._total = total

  def any(self, flag: bool) -> bool:
    """Returns whether the flag of any machine is set; all get one answer.

    All wait until the last one has called this.

    Args:
      flag: that of this machine.
    """
    if self.count == 1:
      return flag
    return bool(self._sum(np.array([flag], np.int64))[0])

  def wait(self) -> None:
    """Waits until all machines are here."""
    self.any(False)

  def check_same(self, descriptions: Mapping[str, str]) -> None:
    """Refuses to train together with a machine that would train another run.

    Args:
      descriptions: name -> text, which all machines must share; all have the
        same names in the same order.

    Raises:
      ValueError: on all machines; it names what differs from the chief.
    """
    if self.count == 1:
      return
    digests = np.zeros(
      (self.count, len(descriptions), _DIGEST_INTEGERS), np.int64
    )
    digests[self.index] = [
      np.frombuffer(hashlib.sha256(text.encode()).digest(), np.int64)
      for text in descriptions.values()
    ]
    everywhere = self._sum(digests)
    for number, digest in enumerate(everywhere):
      names = [
        name
        for name, own, chief in zip(
          descriptions, digest, everywhere[0], strict=True
        )
        if (own != chief).any()
      ]
      if names:
        raise ValueError(
          f'Worker {number} would train another run than worker 0, the chief: '
          f'{", ".join(names)} differ. Give all machines the same command, '
          'configuration and data.'
        )

  def share(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Gives all machines the arrays of the chief.

    Bytes are sent as integers to which others add 0, so nothing is rounded.

    Args:
      arrays: of the same shapes and types on all machines.

    Returns:
      Those of the chief.
    """
    content = b''.join(array.tobytes() for array in arrays)
    padded = np.zeros(-(-len(content) // _CHUNK) * _CHUNK, np.uint8)
    if self.is_chief:
      padded[: len(content)] = np.frombuffer(content, np.uint8)
    for chunk in padded.view(np.int64).reshape(-1, _CHUNK // 8):
      chunk[:] = self._sum(chunk)
    ends = itertools.accumulate(array.nbytes for array in arrays)
    return [
      padded[end - array.nbytes : end].view(array.dtype).reshape(array.shape)
      for array, end in zip(arrays, ends, strict=True)
    ]

  @contextlib.contextmanager
  def chief_first(self) -> Iterator[None]:
    """Lets the chief do first what others then find done on a shared disk.

    Yields:
      Nothing.

    Raises:
      LostWorkerError: see `needed`.
    """
    if not self.is_chief:
      self.wait()
    yield
    if self.is_chief:
      self.wait()

  @contextlib.contextmanager
  def needed(self) -> Iterator[None]:
    """Explains the loss of another machine, which ends the training.

    Yields:
      Nothing.

    Raises:
      LostWorkerError: if another machine has ended or cannot be reached.
    """
    try:
      yield
    except tf.errors.OpError as error:
      if self.count == 1 or not _is_loss(error):
        raise
      raise cluster.LostWorkerError(
        f'Worker {self.index} of {self.count} has lost another worker, which '
        'has ended (its output says why) or cannot be reached. Start the same '
        'command on all machines again; the training resumes from its newest '
        'checkpoint.'
      ) from error

  def _sum(self, values: np.ndarray) -> np.ndarray:
    """Returns the sum of the int64 arrays of all machines."""
    with self.needed():
      return self._total(tf.constant(values)).numpy()


def _is_loss(error: tf.errors.OpError) -> bool:
  if isinstance(error, _LOST):
    return True
  return any(text in str(error) for text in _LOST_TEXTS)
