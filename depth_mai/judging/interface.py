# SPDX-License-Identifier: Apache-2.0
"""Checks a file's input and output, and converts pictures and depth to bytes.

The allowed shapes are in _SIDES; numbers may be float32, int8, uint8 or int16.
"""

import dataclasses
import math

import numpy as np

from depth_mai.judging import request as request_lib
from depth_mai.judging import verdict

# Largest picture and depth map, pixels a side and in all.
MAX_SIDE = 8192
MAX_PIXELS = 16 << 20

_TYPES = ('float32', 'int8', 'uint8', 'int16')
# From a side to its number of channels and the allowed shapes.
_SIDES = {
  'input': (
    3,
    'a picture has three channels: [1, height, width, 3] or '
    '[1, 3, height, width]',
  ),
  'output': (
    1,
    'a depth map has one channel: [1, height, width, 1], '
    '[1, 1, height, width] or [1, height, width]',
  ),
}


@dataclasses.dataclass(frozen=True)
class Side:
  """The input or the output.

  Attributes:
    shape: shape of the tensor.
    type_name: NumPy's name of its number type.
    scale: real value of one quantisation step; 0 if not quantised.
    zero_point: quantised number that stands for 0.
    layout: 'nhwc' or 'nchw'.
    size: (height, width).
  """

  shape: tuple[int, ...]
  type_name: str
  scale: float
  zero_point: int
  layout: str
  size: tuple[int, int]

  @property
  def bytes(self) -> int:
    """Size of the tensor."""
    return math.prod(self.shape) * np.dtype(self.type_name).itemsize

  def __str__(self):
    text = f'{list(self.shape)} {self.type_name}'
    if self.scale:
      text += f', scale {self.scale:.6g}, zero point {self.zero_point}'
    return text

  def covered(self) -> tuple[float, float] | None:
    """Returns the smallest and the largest real value, None for float."""
    if not self.scale:
      return None
    limits = np.iinfo(self.type_name)
    low, high = (
      (end - self.zero_point) * self.scale for end in (limits.min, limits.max)
    )
    return low, high


def read(answer: dict, layout: str) -> tuple[Side, Side, str]:
  """Checks how the sandbox describes the file's input and output.

  Args:
    answer: untrusted result of `sandbox.Sandbox.load`.
    layout: declared layout of the input, in `request.LAYOUTS`, or AUTO.

  Returns:
    (input, output, reason for the input's layout)

  Raises:
    verdict.FileFaultError: if the file is no depth network.
  """
  taken, fits = _only(answer, 'input')
  shape = taken['shape']
  if layout != request_lib.AUTO:
    if layout not in fits:
      raise verdict.FileFaultError(
        f'Its input has the shape {shape}, which is not {layout}, as '
        '--layout declares.'
      )
    why = 'declared by --layout'
  elif len(fits) == 2:
    layout = 'nhwc'
    why = (
      f'the shape {shape} fits both layouts, and the challenge used nhwc; '
      'declare another with --layout'
    )
  else:
    (layout,) = fits
    why = f'the only place of 3 in the shape {shape}'
  given, fits_output = _only(answer, 'output')
  return (
    _side(taken, layout, fits[layout], 'input'),
    _side(given, *next(iter(fits_output.items())), 'output'),
    why,
  )


def encoder(side: Side, input_range: str) -> np.ndarray:
  """Returns the input's number for each byte of a picture, [256].

  Args:
    side: the input.
    input_range: name in `request.INPUT_RANGES`.
  """
  black, white = request_lib.INPUT_RANGES[input_range]
  levels = np.arange(256, dtype=np.float32)
  if input_range != '0..255':
    levels = np.float32(black) + levels * np.float32((white - black) / 255.0)
  if side.type_name == 'float32':
    return levels
  if not side.scale:
    # Only uint8 is accepted without a scale: the bytes of the picture.
    return np.arange(256, dtype=np.uint8)
  limits = np.iinfo(side.type_name)
  steps = np.round(levels / np.float32(side.scale)) + side.zero_point
  return np.clip(steps, limits.min, limits.max).astype(side.type_name)


def picture_bytes(
  side: Side, table: np.ndarray, rgb_uint8: np.ndarray
) -> bytes:
  """Returns the bytes of the input for a picture.

  Args:
    side: the input.
    table: result of `encoder`.
    rgb_uint8: [H, W, 3], of the input's size.
  """
  if side.layout == 'nchw':
    rgb_uint8 = rgb_uint8.transpose(2, 0, 1)
  return table[rgb_uint8].tobytes()


def depth(side: Side, content: bytes) -> np.ndarray:
  """Returns the real values of the output.

  Args:
    side: the output.
    content: its bytes, as many as `side.bytes`.

  Returns:
    [h, w] float32, in the file's unit.
  """
  values = np.frombuffer(content, side.type_name).reshape(side.size)
  values = values.astype(np.float32, copy=False)
  if side.scale:
    values = (values - np.float32(side.zero_point)) * np.float32(side.scale)
  return values


def _only(answer: dict, side: str) -> tuple[dict, dict]:
  """Checks that there is one tensor and that its shape is allowed.

  Returns:
    (its description, dict from each layout that fits to (height, width))
  """
  tensors = answer.get(f'{side}s')
  if not isinstance(tensors, list) or len(tensors) != 1:
    count = len(tensors) if isinstance(tensors, list) else 'no'
    raise verdict.FileFaultError(
      f'It has {count} {side}s; a depth network has one picture as input and '
      'one depth map as output.'
    )
  found = tensors[0] if isinstance(tensors[0], dict) else {}
  shape, signature = found.get('shape'), found.get('signature')
  if not (_is_shape(shape) and _is_shape(signature)):
    raise verdict.FileFaultError(f'The shape of its {side} is invalid.')
  if any(size < 0 for size in signature[1:]):
    raise verdict.FileFaultError(
      f'Its {side} leaves sizes open: {signature}. Convert with a fixed input '
      'shape.'
    )
  channels, allowed = _SIDES[side]
  fits = _layouts(shape, channels)
  if not fits:
    raise verdict.FileFaultError(
      f'Its {side} has the shape {shape}; {allowed}.'
    )
  return found, fits


def _is_shape(value: object) -> bool:
  """Returns whether an untrusted value is a list of whole numbers."""
  return isinstance(value, list) and all(type(one) is int for one in value)


def _layouts(shape: list[int], channels: int) -> dict[str, tuple[int, int]]:
  """Returns (height, width) by layout, for each layout that a shape fits."""
  if len(shape) == 3 and channels == 1:
    shape = [*shape, 1]
  if len(shape) != 4 or shape[0] != 1 or min(shape) < 1:
    return {}
  sizes = {'nhwc': (shape[3], shape[1:3]), 'nchw': (shape[1], shape[2:])}
  return {
    layout: tuple(size)
    for layout, (count, size) in sizes.items()
    if count == channels
  }


def _side(found: dict, layout: str, size: tuple[int, int], name: str) -> Side:
  """Checks size and number type, and returns the side."""
  if max(size) > MAX_SIDE or math.prod(size) > MAX_PIXELS:
    raise verdict.FileFaultError(
      f'Its {name} has {size[0]} x {size[1]} pixels; at most {MAX_SIDE} a side '
      f'and {MAX_PIXELS} in all are allowed.'
    )
  type_name, scale = found.get('type'), found.get('scale')
  if type_name not in _TYPES:
    raise verdict.FileFaultError(
      f'Its {name} is of type {str(type_name)[:20]}; allowed are '
      f'{", ".join(_TYPES)}.'
    )
  zero_point, quantised = found.get('zero_point'), False
  if type_name != 'float32':
    limits = np.iinfo(type_name)
    quantised = (
      isinstance(scale, float)
      and 0 < scale < math.inf
      and isinstance(zero_point, int)
      and limits.min <= zero_point <= limits.max
    )
    # A picture's bytes need no scale; every other quantised tensor does.
    if not quantised and (type_name, name) != ('uint8', 'input'):
      raise verdict.FileFaultError(
        f'Its {name} is {type_name} without a valid scale and zero point, so '
        'its real values are unknown.'
      )
  return Side(
    tuple(found['shape']),
    type_name,
    scale if quantised else 0.0,
    zero_point if quantised else 0,
    layout,
    size,
  )
