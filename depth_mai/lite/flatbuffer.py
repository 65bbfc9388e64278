# SPDX-License-Identifier: Apache-2.0
"""Unpacks .tflite files into objects of the schema's classes, and packs them.

A file is unpacked once and changed in place. runtime/graph.py reads graphs
without the schema's classes and without TensorFlow, but cannot change them.
"""

import flatbuffers
import numpy as np

try:
  from ai_edge_litert import schema_py_generated as schema
except ImportError:
  from tensorflow.lite.python import schema_py_generated as schema

from depth_mai.runtime import file_check
from depth_mai.runtime import interpreter as interpreter_lib
from depth_mai.runtime import schema_names

_BUFFER_ALIGNMENT = 16
# Keras opens these scopes inside a layer's own.
_INNER_SCOPES = ('batchnorm', 'resize')


class _AligningBuilder(flatbuffers.Builder):
  """A builder that keeps constant data on 16-byte boundaries.

  The schema requires it (`force_align: 16`), because a runtime that maps the
  file into memory reads the weights in place. The generated Python code does
  not do it.
  """

  def CreateNumpyVector(self, x):  # noqa: N802, the base class's name
    """Writes a one-dimensional array, bytes on a 16-byte boundary."""
    if x.dtype != np.uint8:
      return super().CreateNumpyVector(x)
    self.StartVector(1, x.size, _BUFFER_ALIGNMENT)
    self.head = self.head - x.size
    self.Bytes[self.head : self.head + x.size] = x.tobytes()
    self.vectorNumElems = x.size
    return self.EndVector()


def read_model(content: bytes) -> schema.ModelT:
  """Unpacks a .tflite file's bytes.

  Args:
    content: the whole file.

  Returns:
    The model as an object tree; constants are uint8 arrays.

  Raises:
    ValueError: if the bytes are not a TFLite flatbuffer, or it is damaged.
  """
  file_check.check(interpreter_lib.check_is_tflite(content), content)
  return schema.ModelT.InitFromPackedBuf(bytearray(content), 0)


def write_model(model: schema.ModelT) -> bytes:
  """Packs a model; its constants are aligned as the schema requires."""
  builder = _AligningBuilder(1024)
  builder.Finish(model.Pack(builder), file_identifier=b'TFL3')
  return bytes(builder.Output())


def type_name(tensor: schema.TensorT) -> str:
  """Returns the type of a tensor, e.g. 'FLOAT32'."""
  return schema_names.type_name(tensor.type)


def operator_name(model: schema.ModelT, operator: schema.OperatorT) -> str:
  """Returns the name of an operator, e.g. 'CONV_2D'."""
  code = model.operatorCodes[operator.opcodeIndex]
  # Old files store small codes in the deprecated field only.
  return schema_names.operator_name(
    max(code.builtinCode, code.deprecatedBuiltinCode)
  )


def text(name: bytes | str | None) -> str:
  """Returns a name of the file as text."""
  return name.decode('utf-8') if isinstance(name, bytes) else name or ''


def tensor_name(tensor: schema.TensorT) -> str:
  """Returns the tensor's name as text."""
  return text(tensor.name)


def layer_name(tensor_name: str) -> str:
  """Returns the layer that a tensor of a converted file belongs to.

  Args:
    tensor_name: the paths of all operators that were fused into one, e.g.
      'tcl_deployed_1/tcl_1/stem_1/convolution;tcl_deployed_1/...'.

  Returns:
    The layer of the first of them, e.g. 'stem_1'.
  """
  first = tensor_name.split(';')[0]
  scopes = first.split('/')[:-1]
  if len(scopes) > 1 and scopes[-1] in _INNER_SCOPES:
    scopes.pop()
  return scopes[-1] if scopes else first


def constant_size(model: schema.ModelT, tensor: schema.TensorT) -> int:
  """Returns the number of stored elements of a tensor, 0 for an activation."""
  data = model.buffers[tensor.buffer].data
  if data is None or not len(data):
    return 0
  if tensor.shape is None or not len(tensor.shape):
    return 1
  return int(np.prod(tensor.shape))
