# SPDX-License-Identifier: Apache-2.0
"""Do two measures put the same things in the same order? Spearman's rho."""

import numpy as np


def average_ranks(values):
  """Ranks values from 1; equal values share the mean of their ranks.

  Args:
    values: [N] numbers.

  Returns:
    [N] float64: 1 for the smallest value.

  Raises:
    ValueError: if the values are no vector or one is not finite.
  """
  values = np.asarray(values, np.float64)
  if values.ndim != 1 or not np.isfinite(values).all():
    raise ValueError(f'values must be N finite numbers, got {values}.')
  # Below a value lie `smaller`, and at it `equal` values, itself among them.
  smaller = (values[None, :] < values[:, None]).sum(axis=1)
  equal = (values[None, :] == values[:, None]).sum(axis=1)
  return smaller + (equal + 1) / 2


def spearman(first, second):
  """Computes Spearman's rank correlation.

  It is Pearson's correlation of the ranks (Spearman 1904), which also holds
  where values are equal; for N different values each it is
  1 - 6 sum(d^2) / (N (N^2 - 1)), d being the differences of rank.

  Args:
    first: [N] numbers.
    second: [N] numbers, of the same things in the same order.

  Returns:
    A float from -1 (the opposite order) over 0 to 1 (the same order); None
    where there is no order: for less than two things, or if all values of one
    are equal.

  Raises:
    ValueError: if the lengths differ or a value is not finite.
  """
  first, second = average_ranks(first), average_ranks(second)
  if first.size != second.size:
    raise ValueError(
      f'first has {first.size} values and second {second.size}; give one of '
      'each for every thing that is ranked.'
    )
  if first.size < 2:
    return None
  first, second = first - first.mean(), second - second.mean()
  scale = np.sqrt(np.square(first).sum() * np.square(second).sum())
  return float((first * second).sum() / scale) if scale > 0 else None
