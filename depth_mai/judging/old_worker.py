# SPDX-License-Identifier: Apache-2.0
"""Runs a file in TFLite 2.5.0, in a process that locks itself before.

It runs as `python -m depth_mai.judging.old_worker FD MEMORY_MB CPU_S` in
Python 3.8 and 3.9, and so does everything that is imported here. FD is the
connection to the judge.
"""

from __future__ import annotations

import socket
import sys
import typing

import numpy as np

from depth_mai.devices.tflite_2_5 import old_interpreter
from depth_mai.judging import serving
from depth_mai.runtime import open_sizes
from depth_mai.runtime import tensor_description


class _Worker:
  """A file and its interpreter; answers the same requests as in worker.py."""

  def __init__(self) -> None:
    self._content = b''
    self._interpreter: typing.Any = None

  def take(self, blob: bytearray) -> tuple[dict, bytes]:
    """Receives the content of the file."""
    self._content = bytes(blob)
    return {}, b''

  def load(
    self, blob: bytearray, xnnpack: bool, size: typing.Sequence[int]
  ) -> tuple[dict, bytes]:
    """Loads the file; returns descriptions of its inputs and outputs."""
    del blob
    interpreter = old_interpreter.Interpreter(self._content, 1, xnnpack)
    height, width = size
    open_sizes.close(interpreter, (height, width))
    self._interpreter = interpreter
    described = tensor_description.describe(interpreter)
    return {
      side: [tensor._asdict() for tensor in tensors]
      for side, tensors in described.items()
    }, b''

  def run(self, blob: bytearray, output: int = 0) -> tuple[dict, bytes]:
    """Runs the file on the bytes of its input; returns those of an output."""
    (source,) = self._interpreter.get_input_details()
    target = self._interpreter.get_output_details()[output]
    values = np.frombuffer(blob, source['dtype']).reshape(source['shape'])
    self._interpreter.set_tensor(source['index'], values)
    self._interpreter.invoke()
    result = self._interpreter.get_tensor(target['index'])
    return {'shape': list(result.shape)}, result.tobytes()


def main() -> None:
  """Serves the connection that the arguments name."""
  descriptor, memory_mb, cpu_s = sys.argv[1:]
  old_interpreter.load_library()
  connection = socket.socket(fileno=int(descriptor))
  serving.serve(connection, _Worker(), float(memory_mb), float(cpu_s), 1)


if __name__ == '__main__':
  main()
