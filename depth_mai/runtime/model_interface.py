# SPDX-License-Identifier: Apache-2.0
"""The tensors of a .tflite depth model: encodes pictures, decodes depth maps.

The picture is [1, H, W, 3] (nhwc) or [1, 3, H, W] (nchw), the depth map is of
any shape with one channel. Each is float32 or float16, or quantised int8, uint8
or int16, where a number q has the real value scale * (q - zero_point).
"""

import dataclasses
import math

import numpy as np

from depth_mai import challenge

FLOAT_TYPES = ('float32', 'float16')
TYPES = (*FLOAT_TYPES, 'int8', 'uint8', 'int16')
LAYOUTS = ('nhwc', 'nchw')
# Mean and standard deviation of R, G and B of ImageNet's pictures, as
# torchvision.transforms.Normalize gets them.
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Name of an input range -> the real values of black and white, each a number
# or one for each channel.
INPUT_RANGES: dict[str, tuple] = {
  '0..255': (0.0, 255.0),
  '0..1': (0.0, 1.0),
  '-1..1': (-1.0, 1.0),
  'imagenet': tuple(
    tuple((v - m) / d for m, d in zip(_MEAN, _DEVIATION, strict=True))
    for v in (0.0, 1.0)
  ),
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
    size: (height, width), pixels; of a flat depth map, as it is laid out.
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
    """Returns the least and the largest real value, None for float."""
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
      return values.astype(self.type_name, copy=False)
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
    output_place: the output's place among the outputs of the graph.
  """

  input: ImageTensor
  output: ImageTensor
  input_range: str = '0..255'
  output_unit: str = 'mm'
  output_place: int = 0

  def encode(self, rgb_uint8: np.ndarray) -> np.ndarray:
    """Returns the input tensor for a picture.

    Args:
      rgb_uint8: [H, W, 3] uint8, of the input's size.
    """
    if not self.input.scale and self.input.type_name == 'uint8':
      numbers = rgb_uint8  # The input takes the bytes unchanged.
    else:
      values = rgb_uint8.astype(np.float32)
      if self.input_range != '0..255':
        black, white = map(np.array, INPUT_RANGES[self.input_range])
        # Of a row's size, as NumPy is slow at rows of three numbers.
        values *= np.full(values.shape[1:], (white - black) / 255, np.float32)
        values += np.full(values.shape[1:], black, np.float32)
      numbers = self.input.quantise(values)
    if self.input.layout == 'nchw':
      numbers = numbers.transpose(2, 0, 1)
    return numbers[np.newaxis]

  def decode_mm(self, output: np.ndarray) -> np.ndarray:
    """Returns the depth of an output tensor, float32 [h, w], millimetres.

    Args:
      output: the output tensor, or its numbers in any shape.
    """
    mm_per_unit = np.float32(challenge.MM_PER_UNIT[self.output_unit])
    return self.output.dequantise(output) * mm_per_unit
