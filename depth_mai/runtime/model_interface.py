# SPDX-License-Identifier: Apache-2.0
"""The tensors of a .tflite depth model: encodes pictures, decodes depth maps.

The picture is [1, H, W, 3] (nhwc) or [1, 3, H, W] (nchw), the depth map
[1, h, w, 1], [1, 1, h, w] or [1, h, w]. Each is float32, or quantised int8,
uint8 or int16, where a number q has the real value scale * (q - zero_point).
"""

import dataclasses
import functools
import math
import typing

import numpy as np

from depth_mai import challenge

TYPES = ('float32', 'int8', 'uint8', 'int16')
LAYOUTS = ('nhwc', 'nchw')
# Name of an input range -> the real values of black and white.
INPUT_RANGES = {
  '0..255': (0.0, 255.0),
  '0..1': (0.0, 1.0),
  '-1..1': (-1.0, 1.0),
}


@dataclasses.dataclass(frozen=True)
class ImageTensor:
  """The input or the output of a depth model.

  Attributes:
    shape: shape of the tensor, with the batch size of 1.
    type_name: one of TYPES.
    scale: real value of one quantisation step; 0 without quantisation.
    zero_point: the number that stands for 0.
    layout: one of LAYOUTS.
    size: (height, width), pixels.
  """

  shape: tuple[int, ...]
  type_name: str
  scale: float
  zero_point: int
  layout: str
  size: tuple[int, int]

  @property
  def bytes(self) -> int:
    """Size of the tensor in memory."""
    return math.prod(self.shape) * np.dtype(self.type_name).itemsize

  def __str__(self) -> str:
    """Returns shape, type and quantisation for messages."""
    text = f'{list(self.shape)} {self.type_name}'
    if self.scale:
      text += f', scale {self.scale:.6g}, zero point {self.zero_point}'
    return text

  def covered(self) -> tuple[float, float] | None:
    """Returns the least and the largest real value, None for float32."""
    if not self.scale:
      return None
    limits = np.iinfo(self.type_name)
    low, high = (
      (end - self.zero_point) * self.scale for end in (limits.min, limits.max)
    )
    return low, high

  def quantise(self, values: np.ndarray) -> np.ndarray:
    """Returns the tensor's numbers for real values, float32 of any shape."""
    if not self.scale:
      return values.astype(self.type_name)
    limits = np.iinfo(self.type_name)
    steps = np.round(values / np.float32(self.scale)) + self.zero_point
    return np.clip(steps, limits.min, limits.max).astype(self.type_name)

  def dequantise(self, numbers: np.ndarray) -> np.ndarray:
    """Returns the real values of the tensor's numbers, float32 [h, w]."""
    values = numbers.reshape(self.size).astype(np.float32, copy=False)
    if not self.scale:
      return values
    return (values - np.float32(self.zero_point)) * np.float32(self.scale)


@dataclasses.dataclass(frozen=True)
class ModelInterface:
  """The input and output of a depth model, with their range and unit.

  Attributes:
    input: the picture's tensor.
    output: the depth map's tensor.
    input_range: one of INPUT_RANGES.
    output_unit: unit of the output, 'mm' or 'm'.
  """

  input: ImageTensor
  output: ImageTensor
  input_range: str = '0..255'
  output_unit: str = 'mm'

  @functools.cached_property
  def _number_of_byte(self) -> np.ndarray:
    """The input's number for each byte of a picture, [256]."""
    levels = np.arange(256, dtype=np.float32)
    if not self.input.scale and self.input.type_name == 'uint8':
      return levels.astype(np.uint8)  # The input takes the bytes unchanged.
    if self.input_range != '0..255':
      black, white = INPUT_RANGES[self.input_range]
      levels = np.float32(black) + levels * np.float32((white - black) / 255.0)
    return self.input.quantise(levels)

  def encode(self, rgb_uint8: np.ndarray) -> np.ndarray:
    """Returns the input tensor for a picture.

    Args:
      rgb_uint8: [H, W, 3] uint8, of the input's size.
    """
    if self.input.layout == 'nchw':
      rgb_uint8 = rgb_uint8.transpose(2, 0, 1)
    return self._number_of_byte[rgb_uint8][np.newaxis]

  def decode_mm(self, output: np.ndarray) -> np.ndarray:
    """Returns the depth of an output tensor, float32 [h, w], millimetres.

    Args:
      output: the output tensor, or its numbers in any shape.
    """
    mm_per_unit = np.float32(challenge.MM_PER_UNIT[self.output_unit])
    return self.output.dequantise(output) * mm_per_unit


def read_interface(
  name: str, interpreter: typing.Any, metadata: dict
) -> ModelInterface:
  """Reads the interface of a loaded model of the layout nhwc.

  Args:
    name: the file, for messages.
    interpreter: allocated interpreter.
    metadata: `metadata.read_metadata` of the file; without an entry the input
      range is 0..255 and the unit mm.

  Raises:
    ValueError: the file is not a depth model, or its metadata are not valid.
  """
  declared = metadata.get('input')
  declared = declared if isinstance(declared, dict) else {}
  unit, units = metadata.get('output_unit', 'mm'), sorted(challenge.MM_PER_UNIT)
  ranges = [list(ends) for ends in INPUT_RANGES.values()]
  ends = declared.get('range', ranges[0])
  for key, value, allowed in (
    ('output_unit', unit, units),
    ('input.range', ends, ranges),
  ):
    if value not in allowed:
      raise ValueError(
        f'{name}: {key} in the metadata is {value!r}; allowed are {allowed}. '
        'Convert the model again with depth_mai.convert.'
      )
  return ModelInterface(
    _read_tensor(name, 'input', interpreter.get_input_details(), 3),
    _read_tensor(name, 'output', interpreter.get_output_details(), 1),
    list(INPUT_RANGES)[ranges.index(ends)],
    unit,
  )


def _read_tensor(
  name: str, side: str, details: list[dict], channels: int
) -> ImageTensor:
  """Returns the only tensor of one side after checking it."""

  def refuse(why: str) -> ValueError:
    return ValueError(
      f'{name} is not a depth model: {why}. Give --model a file written by '
      'depth_mai.convert.'
    )

  if len(details) != 1:
    raise refuse(f'it has {len(details)} {side} tensors, not 1')
  (tensor,) = details
  shape = tuple(int(size) for size in tensor['shape'])
  signature = tensor.get('shape_signature')
  if signature is not None and any(size < 0 for size in signature[1:]):
    raise refuse(f'its {side} shape {signature.tolist()} leaves sizes open')
  with_channels = len(shape) == 4 and shape[-1] == channels
  without_channels = len(shape) == 3 and channels == 1
  if shape[0:1] != (1,) or not (with_channels or without_channels):
    raise refuse(
      f'its {side} has shape {list(shape)}, not [1, height, width, {channels}]'
    )
  type_name = np.dtype(tensor['dtype']).name
  if type_name not in TYPES:
    raise refuse(
      f'its {side} is {type_name}, not float32, int8, uint8 or int16'
    )
  scale, zero_point = tensor['quantization']
  if type_name == 'float32':
    scale, zero_point = 0.0, 0
  elif not scale > 0:
    raise refuse(f'its {side} is {type_name} without a quantisation scale')
  size = shape[1], shape[2]
  return ImageTensor(
    shape, type_name, float(scale), int(zero_point), 'nhwc', size
  )
