# SPDX-License-Identifier: Apache-2.0
"""Reads how a video is turned for display, as phones store it."""

import numpy as np

# The orientation of EXIF to the signs of a, b, c, d of a display matrix.
_ORIENTATIONS = {
  (1, 0, 0, 1): 1,
  (-1, 0, 0, 1): 2,
  (-1, 0, 0, -1): 3,
  (1, 0, 0, -1): 4,
  (0, 1, 1, 0): 5,
  (0, 1, -1, 0): 6,
  (0, -1, -1, 0): 7,
  (0, -1, 1, 0): 8,
}


def orientation(matrix: bytes) -> int:
  """Returns how a frame must be turned to be upright.

  Args:
    matrix: the transformation matrix of a track (ISO/IEC 14496-12, 6.2.2), nine
      32-bit integers in the byte order of this machine, as FFmpeg gives it: a
      pixel (x, y) is shown at (a x + c y, b x + d y).

  Returns:
    The orientation of EXIF, 1 to 8, see `files.upright`; other angles than
    multiples of 90 degrees are rounded to them.
  """
  a, b, _, c, d = np.frombuffer(matrix, np.int32)[:5].astype(np.int64)
  if abs(a) + abs(d) >= abs(b) + abs(c):
    key = (_sign(a), 0, 0, _sign(d))
  else:
    key = (0, _sign(b), _sign(c), 0)
  return _ORIENTATIONS[key]


def _sign(number: int) -> int:
  return -1 if number < 0 else 1
