# SPDX-License-Identifier: Apache-2.0
"""Computes medians several times as fast as NumPy.

`np.median` asks `np.partition` for several places, which its vector code does
not do.
"""

import numpy as np


def median(values: np.ndarray) -> float:
  """Returns the median, as `np.median` computes it.

  Args:
    values: at least one number, of any shape; none is NaN.
  """
  middle = values.size // 2
  parted = np.partition(values, middle, axis=None)
  middles = [parted[middle]]
  if values.size % 2 == 0:
    middles.append(parted[:middle].max())
  return float(np.mean(middles))
