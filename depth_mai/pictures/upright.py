# SPDX-License-Identifier: Apache-2.0
"""Turns a stored picture so that it is upright, as EXIF numbers the turns."""

from collections.abc import Callable

import numpy as np

# EXIF 2.3, tag 274. The key says where the stored first row and first column
# belong; the function brings them there.
_TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
  2: lambda stored: stored[:, ::-1],
  3: lambda stored: stored[::-1, ::-1],
  4: lambda stored: stored[::-1],
  5: lambda stored: stored.swapaxes(0, 1),
  6: lambda stored: stored.swapaxes(0, 1)[:, ::-1],
  7: lambda stored: stored[::-1, ::-1].swapaxes(0, 1),
  8: lambda stored: stored.swapaxes(0, 1)[::-1],
}


def upright(stored: np.ndarray, orientation: int) -> np.ndarray:
  """Returns a picture as it is seen.

  Args:
    stored: [H, W, ...], as in the file.
    orientation: 1 (upright already) to 8, as in EXIF; 6 means that the picture
      is to be turned clockwise by 90 degrees.

  Returns:
    [H, W, ...], or [W, H, ...] for 5 to 8; the input itself for 1.
  """
  if orientation not in _TURNS:
    return stored
  return np.ascontiguousarray(_TURNS[orientation](stored))
