# SPDX-License-Identifier: Apache-2.0
"""The known encodings of depth: how the numbers of a file become metres."""

from collections.abc import Callable
import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Encoding:
  """A way to store depth as numbers.

  Attributes:
    units_per_metre: linear encodings: the number of units in a metre. Inverse
      ones: the number of units in a pixel of disparity.
    meaning: what a number is, in words.
    offset: the number of no disparity (inverse encodings only).
    inverse: whether the numbers are disparities, of which near ones are large.
    channels: number of 8-bit channels of the file; 0 for numbers in one
      channel of more bits.
    unpack: turns what the file stores into one number per pixel; None where
      they are the same.
    most_m: 99 % of the depth is nearer, for all cameras with this encoding.
  """

  units_per_metre: float
  meaning: str
  offset: float = 0.0
  inverse: bool = False
  channels: int = 0
  unpack: Callable[[np.ndarray], np.ndarray] | None = None
  most_m: float = np.inf

  @property
  def is_plain(self) -> bool:
    """Whether a number is a depth in some unit, and nothing else."""
    return not self.inverse and self.unpack is None


def rotated_right(codes: np.ndarray) -> np.ndarray:
  """Undoes SUN RGB-D's rotation of 16 bits to the left by 3.

  Song et al., CVPR 2015; SUNRGBDtoolbox/readData/read3dPoints.m.

  Args:
    codes: [H, W] uint16.

  Returns:
    [H, W] uint16, millimetres.
  """
  codes = codes.astype(np.uint16)
  return (codes >> 3) | (codes << 13)


def joined_24_bits(rgb_uint8: np.ndarray) -> np.ndarray:
  """Joins red, green and blue to numbers of 24 bits; red is the lowest byte.

  CARLA's documentation, 'Depth camera'; SHIFT (Sun et al., CVPR 2022).

  Args:
    rgb_uint8: [H, W, 3] uint8.

  Returns:
    [H, W] uint32.
  """
  red, green, blue = np.moveaxis(rgb_uint8.astype(np.uint32), -1, 0)
  return red | green << 8 | blue << 16


# The value of depth_unit in a description -> what it means. docs/own_data.md
# has the same table.
ENCODINGS = {
  'm': Encoding(1, 'metres'),
  'cm': Encoding(100, 'centimetres, as in Virtual KITTI'),
  'mm': Encoding(1000, 'millimetres, as of most RGB-D cameras'),
  'kitti': Encoding(256, '1/256 m, as in KITTI'),
  'tum': Encoding(5000, '1/5000 m, as in TUM RGB-D'),
  'matterport': Encoding(4000, '1/4 mm, as in Matterport3D'),
  'taskonomy': Encoding(512, '1/512 m, as in Taskonomy'),
  'sunrgbd': Encoding(
    1000,
    'millimetres, their 16 bits rotated left by 3, as in SUN RGB-D',
    unpack=rotated_right,
    most_m=20.0,
  ),
  'rgb24': Encoding(
    (2**24 - 1) / 1000,
    '24 bits in red, green and blue for 0 to 1000 m, as in CARLA and SHIFT',
    channels=3,
    unpack=joined_24_bits,
  ),
  'bgr24': Encoding(
    (2**24 - 1) / 1000,
    '24 bits in blue, green and red for 0 to 1000 m',
    channels=3,
    unpack=lambda rgb_uint8: joined_24_bits(rgb_uint8[..., ::-1]),
  ),
  'disparity': Encoding(1, 'disparities in pixels', inverse=True),
  'disparity_256': Encoding(
    256, 'disparities in 1/256 pixel, as in KITTI Stereo', inverse=True
  ),
  'cityscapes': Encoding(
    256,
    'disparities, (number - 1) / 256 pixels, as in Cityscapes',
    offset=1.0,
    inverse=True,
  ),
}
DISPARITIES = tuple(n for n, known in ENCODINGS.items() if known.inverse)


def to_metres(
  numbers: np.ndarray,
  encoding: Encoding,
  baseline_m: float = 0.0,
  focal_px: float = 0.0,
) -> np.ndarray:
  """Converts numbers to metres.

  Args:
    numbers: [H, W], known numbers (above 0) and 0 elsewhere.
    encoding: their encoding; `unpack` was applied already.
    baseline_m: distance of the two cameras, for disparities.
    focal_px: focal length in pixels of the disparity map, for disparities.

  Returns:
    [H, W] float64; 0 stays 0, a disparity of 0 becomes infinite.
  """
  scaled = (numbers.astype(np.float64) - encoding.offset) / (
    encoding.units_per_metre
  )
  if not encoding.inverse:
    return scaled
  disparity_px = np.maximum(scaled, 0.0)
  with np.errstate(divide='ignore'):
    depth_m = baseline_m * focal_px / disparity_px
  return np.where(numbers > 0, depth_m, 0.0)
