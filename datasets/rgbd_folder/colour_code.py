# SPDX-License-Identifier: Apache-2.0
"""Recognises pictures whose colours are the bytes of 24-bit depth."""

import numpy as np

from depth_mai.datasets.rgbd_folder import encodings

# The low byte of measured depth changes like noise from pixel to pixel: by 85
# on average if it were random. In a colour map, no channel does.
_LEAST_CHANGE = 32
# With the bytes in their right order, neighbours are this many times closer
# than with the low and the high byte exchanged.
_LEAST_RATIO = 8


def encoding(rgb_uint8: np.ndarray) -> str:
  """Returns the encoding of depth in colours: 'rgb24', 'bgr24' or ''.

  Args:
    rgb_uint8: [H, W, 3] uint8.
  """
  if is_24_bits(rgb_uint8):
    return 'rgb24'
  return 'bgr24' if is_24_bits(rgb_uint8[..., ::-1]) else ''


def is_24_bits(rgb_uint8: np.ndarray) -> bool:
  """Returns whether red, green and blue are the bytes of one smooth number.

  Args:
    rgb_uint8: [H, W, 3] uint8; red would be the lowest byte.

  Returns:
    False for photographs, for colour maps, and for grey pictures.
  """
  if (rgb_uint8 == rgb_uint8[..., :1]).all():
    return False
  numbers = encodings.joined_24_bits(rgb_uint8).astype(np.int64)
  exchanged = encodings.joined_24_bits(rgb_uint8[..., ::-1]).astype(np.int64)
  red = rgb_uint8[..., 0].astype(np.int64)
  changes, others, reds = [], [], []
  for axis in (0, 1):
    change = np.abs(np.diff(numbers, axis=axis))
    moved = change > 0
    changes.append(change[moved])
    others.append(np.abs(np.diff(exchanged, axis=axis))[moved])
    reds.append(np.abs(np.diff(red, axis=axis))[moved])
  if not sum(map(len, changes)):
    return False
  # The median, since the edges of objects change all bytes.
  change, other = (
    np.median(np.concatenate(found)) for found in (changes, others)
  )
  return bool(
    np.concatenate(reds).mean() > _LEAST_CHANGE
    and other > _LEAST_RATIO * change
  )
