# SPDX-License-Identifier: Apache-2.0
"""A converted depth model as a function from a picture to millimetres."""

import hashlib
import os

import numpy as np

from depth_mai.runtime import interpreter as interpreter_lib
from depth_mai.runtime import metadata as metadata_lib

_MM_PER_UNIT = {'mm': 1.0, 'm': 1000.0}
_QUANTISED = (np.int8, np.uint8, np.int16)


class TfliteModel:
  """A .tflite file that maps one RGB picture to one depth map.

  Attributes:
    name: the file, for messages.
    metadata: dict, what conversion wrote into the file; {} if nothing.
    output_unit: 'mm' or 'm', the unit that the graph itself gives.
    input_size: (height, width) of the picture that the graph takes.
    output_size: (height, width) of the depth map that it gives.
    interpreter: the allocated interpreter.
  """

  def __init__(
    self,
    path: interpreter_lib.ModelSource,
    num_threads: int = 1,
    xnnpack: bool = True,
  ):
    """Loads a model.

    Args:
      path: a .tflite file (str or os.PathLike), or its content as bytes. Input:
        one tensor [1, H, W, 3], RGB 0..255. Output: one tensor [1, h, w, 1]
        or [1, h, w]. Either may be float32 or quantised int8, uint8 or int16.
      num_threads: threads for the kernels, at least 1.
      xnnpack: whether the XNNPACK delegate may be used.

    Raises:
      ValueError: the file is missing, damaged or not a depth model.
    """
    self.name = interpreter_lib.check_is_tflite(path)
    self.metadata = metadata_lib.read_metadata(path)
    self.output_unit = self.metadata.get('output_unit', 'mm')
    if self.output_unit not in _MM_PER_UNIT:
      raise ValueError(
        f'{self.name}: output_unit in the metadata is {self.output_unit!r}; '
        f'allowed are {sorted(_MM_PER_UNIT)}. Convert the model again with '
        'depth_mai.convert.'
      )
    self.interpreter = interpreter_lib.load_interpreter(
      path, num_threads=num_threads, xnnpack=xnnpack
    )
    self._input = self._only_tensor('input')
    self._output = self._only_tensor('output')
    self.input_size = self._picture_size(self._input, 'input', channels=3)
    self.output_size = self._picture_size(self._output, 'output', channels=1)
    self._input_table = self._make_input_table()
    self._check_type(self._output, 'output')

  def predict_mm(self, rgb_uint8: np.ndarray) -> np.ndarray:
    """Runs the network on one picture.

    Args:
      rgb_uint8: [H, W, 3] uint8, of size `input_size`; pictures of other sizes
        go through `image_io.predict_picture_mm`.

    Returns:
      Depth [h, w] float32, millimetres, of size `output_size`, as the network
      gives it: not rounded, not clipped.

    Raises:
      ValueError: rgb_uint8 has another shape or type.
    """
    rgb_uint8 = np.asarray(rgb_uint8)
    wanted = (*self.input_size, 3)
    if rgb_uint8.dtype != np.uint8 or rgb_uint8.shape != wanted:
      raise ValueError(
        f'{self.name} takes a uint8 picture of shape {wanted}, got '
        f'{rgb_uint8.dtype} {rgb_uint8.shape}; image_io.predict_picture_mm '
        'takes any size.'
      )
    self.interpreter.set_tensor(
      self._input['index'], self._input_table[rgb_uint8][np.newaxis]
    )
    self.interpreter.invoke()
    output = self.interpreter.get_tensor(self._output['index'])
    output = output.reshape(self.output_size).astype(np.float32, copy=False)
    if self._output['dtype'] in _QUANTISED:
      scale, zero_point = self._output['quantization']
      output = (output - np.float32(zero_point)) * np.float32(scale)
    return output * np.float32(_MM_PER_UNIT[self.output_unit])

  def _only_tensor(self, side: str) -> dict:
    details = getattr(self.interpreter, f'get_{side}_details')()
    if len(details) != 1:
      raise self._not_depth(f'it has {len(details)} {side} tensors, not 1')
    return details[0]

  def _picture_size(
    self, tensor: dict, side: str, channels: int
  ) -> tuple[int, int]:
    """Returns (height, width) of an image tensor, after checking it."""
    shape = tuple(int(size) for size in tensor['shape'])
    signature = tensor.get('shape_signature')
    if signature is not None and any(size < 0 for size in signature[1:]):
      raise self._not_depth(
        f'its {side} shape {signature.tolist()} leaves sizes open'
      )
    with_channels = len(shape) == 4 and shape[-1] == channels
    without_channels = len(shape) == 3 and channels == 1
    if shape[0:1] != (1,) or not (with_channels or without_channels):
      raise self._not_depth(
        f'its {side} has shape {list(shape)}, not [1, height, width, '
        f'{channels}]'
      )
    return shape[1], shape[2]

  def _make_input_table(self) -> np.ndarray:
    """Returns [256]: the input tensor's number for each byte of a picture."""
    self._check_type(self._input, 'input')
    levels = np.arange(256, dtype=np.float32)
    dtype = self._input['dtype']
    if dtype not in _QUANTISED:
      return levels
    scale, zero_point = self._input['quantization']
    limits = np.iinfo(dtype)
    steps = np.round(levels / np.float32(scale)) + zero_point
    return np.clip(steps, limits.min, limits.max).astype(dtype)

  def _check_type(self, tensor: dict, side: str) -> None:
    dtype = tensor['dtype']
    if dtype == np.float32:
      return
    if dtype not in _QUANTISED:
      raise self._not_depth(
        f'its {side} is {np.dtype(dtype).name}, not float32, int8, uint8 or '
        'int16'
      )
    if not tensor['quantization'][0] > 0:
      raise self._not_depth(
        f'its {side} is {np.dtype(dtype).name} without a quantisation scale'
      )

  def _not_depth(self, why: str) -> ValueError:
    return ValueError(
      f'{self.name} is not a depth model: {why}. Give --model a file written '
      'by depth_mai.convert.'
    )


def file_sha256(path: str | os.PathLike[str]) -> str:
  """Returns the SHA-256 of a file as 64 hexadecimal digits."""
  digest = hashlib.sha256()
  with open(path, 'rb') as stream:
    for block in iter(lambda: stream.read(1 << 20), b''):
      digest.update(block)
  return digest.hexdigest()
