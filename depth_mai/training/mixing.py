# SPDX-License-Identifier: Apache-2.0
"""Mixes several data sets in each batch, each with its own loss.

The images of a batch come in the order of the data sets, a fixed number of
each, so a loss knows by their position which ones are its own.
"""

from collections.abc import Callable
from collections.abc import Sequence
import dataclasses
import itertools
import math
from typing import Any

import tensorflow as tf

from depth_mai.data import pipeline

# The seeds of two data sets differ by more than any two seeds of a run.
_SEED_STEP = 2**32


@dataclasses.dataclass(frozen=True)
class Mixing:
  """How data sets are mixed.

  Attributes:
    shares: share of the images of a batch that come from each data set, in the
      order of --data_dir; positive numbers, relative to each other. None for
      equal shares.
    losses: the loss of each data set; None for the loss of the training, on
      the whole batch. A sequence weights each loss with its data set's share of
      the batch, so the sum is a mean over images for losses that are.
  """

  shares: Sequence[float] | None = None
  losses: Sequence[Callable] | None = None

  def __post_init__(self):
    """Raises a ValueError for shares and losses that cannot be used."""
    if self.shares is not None and not all(
      isinstance(share, int | float) and 0 < share < math.inf
      for share in self.shares
    ):
      raise ValueError(
        f'Mixing.shares is {self.shares!r}; allowed: a number above 0 for each '
        'data set. Change it in the gin file or with --gin_param.'
      )
    for loss in self.losses or ():
      if not callable(loss) or isinstance(loss, type):
        raise ValueError(
          f'Mixing.losses contains {loss!r}; each must be a function of '
          "(prediction, depth_m, valid_mask), in gin such as '@WeightedLoss()'."
        )

  def counts(self, batch_size: int, sets: int) -> tuple[int, ...]:
    """Returns how many images of a batch come from each data set.

    Args:
      batch_size: images in a batch.
      sets: number of data sets.

    Returns:
      The nearest whole numbers of images that sum to `batch_size`, each at
      least 1.

    Raises:
      ValueError: if the numbers of data sets, shares and losses differ, or the
        batch is too small.
    """
    for name in ('shares', 'losses'):
      values = getattr(self, name)
      if values is not None and len(values) != sets:
        raise ValueError(
          f'Mixing.{name} has {len(values)} values, but there are {sets} data '
          'sets. Give one for each --data_dir, in their order.'
        )
    if batch_size < sets:
      raise ValueError(
        f'train.batch_size = {batch_size} is too small for {sets} data sets; '
        'each has at least one image in a batch.'
      )
    shares = self.shares or (1.0,) * sets
    wanted = [batch_size * share / sum(shares) for share in shares]
    counts = [max(1, math.floor(number)) for number in wanted]
    # The largest remainder gains an image; the largest excess loses one.
    while sum(counts) != batch_size:
      step = 1 if sum(counts) < batch_size else -1
      index = max(
        (i for i in range(sets) if counts[i] + step >= 1),
        key=lambda i: step * (wanted[i] - counts[i]),
      )
      counts[index] += step
    return tuple(counts)

  def loss(self, counts: Sequence[int]) -> 'MixedLoss | None':
    """Returns the loss of a batch, None for that of the training."""
    return MixedLoss(self.losses, counts) if self.losses is not None else None


class MixedLoss:
  """A loss for each data set of a batch, weighted by the number of images.

  The terms are reported with the number of the data set, counted from 1:
  silog_1, silog_2; the sums as loss_1, loss_2.
  """

  def __init__(self, losses: Sequence[Callable], counts: Sequence[int]):
    """Sets the losses.

    Args:
      losses: for each data set, a function (pred_depth_m, depth_m, valid_mask)
        -> (total, terms).
      counts: for each data set, the number of its images in a batch.
    """
    self._losses = list(losses)
    self._counts = list(counts)

  def build(self) -> list[Any]:
    """Creates the variables of those losses that have some."""
    built = [loss.build() for loss in self._losses if hasattr(loss, 'build')]
    return list(itertools.chain.from_iterable(built))

  def __call__(
    self, pred_depth_m: tf.Tensor, depth_m: tf.Tensor, valid_mask: tf.Tensor
  ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    """Computes the weighted sum and the terms.

    Args:
      pred_depth_m: predicted depth [B, h, w, 1], metres.
      depth_m: target depth [B, H, W, 1], metres.
      valid_mask: [B, H, W, 1], above 0.5 where the target is known.

    Returns:
      (total, values): a float32 scalar, and a dict of scalars.
    """
    total = tf.zeros([], tf.float32)
    values = {}
    ends = list(itertools.accumulate(self._counts))
    for number, (loss, count, end) in enumerate(
      zip(self._losses, self._counts, ends, strict=True), start=1
    ):
      own = slice(end - count, end)
      part, terms = loss(pred_depth_m[own], depth_m[own], valid_mask[own])
      total += part * (count / ends[-1])
      values[f'loss_{number}'] = part
      values |= {f'{name}_{number}': value for name, value in terms.items()}
    return total, values


def order(counts: Sequence[int], replicas: int) -> list[int] | None:
  """Returns where the images of a batch are when several devices share it.

  Each device has its share of every data set, so the images of the devices, one
  device after another, are not in the order of the data sets.

  Args:
    counts: for each data set, its number of images in a batch.
    replicas: number of devices; it divides the counts.

  Returns:
    For each image of the batch, in the order of the data sets, its position in
    the shares of all devices together; None if it is the same.
  """
  shares = [count // replicas for count in counts]
  starts = itertools.accumulate(shares, initial=0)
  positions = [
    replica * sum(shares) + start + image
    for share, start in zip(shares, starts, strict=False)
    for replica in range(replicas)
    for image in range(share)
  ]
  return None if positions == sorted(positions) else positions


def batches(
  sources: Sequence[tf.data.Dataset],
  counts: Sequence[int],
  seed: int,
  start_step: int,
  **options: Any,
) -> tf.data.Dataset:
  """Makes the endless stream of mixed batches that begins at a step.

  Args:
    sources: the data sets, see `pipeline.train_dataset`.
    counts: for each, its number of images in a batch.
    seed: seed of the run; each data set has its own seed, that of the first is
      the run's.
    start_step: batches already used.
    **options: further arguments of `pipeline.train_dataset`.

  Returns:
    Endless dataset of dicts; the values of a batch are those of the data sets,
    joined in their order. With one data set, its own stream.
  """
  streams = [
    pipeline.train_dataset(
      source,
      batch_size=count,
      seed=seed + number * _SEED_STEP,
      start_step=start_step,
      **options,
    )
    for number, (source, count) in enumerate(zip(sources, counts, strict=True))
  ]
  if len(streams) == 1:
    return streams[0]

  @tf.autograph.experimental.do_not_convert
  def join(*parts):
    return {key: tf.concat([x[key] for x in parts], 0) for key in parts[0]}

  return (
    tf.data.Dataset.zip(tuple(streams)).map(join).prefetch(tf.data.AUTOTUNE)
  )
