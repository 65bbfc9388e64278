# SPDX-License-Identifier: Apache-2.0
"""The options of the augmentation; example.py applies them."""

from collections.abc import Sequence
import dataclasses
import math
from typing import Any

CROPS = ('r2', 'zoom', 'none')
OFF = (1.0, 1.0)


def _is_range(value: Any, most: float = math.inf) -> bool:
  """Returns whether a value is (low, high) with 0 <= low <= high <= most."""
  is_pair = isinstance(value, list | tuple) and len(value) == 2
  return is_pair and 0 <= value[0] <= value[1] <= most


_RANGE = (_is_range, 'two numbers, 0 <= low <= high')
_FRACTION = (lambda value: 0 <= value <= 1, '0 to 1')
# Option -> check, and its allowed values in words.
_ALLOWED = {
  'crop': (CROPS.__contains__, f'one of {", ".join(map(repr, CROPS))}'),
  'min_zoom': (lambda value: 0 < value <= 1, 'above 0 and at most 1'),
  'max_zoom': (lambda value: 0 < value <= 1, 'above 0 and at most 1'),
  'aspect_jitter': _FRACTION,
  'rotation_degrees': (lambda value: 0 <= value <= 180, '0 to 180'),
  'rotation_probability': _FRACTION,
  'flip_probability': _FRACTION,
  'gamma': (
    lambda value: _is_range(value) and value[0] > 0,
    'two numbers, 0 < low <= high',
  ),
  'gamma_white': (lambda value: 0 < value <= 255, 'above 0 and at most 255'),
  'brightness': _RANGE,
  'channel': _RANGE,
  'saturation': _RANGE,
  'contrast': _RANGE,
  'cutout_probability': _FRACTION,
  'cutout_size': (
    lambda value: _is_range(value, 1.0),
    'two numbers, 0 <= low <= high <= 1',
  ),
}


@dataclasses.dataclass(frozen=True)
class Augmentation:
  """Options of the augmentation. The defaults are LiteDepth's pipeline.

  Ranges are (low, high), drawn uniformly; (1, 1) switches a factor off.

  Attributes:
    crop: 'r2' (three windows, constant scale), 'zoom' (any window, stretched
      to the input) or 'none' (the whole frame); see crop.py.
    min_zoom: 'zoom' only: smallest side of the window, as a fraction of the
      frame's.
    max_zoom: 'zoom' only: largest side; if it equals min_zoom, all windows have
      one size.
    aspect_jitter: 'zoom' only: each side of the window is multiplied by
      exp(U(-aspect_jitter, aspect_jitter)), up to the frame's side.
    zoom_scales_depth: 'zoom' only: multiplies depth by the zoom, as if the
      camera had moved closer.
    rotation_degrees: angle U(-rotation_degrees, rotation_degrees) about the
      centre; corners from outside the frame become black, with unknown depth.
    rotation_probability: share of examples that are rotated.
    flip_probability: share of examples that are mirrored.
    gamma: range of the exponent.
    gamma_white: value that the exponent does not change: 1 is LiteDepth's
      x ** gamma on 0..255, 255 keeps white.
    brightness: range of the factor on all values.
    channel: range of the factors on red, green and blue, drawn separately.
    saturation: range of the factor on the distance to the pixel's grey.
    contrast: range of the factor on the distance to the image's mean.
    cutout_probability: share of examples with one rectangle cut out: 127.5 in
      the image, unchanged in the depth, which has to be predicted.
    cutout_size: range of the rectangle's height and width, drawn separately,
      as fractions of the image's.
  """

  crop: str = 'r2'
  min_zoom: float = 0.5
  max_zoom: float = 1.0
  aspect_jitter: float = 0.0
  zoom_scales_depth: bool = False
  rotation_degrees: float = 2.5
  rotation_probability: float = 0.5
  flip_probability: float = 0.5
  gamma: Sequence[float] = (0.9, 1.1)
  gamma_white: float = 1.0
  brightness: Sequence[float] = (0.75, 1.25)
  channel: Sequence[float] = (0.9, 1.1)
  saturation: Sequence[float] = OFF
  contrast: Sequence[float] = OFF
  cutout_probability: float = 0.0
  cutout_size: Sequence[float] = (0.1, 0.4)

  def __post_init__(self):
    """Raises a ValueError for values out of range; turns lists into tuples."""
    for name, (is_allowed, allowed) in _ALLOWED.items():
      value = getattr(self, name)
      if not is_allowed(value):
        raise ValueError(
          f'Augmentation.{name} is {value!r}; allowed: {allowed}. Change '
          f'Augmentation.{name} in the gin file or with --gin_param.'
        )
      if isinstance(value, list | tuple):
        object.__setattr__(self, name, tuple(map(float, value)))
    if self.min_zoom > self.max_zoom:
      raise ValueError(
        f'Augmentation.min_zoom is {self.min_zoom}, above '
        f'Augmentation.max_zoom = {self.max_zoom}. Change one of them in the '
        'gin file or with --gin_param.'
      )

  @classmethod
  def off(cls) -> 'Augmentation':
    """Returns options that only resize the frame to the network's size."""
    return cls(
      crop='none',
      rotation_probability=0.0,
      flip_probability=0.0,
      gamma=OFF,
      brightness=OFF,
      channel=OFF,
    )

  @property
  def rotates(self) -> bool:
    """Returns whether any example can be rotated."""
    return self.rotation_degrees > 0 and self.rotation_probability > 0

  @property
  def random_options(self) -> list[str]:
    """Returns the options for which an example differs from pass to pass."""
    ranges = ('gamma', 'brightness', 'channel', 'saturation', 'contrast')
    is_random = {
      'crop': self.crop != 'none',
      'rotation_probability': self.rotates,
      'flip_probability': 0 < self.flip_probability < 1,
      **{name: len(set(getattr(self, name))) > 1 for name in ranges},
      'cutout_probability': self.cutout_probability > 0,
    }
    return [name for name, value in is_random.items() if value]
