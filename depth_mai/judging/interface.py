# SPDX-License-Identifier: Apache-2.0
"""What a file takes and gives, as bytes: any team's, not only ours.

The picture: [1, H, W, 3] or [1, 3, H, W]; the depth: [1, h, w, 1], [1, 1, h, w]
or [1, h, w]; each of float32, int8, uint8 or int16.
"""

import dataclasses
import math

import numpy as np

from depth_mai.judging import fault
from depth_mai.judging import limits as limits_lib
from depth_mai.judging import request as request_lib

_TYPES = ('float32', 'int8', 'uint8', 'int16')
_CHANNELS = 3


@dataclasses.dataclass(frozen=True)
class Side:
  """The input or the output.

  Attributes:
    shape: of the tensor.
    type_name: of its numbers, NumPy's name.
    scale: real value of one step; 0 where it is not quantised.
    zero_point: number that stands for 0.
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
    """Returns the real values its numbers can say, None for float."""
    if not self.scale:
      return None
    limits = np.iinfo(self.type_name)
    low, high = (
      (end - self.zero_point) * self.scale for end in (limits.min, limits.max)
    )
    return low, high


def read(answer: dict, layout: str) -> tuple[Side, Side, str]:
  """Checks what a cage says of the file.

  Args:
    answer: of `cage.Cage.load`; not believed.
    layout: as declared, of `request.LAYOUTS`, or AUTO.

  Returns:
    (input, output, on what grounds the input's layout is known)

  Raises:
    fault.FileFaultError: if it is no depth network.
  """
  taken = _only(answer, 'input')
  layout, why = _input_layout(taken['shape'], layout)
  shape = taken['shape']
  size = shape[1:3] if layout == 'nhwc' else shape[2:4]
  given = _only(answer, 'output')
  return (
    _side(taken, layout, size, 'input'),
    _side(given, *_output_layout(given['shape']), 'output'),
    why,
  )


def encoder(side: Side, input_range: str) -> np.ndarray:
  """Returns the input's number for each byte of a picture, [256].

  Args:
    side: the input.
    input_range: of `request.INPUT_RANGES`.
  """
  black, white = request_lib.INPUT_RANGES[input_range]
  levels = np.arange(256, dtype=np.float32)
  if input_range != '0..255':
    levels = np.float32(black) + levels * np.float32((white - black) / 255.0)
  if side.type_name == 'float32':
    return levels
  if not side.scale:
    # Only uint8 comes here: the picture as it is.
    return np.arange(256, dtype=np.uint8)
  limits = np.iinfo(side.type_name)
  steps = np.round(levels / np.float32(side.scale)) + side.zero_point
  return np.clip(steps, limits.min, limits.max).astype(side.type_name)


def picture_bytes(
  side: Side, table: np.ndarray, rgb_uint8: np.ndarray
) -> bytes:
  """Returns the input's bytes for a picture.

  Args:
    side: the input.
    table: of `encoder`.
    rgb_uint8: [H, W, 3], of the input's size.
  """
  if side.layout == 'nchw':
    rgb_uint8 = rgb_uint8.transpose(2, 0, 1)
  return table[rgb_uint8].tobytes()


def depth(side: Side, content: bytes) -> np.ndarray:
  """Returns the output's real values.

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


def _only(answer: dict, side: str) -> dict:
  """Returns the description of the one tensor, its types checked."""
  tensors = answer.get(f'{side}s')
  if not isinstance(tensors, list) or len(tensors) != 1:
    count = len(tensors) if isinstance(tensors, list) else 'no'
    raise fault.FileFaultError(
      f'It has {count} {side}s; a depth network has one picture as input and '
      'one depth map as output.'
    )
  found = tensors[0] if isinstance(tensors[0], dict) else {}
  shape, signature = found.get('shape'), found.get('signature')
  if not (_is_shape(shape) and _is_shape(signature)):
    raise fault.FileFaultError(f'The shape of its {side} is none.')
  if any(size < 0 for size in signature[1:]):
    raise fault.FileFaultError(
      f'Its {side} leaves sizes open: {signature}. Convert with a fixed input '
      'shape.'
    )
  if min(shape, default=0) < 1 or shape[0] != 1 or not 3 <= len(shape) <= 4:
    raise fault.FileFaultError(
      f'Its {side} has the shape {shape}; allowed are '
      + (
        '[1, height, width, 3] and [1, 3, height, width].'
        if side == 'input'
        else '[1, height, width, 1], [1, 1, height, width] and '
        '[1, height, width].'
      )
    )
  return found


def _is_shape(value: object) -> bool:
  """Returns whether what a cage gave is a list of whole numbers."""
  return isinstance(value, list) and all(type(one) is int for one in value)


def _input_layout(shape: list[int], declared: str) -> tuple[str, str]:
  fits = {
    'nhwc': len(shape) == 4 and shape[3] == _CHANNELS,
    'nchw': len(shape) == 4 and shape[1] == _CHANNELS,
  }
  possible = [name for name, good in fits.items() if good]
  if not possible:
    raise fault.FileFaultError(
      f'Its input has the shape {shape}; allowed are [1, height, width, 3] and '
      '[1, 3, height, width].'
    )
  if declared != request_lib.AUTO:
    if declared not in possible:
      raise fault.FileFaultError(
        f'Its input has the shape {shape}, which is not {declared}, as '
        '--layout declares.'
      )
    return declared, 'declared by --layout'
  if len(possible) == 2:
    return 'nhwc', (
      f'the shape {shape} fits both layouts; the challenge had nhwc; declare '
      'another with --layout'
    )
  return possible[0], f'the only place of 3 in the shape {shape}'


def _output_layout(shape: list[int]) -> tuple[str, tuple[int, int]]:
  if len(shape) == 3:
    return 'nhwc', tuple(shape[1:])
  if shape[3] == 1:
    return 'nhwc', tuple(shape[1:3])
  if shape[1] == 1:
    return 'nchw', tuple(shape[2:])
  raise fault.FileFaultError(
    f'Its output has the shape {shape}; a depth map has one channel: '
    '[1, height, width, 1], [1, 1, height, width] or [1, height, width].'
  )


def _side(found: dict, layout: str, size, name: str) -> Side:
  """Returns the side, after a look at its size and its numbers."""
  size = tuple(size)
  if max(size) > limits_lib.MAX_SIDE or (
    math.prod(size) > limits_lib.MAX_PIXELS
  ):
    raise fault.FileFaultError(
      f'Its {name} has {size[0]} x {size[1]} pixels; at most '
      f'{limits_lib.MAX_SIDE} a side and {limits_lib.MAX_PIXELS} in all are '
      'judged.'
    )
  type_name, scale = found.get('type'), found.get('scale')
  if type_name not in _TYPES:
    raise fault.FileFaultError(
      f'Its {name} is of type {str(type_name)[:20]}; allowed are '
      f'{", ".join(_TYPES)}.'
    )
  if type_name == 'float32':
    return Side(tuple(found['shape']), type_name, 0.0, 0, layout, size)
  limits, zero_point = np.iinfo(type_name), found.get('zero_point')
  quantised = (
    isinstance(scale, float)
    and 0 < scale < math.inf
    and isinstance(zero_point, int)
    and limits.min <= zero_point <= limits.max
  )
  # A picture of bytes explains itself; nothing else does.
  if not quantised and (type_name, name) != ('uint8', 'input'):
    raise fault.FileFaultError(
      f'Its {name} is {type_name} without a scale and zero point that could '
      'turn its numbers into real ones.'
    )
  return Side(
    tuple(found['shape']),
    type_name,
    scale if quantised else 0.0,
    zero_point if quantised else 0,
    layout,
    size,
  )
