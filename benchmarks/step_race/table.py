# SPDX-License-Identifier: Apache-2.0
"""Compares the turns of several workers, in a table."""

from collections.abc import Callable
from collections.abc import Sequence
import statistics
from typing import NamedTuple

from benchmarks.step_race import turns as turns_lib


class Ratio(NamedTuple):
  """How many times as long the other one takes.

  Attributes:
    median: of the ratios of neighbouring turns.
    low: their first quartile.
    high: their third quartile.
  """

  median: float
  low: float
  high: float

  def __str__(self) -> str:
    """Returns e.g. '1.25 (1.20-1.31)'."""
    return f'{self.median:.2f} ({self.low:.2f}-{self.high:.2f})'


def ratio(
  turns: Sequence[turns_lib.Turn],
  others: Sequence[turns_lib.Turn],
  seconds: Callable[[turns_lib.Turn], float],
) -> Ratio:
  """Returns how many times as long the others took.

  Args:
    turns: those of one worker.
    others: those of another one, in the same rounds.
    seconds: what is compared, e.g. Turn.elapsed_s of a turn.
  """
  ratios = sorted(
    seconds(other) / seconds(turn)
    for turn, other in zip(turns, others, strict=True)
  )
  if len(ratios) == 1:
    return Ratio(*ratios * 3)
  low, median, high = statistics.quantiles(ratios, n=4, method='inclusive')
  return Ratio(median, low, high)


def table(
  titles: Sequence[str],
  taken: Sequence[Sequence[turns_lib.Turn]],
  batch_size: int,
  references: Sequence[str],
) -> str:
  """Returns a table with a row for each worker.

  Args:
    titles: of the workers.
    taken: the turns of each.
    batch_size: images of a step.
    references: titles of those that all are compared with.
  """
  columns = [f'time / {title}' for title in references]
  lines = [
    f'| step | images/s | CPU ms per image | {" | ".join(columns)} |',
    '|---|---:|---:|' + '---:|' * len(columns),
  ]
  for title, found in zip(titles, taken, strict=True):
    elapsed_s, cpu_s = map(statistics.median, zip(*found, strict=True))
    ratios = [
      str(ratio(taken[titles.index(x)], found, lambda turn: turn.elapsed_s))
      for x in references
    ]
    lines.append(
      f'| {title} | {batch_size / elapsed_s:.0f} | '
      f'{1000 * cpu_s / batch_size:.2f} | {" | ".join(ratios)} |'
    )
  return '\n'.join(lines)
