# SPDX-License-Identifier: Apache-2.0
"""The Interpreter of TFLite 2.5.0, without the rest of TensorFlow.

It has the methods of today's Interpreter that this project calls. It runs in
Python 3.8 and 3.9, and so does everything that is imported here.

Source: tensorflow/lite/python/interpreter.py of TensorFlow 2.5.0, whose class
is a thin layer around the same library.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
import typing

import numpy as np

_FOLDER = 'tensorflow/lite/python/interpreter_wrapper'
_NAME = '_pywrap_tensorflow_interpreter_wrapper'
# Numbers of the operator resolvers in interpreter_wrapper.cc: optimised kernels
# with the default delegates, if the library has any, and without.
_WITH_DELEGATES, _WITHOUT_DELEGATES = 1, 3


def load_library() -> typing.Any:
  """Loads the library from sys.path; the second call returns the same.

  Raises:
    ImportError: it is not there, or is for another Python.
  """
  if _NAME not in sys.modules:
    for folder in sys.path:
      path = os.path.join(folder, _FOLDER, f'{_NAME}.so')
      if os.path.exists(path):
        break
    else:
      raise ImportError(f'{_NAME} is not on sys.path.')
    loader = importlib.machinery.ExtensionFileLoader(_NAME, path)
    spec = importlib.machinery.ModuleSpec(_NAME, loader, origin=path)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    sys.modules[_NAME] = module
  return sys.modules[_NAME]


class Interpreter:
  """A loaded file, which is not allocated yet."""

  def __init__(self, content: bytes, num_threads: int, delegates: bool = True):
    """Loads a file.

    Args:
      content: the file.
      num_threads: threads for the kernels.
      delegates: whether the default delegates may take the graph.

    Raises:
      ValueError: the runtime refuses the file, in its own words.
    """
    # The runtime reads the file while it runs, and does not copy it.
    self._content = content
    resolver = _WITH_DELEGATES if delegates else _WITHOUT_DELEGATES
    self._wrapper = load_library().CreateWrapperFromBuffer(
      content, resolver, [], [], False
    )
    self._wrapper.SetNumThreads(num_threads)

  def allocate_tensors(self) -> None:
    """Allocates all tensors; raises RuntimeError in the runtime's own words."""
    self._wrapper.AllocateTensors()

  def resize_tensor_input(
    self, index: int, shape: typing.Sequence[int]
  ) -> None:
    """Gives an input another shape."""
    self._wrapper.ResizeInputTensor(index, np.array(shape, np.int32), False)

  def set_tensor(self, index: int, values: np.ndarray) -> None:
    """Copies values into an input."""
    self._wrapper.SetTensor(index, values)

  def invoke(self) -> None:
    """Runs the file; raises RuntimeError in the runtime's own words."""
    self._wrapper.Invoke()

  def get_tensor(self, index: int) -> np.ndarray:
    """Returns a copy of a tensor."""
    return self._wrapper.GetTensor(index)

  def get_input_details(self) -> list[dict]:
    """Returns index, name, shape, type and quantisation of the inputs."""
    return [self._details(index) for index in self._wrapper.InputIndices()]

  def get_output_details(self) -> list[dict]:
    """Returns index, name, shape, type and quantisation of the outputs."""
    return [self._details(index) for index in self._wrapper.OutputIndices()]

  def operator_names(self) -> list[str]:
    """Returns the names of all nodes, in the order of the graph."""
    nodes = range(self._wrapper.NumNodes())
    return [self._wrapper.NodeName(node) for node in nodes]

  def _get_full_signature_list(self) -> dict:
    """Returns the signatures, as today's private method of this name does."""
    return self._wrapper.GetSignatureDefs()

  def _details(self, index: int) -> dict:
    wrapper, index = self._wrapper, int(index)
    return {
      'index': index,
      'name': wrapper.TensorName(index),
      'shape': wrapper.TensorSize(index),
      'shape_signature': wrapper.TensorSizeSignature(index),
      'dtype': wrapper.TensorType(index),
      'quantization': wrapper.TensorQuantization(index),
    }
