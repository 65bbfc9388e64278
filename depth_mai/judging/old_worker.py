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

from depth_mai.devices.tflite_2_5 import old_interpreter
from depth_mai.judging import served_file
from depth_mai.judging import serving
from depth_mai.runtime import open_sizes


class _Worker(served_file.ServedFile):
  """A file and its interpreter of TFLite 2.5.0."""

  def load(
    self, blob: bytearray, xnnpack: bool, size: typing.Sequence[int]
  ) -> tuple[dict, bytes]:
    """Loads the file; returns descriptions of its inputs and outputs."""
    del blob
    interpreter = old_interpreter.Interpreter(self._content, 1, xnnpack)
    height, width = size
    open_sizes.close(interpreter, (height, width))
    return self._loaded(interpreter)


def main() -> None:
  """Serves the connection that the arguments name."""
  descriptor, memory_mb, cpu_s = sys.argv[1:]
  old_interpreter.load_library()
  connection = socket.socket(fileno=int(descriptor))
  serving.serve(connection, _Worker(), float(memory_mb), float(cpu_s), 1)


if __name__ == '__main__':
  main()
