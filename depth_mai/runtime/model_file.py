# SPDX-License-Identifier: Apache-2.0
"""Runs a converted depth model: a picture in, millimetres out."""

from collections.abc import Callable
import math

import numpy as np

from depth_mai.files import printable
from depth_mai.runtime import first_run
from depth_mai.runtime import interface_evidence
from depth_mai.runtime import interface_reader
from depth_mai.runtime import interpreter as interpreter_lib
from depth_mai.runtime import metadata as metadata_lib
from depth_mai.runtime import model_interface
from depth_mai.runtime import tensor_description

# Runs a file: (interface, rgb_uint8 of the input's size) -> depth [h, w].
Run = Callable[[model_interface.ModelInterface, np.ndarray], np.ndarray]
# Completes a reading whose range or unit is unknown.
Complete = Callable[[interface_reader.Reading, Run], interface_reader.Reading]


class TfliteModel:
  """A .tflite file that maps one RGB picture to one depth map.

  Attributes:
    name: the file, for messages.
    metadata: dict, the metadata that conversion wrote into the file; {} if
      there are none.
    reading: its `interface_reader.Reading`, complete.
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
    declared: interface_evidence.Declared = interface_evidence.NOTHING,
    complete: Complete | None = None,
  ):
    """Loads a model.

    Args:
      path: a .tflite file (str or os.PathLike), or its content as bytes. It
        takes one picture and gives one depth map, see interface_reader.py.
      num_threads: threads for the kernels, at least 1.
      xnnpack: whether the XNNPACK delegate may be used.
      metadata: used instead of the metadata in the file, if given.
      declared: what is stated about the file; it wins over the file.
      complete: finds the input range and the unit if nothing states them.

    Raises:
      ValueError: the file is missing, damaged or not a depth model, or its
        input range or its unit is unknown.
    """
    self.name = interpreter_lib.check_is_tflite(path)
    if metadata is None:
      metadata = metadata_lib.read_metadata(path)
    self.metadata = metadata
    first_run.check(path, xnnpack, declared.size)
    self.interpreter = interpreter_lib.load_interpreter(
      path, num_threads, xnnpack, declared.size
    )
    described = tensor_description.describe(self.interpreter)
    try:
      self.reading = interface_reader.read(
        described['inputs'], described['outputs'], self.metadata, declared
      )
      if complete is not None and not self.reading.complete:
        self.reading = complete(self.reading, self._run)
      self.interface = self.reading.interface()
    except ValueError as error:
      raise ValueError(
        f'{self.name} cannot be read as a depth model: '
        f'{str(error).rstrip(".")}.'
      ) from error
    self.output_unit = self.interface.output_unit
    self.input_size = self.interface.input.size
    self.output_size = self.interface.output.size

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
    return self._run(self.interface, rgb_uint8)

  def _run(
    self, interface: model_interface.ModelInterface, rgb_uint8: np.ndarray
  ) -> np.ndarray:
    """Predicts with an interface of this file, float32 [h, w]."""
    interpreter = self.interpreter
    (source,) = interpreter.get_input_details()
    target = interpreter.get_output_details()[interface.output_place]
    interpreter.set_tensor(source['index'], interface.encode(rgb_uint8))
    try:
      interpreter.invoke()
    except RuntimeError as error:
      reason = ' '.join(printable.printable_lines(error).split())
      raise ValueError(
        f'{self.name} fails when it runs: {reason.rstrip(".")}. Convert it '
        'again, with built-in operators only.'
      ) from error
    numbers = interpreter.get_tensor(target['index'])
    if numbers.size != math.prod(interface.output.size):
      raise ValueError(
        f'{self.name}: its output has the shape {list(numbers.shape)} when it '
        f'runs, and {list(interface.output.shape)} when it is loaded. Convert '
        'it with a fixed output shape.'
      )
    return interface.decode_mm(numbers)
