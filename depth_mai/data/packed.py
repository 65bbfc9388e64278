# SPDX-License-Identifier: Apache-2.0
"""Makes examples of packed pairs with functions that XLA has compiled.

XLA joins all steps of an example into a few loops over its pixels, which takes
about a fifth of the processor time of the single operations. It compiles a
function anew for each shape of an argument, and the pictures of a data set may
have any number of sizes. So a pair is packed: its rows are stored one after the
other and padded to one of few lengths, at most eight for each doubling.
"""

from collections.abc import Callable
from collections.abc import Sequence
import functools
from typing import Any

import numpy as np
import tensorflow as tf

from depth_mai import challenge
from depth_mai.data import augmentation
from depth_mai.data import example

# Numbers of pixels; that of the challenge's pictures needs no padding.
_EIGHTHS, _DOUBLINGS = range(8, 16), range(27)
_LENGTHS = np.array(
  sorted(
    {eighths << doublings for doublings in _DOUBLINGS for eighths in _EIGHTHS}
    | {challenge.IMAGE_SIZE[0] * challenge.IMAGE_SIZE[1]}
  ),
  np.int32,
)
# Input of the compiled functions.
_SIZE = tf.TensorSpec((2,), tf.int32)
_NUMBERS = tf.TensorSpec((example.DECISIONS,), tf.float32)


def pack(decoded: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
  """Packs a decoded pair.

  Args:
    decoded: 'id', 'rgb' [H, W, 3] uint8 and 'depth_mm' [H', W', 1] uint16.

  Returns:
    'id'; 'rgb' [N, 3] and 'depth_mm' [N', 1], whose first H * W and H' * W'
    pixels are the rows of both; 'rgb_size' and 'depth_size', [2] int32.
  """
  rgb, rgb_size = _rows(decoded['rgb'])
  depth_mm, depth_size = _rows(decoded['depth_mm'])
  return {
    'id': decoded['id'],
    'rgb': rgb,
    'rgb_size': rgb_size,
    'depth_mm': depth_mm,
    'depth_size': depth_size,
  }


def unpack(pair: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
  """Returns the decoded pair of a packed one, see `pack`."""
  result = {'id': pair['id']}
  for kind, size in (('rgb', 'rgb_size'), ('depth_mm', 'depth_size')):
    height, width = tf.unstack(pair[size])
    channels = pair[kind].shape[-1]
    pixels = pair[kind][: height * width]
    result[kind] = tf.reshape(pixels, (height, width, channels))
  return result


def is_packed(source: tf.data.Dataset) -> bool:
  """Returns whether the pairs of a dataset are packed."""
  return 'rgb_size' in source.element_spec


def _rows(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
  size = tf.shape(image)[:2]
  count = size[0] * size[1]
  length = tf.gather(_LENGTHS, tf.searchsorted(_LENGTHS, count[None])[0])
  missing = length - count
  pixels = tf.reshape(image, (-1, image.shape[-1]))
  padded = tf.cond(
    missing > 0, lambda: tf.pad(pixels, [[0, missing], [0, 0]]), lambda: pixels
  )
  return padded, size


@functools.cache
def _compiled_picture(
  options: augmentation.Augmentation, size: tuple[int, int]
) -> Callable[..., tf.Tensor]:
  @tf.function(
    jit_compile=True,
    autograph=False,
    input_signature=[tf.TensorSpec((None, 3), tf.uint8), _SIZE, _NUMBERS],
  )
  def picture(pixels, rgb_size, numbers):
    return example.picture(pixels, rgb_size, numbers, options, size)

  return picture


@functools.cache
def _compiled_example(
  options: augmentation.Augmentation,
  sizes: tuple[tuple[str, tuple[int, int]], ...],
  target_size: tuple[int, int],
) -> Callable[..., dict[str, tf.Tensor]]:
  """Returns a function for all of an example: a second call costs time."""

  @tf.function(
    jit_compile=True,
    autograph=False,
    input_signature=[
      tf.TensorSpec((None, 3), tf.uint8),
      _SIZE,
      tf.TensorSpec((None, 1), tf.uint16),
      _SIZE,
      _NUMBERS,
    ],
  )
  def make(rgb, rgb_size, depth_mm, depth_size, numbers):
    pictures = {
      name: example.picture(rgb, rgb_size, numbers, options, size)
      for name, size in sizes
    }
    target = example.target(
      depth_mm, depth_size, rgb_size, numbers, options, target_size
    )
    # XLA would sample once more for the mask.
    return {**pictures, 'depth_m': target['depth_m']}

  return make


def picture(
  pair: dict[str, tf.Tensor],
  seed_pair: Any,
  options: augmentation.Augmentation,
  size: Sequence[int],
) -> tf.Tensor:
  """Returns the 'rgb' of `augment`, bit for bit.

  Args:
    pair: a result of `pack`.
    seed_pair: as for `augment`.
    options: as for `augment`.
    size: height and width, pixels.
  """
  numbers = example.draw(seed_pair)
  make = _compiled_picture(options, tuple(size))
  return make(pair['rgb'], pair['rgb_size'], numbers)


def augment(
  pair: dict[str, tf.Tensor],
  seed_pair: Any,
  options: augmentation.Augmentation,
  input_size: Sequence[int],
  target_size: Sequence[int],
  teacher_size: Sequence[int] | None = None,
) -> dict[str, tf.Tensor]:
  """Makes one training example, as `example.augment` does.

  The values agree with those of `example.augment` to rounding: XLA rounds
  products and sums together.

  Args:
    pair: a result of `pack`.
    seed_pair: [2] integers, the seed of all random decisions.
    options: the options to apply.
    input_size: height and width of the network's input, pixels.
    target_size: height and width of the target, pixels.
    teacher_size: height and width of the input of a teacher, pixels; None for
      no teacher.

  Returns:
    See `example.augment`.
  """
  sizes = {'rgb': tuple(input_size)}
  if teacher_size is not None and tuple(teacher_size) != sizes['rgb']:
    sizes['teacher_rgb'] = tuple(teacher_size)
  make = _compiled_example(options, tuple(sizes.items()), tuple(target_size))
  made = make(
    pair['rgb'],
    pair['rgb_size'],
    pair['depth_mm'],
    pair['depth_size'],
    example.draw(seed_pair),
  )
  # Unknown depth is 0, whatever the reason.
  return {**made, 'valid_mask': tf.cast(made['depth_m'] > 0, tf.float32)}
