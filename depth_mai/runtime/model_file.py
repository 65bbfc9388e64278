# SPDX-License-Identifier: Apache-2.0
"""Runs a converted depth model: a picture in, millimetres out."""

import hashlib
import os

import numpy as np

from depth_mai.runtime import first_run
from depth_mai.runtime import interpreter as interpreter_lib
from depth_mai.runtime import metadata as metadata_lib
from depth_mai.runtime import model_interface


class TfliteModel:
  """A .tflite file that maps one RGB picture to one depth map.

  Attributes:
    name: the file, for messages.
    metadata: dict, the metadata that conversion wrote into the file; {} if
      there are none.
    interface: its `model_interface.ModelInterface`.
    output_unit: 'mm' or 'm', the unit of the graph's output.
    input_size: (height, width) of the graph's input.
    output_size: (height, width) of the graph's depth map.
    interpreter: the allocated interpreter.
  """

  def __init__(
    self,
    path: interpreter_lib.ModelSource,
    num_threads: int = 1,
    xnnpack: bool = True,
    metadata: dict | None = None,
  ):
    """Loads a model.

    Args:
      path: a .tflite file (str or os.PathLike), or its content as bytes. Input:
        one tensor [1, H, W, 3], RGB. Output: one tensor [1, h, w, 1] or
        [1, h, w]. Either may be float32 or quantised int8, uint8 or int16.
      num_threads: threads for the kernels, at least 1.
      xnnpack: whether the XNNPACK delegate may be used.
      metadata: used instead of the metadata in the file, if given.

    Raises:
      ValueError: the file is missing, damaged or not a depth model.
    """
    self.name = interpreter_lib.check_is_tflite(path)
    if metadata is None:
      metadata = metadata_lib.read_metadata(path)
    self.metadata = metadata
    first_run.check(path, xnnpack)
    self.interpreter = interpreter_lib.load_interpreter(
      path, num_threads=num_threads, xnnpack=xnnpack
    )
    self.interface = model_interface.read_interface(
      self.name, self.interpreter, self.metadata
    )
    self.output_unit = self.interface.output_unit
    self.input_size = self.interface.input.size
    self.output_size = self.interface.output.size
    self._input_index = self.interpreter.get_input_details()[0]['index']
    self._output_index = self.interpreter.get_output_details()[0]['index']

  def predict_mm(self, rgb_uint8: np.ndarray) -> np.ndarray:
    """Predicts the depth of one picture.

    Args:
      rgb_uint8: [H, W, 3] uint8, of size `input_size`; for other sizes call
        `image_io.predict_picture_mm`.

    Returns:
      Depth [h, w] float32, millimetres, of size `output_size`, neither rounded
      nor clipped.

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
      self._input_index, self.interface.encode(rgb_uint8)
    )
    self.interpreter.invoke()
    return self.interface.decode_mm(
      self.interpreter.get_tensor(self._output_index)
    )


def file_sha256(path: str | os.PathLike[str]) -> str:
  """Returns the SHA-256 of a file as 64 hexadecimal digits."""
  with open(path, 'rb') as stream:
    return hashlib.file_digest(stream, 'sha256').hexdigest()
