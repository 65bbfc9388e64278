# SPDX-License-Identifier: Apache-2.0
"""Runs a model in TFLite 2.5.0 inside the 32-bit system, between snapshots.

The wheel's Python module is for Python 3.8, which Debian 12 does not have. So
its library is loaded without Python's help, and the C++ functions below are
called by their addresses, with the objects of TensorFlow Lite 2.5.0's headers:
lite/interpreter.h, lite/core/subgraph.h, lite/c/common.h.

arm32_run.py starts it with a request in a JSON file: library, model, inputs and
outputs (dicts from the numbers of tensors to files of their bytes), inferences,
operators (whether to take snapshots of each operator). This program imports the
standard library only.
"""

import ctypes
import json
import struct
import sys

from depth_mai.devices.emulated_pi4 import hooks
from depth_mai.devices.emulated_pi4 import marks
from depth_mai.devices.emulated_pi4 import symbols

_FUNCTION_NAMES = {
  'reporter': '_ZN6tflite20DefaultErrorReporterEv',
  'read': (
    '_ZN6tflite15FlatBufferModel15BuildFromBufferEPKcjPNS_13ErrorReporterE'
  ),
  'resolver': '_ZN6tflite3ops7builtin17BuiltinOpResolverC1Ev',
  'builder': (
    '_ZN6tflite18InterpreterBuilderC1ERKNS_15FlatBufferModelERKNS_10OpResolverE'
  ),
  'build': (
    '_ZN6tflite18InterpreterBuilderclEPSt10unique_ptrINS_11InterpreterE'
    'St14default_deleteIS2_EEi'
  ),
  'allocate': '_ZN6tflite11Interpreter15AllocateTensorsEv',
  'invoke': '_ZN6tflite11Interpreter6InvokeEv',
  # Interpreter::Invoke calls it at the beginning of each node.
  'next': '_ZN6tflite8Subgraph27EnsureTensorsVectorCapacityEv',
}
# More than any of the objects has.
_OBJECT_BYTES = 4096

# Places of fields, in words of 4 bytes. Two fields of Subgraph.context_ are
# used: tensors and impl_, which is the subgraph itself.
_INTERPRETER_SUBGRAPHS = 13
_SUBGRAPH_TENSORS, _SUBGRAPH_IMPL = 7, 8
_TENSOR_WORDS = 16
_TENSOR_DATA, _TENSOR_BYTES = 1, 6

# Places in a flatbuffer, see `without_signatures`.
_SIGNATURES_IN_VTABLE = 4 + 2 * 7


def without_signatures(content: bytes) -> bytes:
  """Returns a file without its signatures.

  This release reads a field of them that today's converter does not write, and
  crashes. They have no effect on what the file computes.

  Args:
    content: a .tflite file.
  """
  changed = bytearray(content)
  (model,) = struct.unpack_from('<I', changed, 0)
  (distance,) = struct.unpack_from('<i', changed, model)
  vtable = model - distance
  (size,) = struct.unpack_from('<H', changed, vtable)
  if size > _SIGNATURES_IN_VTABLE:
    struct.pack_into('<H', changed, vtable + _SIGNATURES_IN_VTABLE, 0)
  return bytes(changed)


class _Runtime:
  """The functions of the library."""

  def __init__(self, path: str):
    ctypes.CDLL(path)
    with open('/proc/self/maps') as stream:
      lines = [line.split() for line in stream if line.rstrip().endswith(path)]
    start = min(int(line[0].split('-')[0], 16) for line in lines)
    self._addresses = {
      name: start + address
      for name, address in symbols.find_functions(path, _FUNCTION_NAMES).items()
    }

  def call(self, name: str, *args: int) -> int:
    """Calls a function whose arguments and result are words."""
    kinds = [ctypes.c_void_p] * len(args)
    kind = ctypes.CFUNCTYPE(ctypes.c_int, *kinds)
    return kind(self._addresses[name])(*args) & 0xFFFFFFFF

  def watch_nodes(self) -> None:
    """Asks for a snapshot at the beginning of each node."""
    # The lowest bit says that the function is Thumb code.
    hooks.watch(marks.START, self._addresses['next'] & ~1)


class _Interpreter:
  """A model with its tensors."""

  def __init__(self, runtime: _Runtime, content: bytes):
    """Loads a file.

    Raises:
      ValueError: the runtime refuses it.
    """
    self._runtime = runtime
    # The runtime reads these while it runs.
    self._kept = [ctypes.create_string_buffer(content, len(content))] + [
      ctypes.create_string_buffer(_OBJECT_BYTES) for _ in range(2)
    ]
    file, resolver, builder = (ctypes.addressof(one) for one in self._kept)
    found = (ctypes.c_uint32 * 2)()
    model, interpreter = ctypes.addressof(found), ctypes.addressof(found) + 4
    reporter = runtime.call('reporter')
    runtime.call('read', model, file, len(content), reporter)
    if not found[0]:
      raise ValueError('TFLite 2.5.0 cannot read the file.')
    runtime.call('resolver', resolver)
    runtime.call('builder', builder, found[0], resolver)
    if runtime.call('build', builder, interpreter, 1):
      raise ValueError('TFLite 2.5.0 refuses the file.')
    self._pointer = found[1]
    if runtime.call('allocate', self._pointer):
      raise ValueError('TFLite 2.5.0 cannot allocate the tensors.')
    (subgraphs,) = _words(self._pointer + 4 * _INTERPRETER_SUBGRAPHS, 1)
    (subgraph,) = _words(subgraphs, 1)
    fields = _words(subgraph, _SUBGRAPH_IMPL + 1)
    if fields[_SUBGRAPH_IMPL] != subgraph:
      raise ValueError(f'This is another TFLite. {symbols.OTHER_LITERT}')
    self._tensors = fields[_SUBGRAPH_TENSORS]

  def invoke(self) -> None:
    """Runs the model."""
    if self._runtime.call('invoke', self._pointer):
      raise ValueError('TFLite 2.5.0 cannot run the file.')

  def fill(self, index: int, values: bytes) -> None:
    """Copies bytes into a tensor.

    Raises:
      ValueError: the tensor has another size.
    """
    address, size = self._place(index)
    if len(values) != size:
      raise ValueError(f'Input {index} has {size} bytes, not {len(values)}.')
    ctypes.memmove(address, values, size)

  def values(self, index: int) -> bytes:
    """Returns a copy of a tensor's bytes."""
    return ctypes.string_at(*self._place(index))

  def _place(self, index: int) -> tuple[int, int]:
    """Returns address and size of a tensor."""
    fields = _words(self._tensors + 4 * _TENSOR_WORDS * index, _TENSOR_WORDS)
    return fields[_TENSOR_DATA], fields[_TENSOR_BYTES]


def _words(address: int, count: int) -> list[int]:
  return list((ctypes.c_uint32 * count).from_address(address))


def run(request: dict) -> None:
  """Runs the model and writes its outputs.

  Args:
    request: see the top of this file.

  Raises:
    ValueError: the model cannot be run.
  """
  with open(request['model'], 'rb') as stream:
    content = without_signatures(stream.read())
  runtime = _Runtime(request['library'])
  if request['operators']:
    runtime.watch_nodes()
  loaded = _Interpreter(runtime, content)
  for index, path in request['inputs'].items():
    with open(path, 'rb') as stream:
      loaded.fill(int(index), stream.read())
  loaded.invoke()
  for _ in range(request['inferences']):
    hooks.snapshot(marks.BEGIN)
    loaded.invoke()
    hooks.snapshot(marks.END)
  for index, path in request['outputs'].items():
    with open(path, 'wb') as stream:
      stream.write(loaded.values(int(index)))


def main() -> None:
  """Runs the request whose file is the program's argument."""
  with open(sys.argv[1], encoding='utf-8') as stream:
    request = json.load(stream)
  try:
    run(request)
  except ValueError as error:
    sys.exit(f'{error}')


if __name__ == '__main__':
  main()
