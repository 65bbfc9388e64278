# SPDX-License-Identifier: Apache-2.0
"""Makes one training example with random geometry and colour.

The order is LiteDepth's: rotate, flip, crop, resize, colour, pad. The geometry
is a single transform per image (geometry.py). All random decisions come from
one stateless draw, so an example is a pure function of its two seeds and the
options.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from depth_mai.data import augmentation
from depth_mai.data import colour
from depth_mai.data import crop as crop_lib
from depth_mai.data import geometry

# Every decision has its own number in the draw, so switching an option on or
# off does not change the other numbers. Append only.
_DECISIONS = (
  'rotate', 'angle', 'flip',
  'crop_size', 'crop_top', 'crop_left', 'stretch_y', 'stretch_x',
  'gamma', 'brightness', 'red', 'green', 'blue', 'saturation', 'contrast',
  'cutout', 'cutout_y', 'cutout_x', 'cutout_height', 'cutout_width',
)  # fmt: skip
DECISIONS = len(_DECISIONS)


def draw(seed_pair: Any) -> tf.Tensor:
  """Draws the random numbers of all decisions about one example.

  Args:
    seed_pair: [2] integers; the result depends on nothing else.

  Returns:
    [DECISIONS] float32, uniform in [0, 1).
  """
  return tf.random.stateless_uniform((DECISIONS,), seed=seed_pair, alg='philox')


def by_decision(numbers: tf.Tensor) -> dict[str, tf.Tensor]:
  """Returns a result of `draw` as a dict of scalars."""
  return dict(zip(_DECISIONS, tf.unstack(numbers), strict=True))


def _between(value_range: Sequence[float], number: tf.Tensor) -> tf.Tensor:
  low, high = value_range
  return low + (high - low) * number


def _choose_window(
  numbers: Mapping[str, tf.Tensor],
  options: augmentation.Augmentation,
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
  options: augmentation.Augmentation,
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
  options: augmentation.Augmentation,
) -> tf.Tensor:
  """Applies the colour options, then clips.

  Args:
    rgb: [H, W, 3] float32, 0..255.
    shown: [H, W, 1] boolean, false in the later padding.
    numbers: a result of `by_decision`.
    options: the options to apply.

  Returns:
    [H, W, 3] float32, 0..255.
  """

  def drawn(name):
    return _between(getattr(options, name), numbers[name])

  if options.gamma != augmentation.OFF:
    rgb = colour.adjust_gamma(rgb, drawn('gamma'), options.gamma_white)
  if options.brightness != augmentation.OFF:
    rgb *= drawn('brightness')
  if options.channel != augmentation.OFF:
    channels = tf.stack([numbers[name] for name in ('red', 'green', 'blue')])
    rgb *= _between(options.channel, channels)
  if options.saturation != augmentation.OFF:
    rgb = colour.adjust_saturation(rgb, drawn('saturation'))
  if options.contrast != augmentation.OFF:
    rgb = colour.adjust_contrast(rgb, drawn('contrast'), shown)
  return tf.clip_by_value(rgb, 0.0, 255.0)


def _cut_out(
  rgb: tf.Tensor,
  numbers: Mapping[str, tf.Tensor],
  options: augmentation.Augmentation,
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
  options: augmentation.Augmentation,
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
  rgb, rgb_size = _rows(rgb_uint8)
  depth, depth_size = _rows(depth_mm)
  pictures = {'rgb': picture(rgb, rgb_size, numbers, options, input_size)}
  if teacher_size is not None and tuple(teacher_size) != tuple(input_size):
    pictures['teacher_rgb'] = picture(
      rgb, rgb_size, numbers, options, teacher_size
    )
  return {
    **pictures,
    **target(depth, depth_size, rgb_size, numbers, options, target_size),
  }


def _rows(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns the pixels of an image, [N, C], and its size, [2] int32."""
  image = tf.convert_to_tensor(image)
  return tf.reshape(image, (-1, image.shape[-1])), tf.shape(image)[:2]


def picture(
  pixels: tf.Tensor,
  rgb_size: tf.Tensor,
  numbers: tf.Tensor,
  options: augmentation.Augmentation,
  size: Sequence[int],
) -> tf.Tensor:
  """Makes the picture of one training example.

  Args:
    pixels: [N, 3] uint8, the rows of the image one after the other; what
      follows them is not read.
    rgb_size: [2] int32, height and width of the image, pixels.
    numbers: a result of `draw`.
    options: the options to apply.
    size: height and width of the result, pixels.

  Returns:
    [h, w, 3] float32, 0..255, see `augment`.
  """
  drawn, source_size = by_decision(numbers), tf.unstack(rgb_size)
  window, span, steps, _ = _view_of(drawn, options, source_size)
  to_frame, shown = crop_lib.view(window, span, size)
  to_rgb = geometry.compose(*steps, to_frame)
  rgb = geometry.sample_rgb(pixels, to_rgb, size, source_size)
  rgb = change_colour(rgb, shown, drawn, options)
  rgb = colour.pad(rgb, shown)
  if options.cutout_probability > 0:
    rgb = _cut_out(rgb, drawn, options, size)
  return rgb


def target(
  pixels: tf.Tensor,
  depth_size: tf.Tensor,
  rgb_size: tf.Tensor,
  numbers: tf.Tensor,
  options: augmentation.Augmentation,
  size: Sequence[int],
) -> dict[str, tf.Tensor]:
  """Makes the target of one training example.

  Args:
    pixels: [N, 1] uint16, the rows of the depth map, millimetres, one after the
      other; what follows them is not read.
    depth_size: [2] int32, height and width of the depth map, pixels.
    rgb_size: [2] int32, height and width of the image, pixels.
    numbers: a result of `draw`.
    options: the options to apply.
    size: height and width of the result, pixels.

  Returns:
    'depth_m' and 'valid_mask', [h, w, 1] float32, see `augment`.
  """
  drawn, source_size = by_decision(numbers), tf.unstack(rgb_size)
  window, span, steps, frame_size = _view_of(drawn, options, source_size)
  to_frame, in_window = crop_lib.view(window, span, size)
  depth_height_width = tf.unstack(depth_size)
  to_depth = geometry.compose(
    geometry.resize(source_size, depth_height_width),
    geometry.compose(*steps, to_frame),
  )
  depth_m = geometry.sample_depth(pixels, to_depth, size, depth_height_width)
  if options.zoom_scales_depth and options.crop == 'zoom':
    depth_m *= _zoom_of(window, frame_size)
  valid_mask = tf.cast(in_window & (depth_m > 0), tf.float32)
  return {'depth_m': depth_m * valid_mask, 'valid_mask': valid_mask}


def _view_of(
  drawn: Mapping[str, tf.Tensor],
  options: augmentation.Augmentation,
  rgb_size: Sequence[tf.Tensor],
) -> tuple[crop_lib.Window, Sequence[Any], list[tf.Tensor], Sequence[Any]]:
  """Returns window, span, the steps before the crop, and the frame's size."""
  frame_size = crop_lib.R2_FRAME if options.crop == 'r2' else rgb_size
  window, span = _choose_window(drawn, options, frame_size)
  steps = _frame_steps(drawn, options, rgb_size, frame_size)
  return window, span, steps, frame_size


def _zoom_of(window: crop_lib.Window, frame_size: Sequence[Any]) -> tf.Tensor:
  """Returns the window's side relative to the frame's, averaged over axes."""
  height, width = [tf.cast(s, tf.float32) for s in frame_size]
  return tf.sqrt(window.height * window.width / (height * width))
