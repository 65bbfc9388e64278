# SPDX-License-Identifier: Apache-2.0
"""A histogram of values whose range is not known beforehand.

The width of the bins is a power of two, and they start at multiples of it. If a
value is outside, the bins double their width and neighbours are joined. No
count is ever split, so the result does not depend on the order of the values,
and the memory is fixed. Zeros are counted separately: ReLU makes many of them,
and a quantised tensor represents them exactly.
"""

import math

import numpy as np

BINS = 2048


class Histogram:
  """Counts any number of values.

  Attributes:
    low: smallest value so far.
    high: largest value so far.
    zeros: number of values that are exactly 0.
    width: width of a bin; a power of two, or 0.0 while all values are 0.
    first: the first bin begins at first * width.
    counts: [BINS] int64, number of values other than 0 in each bin.
  """

  def __init__(self):
    """Creates a histogram without values."""
    self.low, self.high = math.inf, -math.inf
    self.zeros = 0
    self.width = 0.0
    self.first = 0
    self.counts = np.zeros(BINS, np.int64)

  @property
  def total(self) -> int:
    """Number of values, zeros included."""
    return self.zeros + int(self.counts.sum())

  def centres(self) -> np.ndarray:
    """Returns the centres of the bins, [BINS] float64."""
    return (self.first + np.arange(BINS) + 0.5) * self.width

  def add(self, values: np.ndarray) -> None:
    """Counts values.

    Args:
      values: any shape, finite.

    Raises:
      ValueError: if a value is NaN or infinite.
    """
    values = np.asarray(values, np.float64).ravel()
    if not values.size:
      return
    low, high = float(values.min()), float(values.max())
    if not (math.isfinite(low) and math.isfinite(high)):
      raise ValueError(
        'An activation is NaN or infinite on a calibration image: the training '
        'of the network failed. Change --workdir or --model.'
      )
    self.low, self.high = min(self.low, low), max(self.high, high)
    nonzero = values[values != 0]
    self.zeros += values.size - nonzero.size
    if not nonzero.size:
      return
    self._make_room(float(nonzero.min()), float(nonzero.max()))
    bins = np.floor(nonzero / self.width).astype(np.int64) - self.first
    self.counts += np.bincount(bins, minlength=BINS)

  def _make_room(self, low: float, high: float) -> None:
    """Widens the bins until they cover `low` and `high`."""
    # Bins finer than the resolution of float32 would only cost doublings.
    finest = 2.0 ** math.floor(math.log2(max(abs(low), abs(high)) / BINS))
    if not self.width:
      self.width, self.first = finest, math.floor(low / finest)
    while True:
      first, last = math.floor(low / self.width), math.floor(high / self.width)
      used = np.flatnonzero(self.counts)
      if used.size:
        first = min(first, self.first + int(used[0]))
        last = max(last, self.first + int(used[-1]))
      if last - first < BINS and self.width >= finest:
        break
      self._pair_up()
    held = self.counts[used]
    self.counts = np.zeros(BINS, np.int64)
    self.counts[used + self.first - first] = held
    self.first = first

  def _pair_up(self) -> None:
    places = (self.first + np.arange(BINS)) // 2
    self.first = int(places[0])
    self.width *= 2
    self.counts = np.bincount(
      places - self.first, self.counts, minlength=BINS
    ).astype(np.int64)
