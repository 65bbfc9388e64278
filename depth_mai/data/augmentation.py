# SPDX-License-Identifier: Apache-2.0
"""Augments one training example with random geometry and colour.

The order is LiteDepth's: rotate, flip, crop, resize, colour, pad. The geometry
is a single transform per image (geometry.py). All random decisions come from
one stateless draw, so an example is a pure function of its two seeds and the
options.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import math
from typing import Any

import tensorflow as tf

from depth_mai.data import colour
from depth_mai.data import crop as crop_lib
from depth_mai.data import geometry

CROPS = ('r2', 'zoom', 'none')
_OFF = (1.0, 1.0)

# Every decision has its own number in the draw, so switching an option on or
# off does not change the other numbers. Append only.
_DECISIONS = (
  'rotate', 'angle', 'flip',
  'crop_size', 'crop_top', 'crop_left', 'stretch_y', 'stretch_x',
  'gamma', 'brightness', 'red', 'green', 'blue', 'saturation', 'contrast',
  'cutout', 'cutout_y', 'cutout_x', 'cutout_height', 'cutout_width',
)  # fmt: skip


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
  saturation: Sequence[float] = _OFF
  contrast: Sequence[float] = _OFF
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
      gamma=_OFF,
      brightness=_OFF,
      channel=_OFF,
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


def draw(seed_pair: Any) -> dict[str, tf.Tensor]:
  """Draws the random numbers of all decisions about one example.

  Args:
    seed_pair: [2] integers; the result depends on nothing else.

  Returns:
    Decision to scalar float32, uniform in [0, 1).
  """
  numbers = tf.random.stateless_uniform(
    (len(_DECISIONS),), seed=seed_pair, alg='philox'
  )
  return dict(zip(_DECISIONS, tf.unstack(numbers), strict=True))


def _between(value_range: Sequence[float], number: tf.Tensor) -> tf.Tensor:
  low, high = value_range
  return low + (high - low) * number


def _choose_window(
  numbers: Mapping[str, tf.Tensor],
  options: Augmentation,
  frame_size: Sequence[Any],
) -> tuple[crop_lib.Window, Sequence[Any]]:
  """Returns the window and the span (crop.py) of one example."""
  if options.crop == 'r2':
    window = crop_lib.r2_window(
      numbers['crop_size'], numbers['crop_top'], numbers['crop_left']
    )
    return window, frame_size
  if options.crop == 'none':
    return crop_lib.full_window(frame_size), frame_size
  jitter = (-options.aspect_jitter, options.aspect_jitter)
  window = crop_lib.zoom_window(
    frame_size,
    _between((options.min_zoom, options.max_zoom), numbers['crop_size']),
    tf.exp(_between(jitter, numbers['stretch_y'])),
    tf.exp(_between(jitter, numbers['stretch_x'])),
    numbers['crop_top'],
    numbers['crop_left'],
  )
  return window, (window.height, window.width)


def _frame_steps(
  numbers: Mapping[str, tf.Tensor],
  options: Augmentation,
  source_size: Sequence[Any],
  frame_size: Sequence[Any],
) -> list[tf.Tensor]:
  """Returns the matrices of all steps before the crop."""
  steps = []
  if options.crop == 'r2':
    steps.append(geometry.resize(frame_size, source_size))
  if options.rotates:
    angle = _between(
      (-options.rotation_degrees, options.rotation_degrees), numbers['angle']
    )
    turned = numbers['rotate'] < options.rotation_probability
    steps.append(geometry.rotation(tf.where(turned, angle, 0.0), frame_size))
  if options.flip_probability > 0:
    flipped = numbers['flip'] < options.flip_probability
    steps.append(geometry.horizontal_flip(frame_size[1], flipped))
  return steps


def change_colour(
  rgb: tf.Tensor,
  shown: tf.Tensor,
  numbers: Mapping[str, tf.Tensor],
  options: Augmentation,
) -> tf.Tensor:
  """Applies the colour options, then clips.

  Args:
    rgb: [H, W, 3] float32, 0..255.
    shown: [H, W, 1] boolean, false in the later padding.
    numbers: a result of `draw`.
    options: the options to apply.

  Returns:
    [H, W, 3] float32, 0..255.
  """

  def drawn(name):
    return _between(getattr(options, name), numbers[name])

  if options.gamma != _OFF:
    rgb = colour.adjust_gamma(rgb, drawn('gamma'), options.gamma_white)
  if options.brightness != _OFF:
    rgb *= drawn('brightness')
  if options.channel != _OFF:
    channels = tf.stack([numbers[name] for name in ('red', 'green', 'blue')])
    rgb *= _between(options.channel, channels)
  if options.saturation != _OFF:
    rgb = colour.adjust_saturation(rgb, drawn('saturation'))
  if options.contrast != _OFF:
    rgb = colour.adjust_contrast(rgb, drawn('contrast'), shown)
  return tf.clip_by_value(rgb, 0.0, 255.0)


def _cut_out(
  rgb: tf.Tensor,
  numbers: Mapping[str, tf.Tensor],
  options: Augmentation,
  size: Sequence[int],
) -> tf.Tensor:
  """Fills a rectangle of the image, in a share of the examples."""
  cut = tf.cast(numbers['cutout'] < options.cutout_probability, tf.float32)
  outside = colour.cutout_mask(
    size,
    numbers['cutout_y'],
    numbers['cutout_x'],
    cut * _between(options.cutout_size, numbers['cutout_height']),
    _between(options.cutout_size, numbers['cutout_width']),
  )
  return colour.pad(rgb, outside)


def augment(
  rgb_uint8: tf.Tensor,
  depth_mm: tf.Tensor,
  seed_pair: Any,
  options: Augmentation,
  input_size: Sequence[int],
  target_size: Sequence[int],
  teacher_size: Sequence[int] | None = None,
) -> dict[str, tf.Tensor]:
  """Makes one training example.

  The R2 crop is defined on a frame of 480x640; an image of another size is
  stretched to it (within the same transform). The other crops use the image's
  own size as the frame. Image and target show the same part of the frame, each
  stretched by its own two factors. The padding of the R2 crop, at the bottom
  and on the right, is 127.5 in the image and unknown in the target.

  Args:
    rgb_uint8: [H, W, 3], 0..255.
    depth_mm: [H', W', 1] uint16, millimetres, 0 = unknown; the same view,
      possibly at another resolution.
    seed_pair: [2] integers, the seed of all random decisions.
    options: the options to apply.
    input_size: height and width of the network's input, pixels.
    target_size: height and width of the target, pixels.
    teacher_size: height and width of the input of a teacher, pixels; None for
      no teacher.

  Returns:
    'rgb' [h, w, 3] float32, 0..255; 'depth_m' [h', w', 1] float32, metres, 0
    where unknown; 'valid_mask' [h', w', 1] float32, 1 where depth is known,
    else 0. If `teacher_size` differs from `input_size`, also 'teacher_rgb', the
    same as 'rgb' at that size.
  """
  numbers = draw(seed_pair)
  rgb_size = tf.unstack(tf.shape(rgb_uint8)[:2])
  depth_size = tf.unstack(tf.shape(depth_mm)[:2])
  frame_size = crop_lib.R2_FRAME if options.crop == 'r2' else rgb_size
  window, span = _choose_window(numbers, options, frame_size)
  steps = _frame_steps(numbers, options, rgb_size, frame_size)

  def picture(size):
    to_frame, shown = crop_lib.view(window, span, size)
    to_rgb = geometry.compose(*steps, to_frame)
    rgb = geometry.sample_rgb(rgb_uint8, to_rgb, size)
    rgb = change_colour(rgb, shown, numbers, options)
    rgb = colour.pad(rgb, shown)
    if options.cutout_probability > 0:
      rgb = _cut_out(rgb, numbers, options, size)
    return rgb

  pictures = {'rgb': picture(input_size)}
  if teacher_size is not None and tuple(teacher_size) != tuple(input_size):
    pictures['teacher_rgb'] = picture(teacher_size)

  to_frame, in_window = crop_lib.view(window, span, target_size)
  to_depth = geometry.compose(
    geometry.resize(rgb_size, depth_size), geometry.compose(*steps, to_frame)
  )
  depth_m = geometry.sample_depth(depth_mm, to_depth, target_size)
  if options.zoom_scales_depth and options.crop == 'zoom':
    depth_m *= _zoom_of(window, frame_size)
  valid_mask = tf.cast(in_window & (depth_m > 0), tf.float32)
  depth_m *= valid_mask
  return {**pictures, 'depth_m': depth_m, 'valid_mask': valid_mask}


def _zoom_of(window: crop_lib.Window, frame_size: Sequence[Any]) -> tf.Tensor:
  """Returns the window's side relative to the frame's, averaged over axes."""
  height, width = [tf.cast(s, tf.float32) for s in frame_size]
  return tf.sqrt(window.height * window.width / (height * width))
