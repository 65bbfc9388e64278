# SPDX-License-Identifier: Apache-2.0
"""A file and its interpreter, in the process that runs it.

It also runs in Python 3.8, for TFLite 2.5, and so does everything that is
imported here.
"""

from __future__ import annotations

import typing

import numpy as np

from depth_mai.runtime import tensor_description


class ServedFile:
  """Answers the requests that all runtimes have in common.

  A public method answers one request: it takes the request's blob and fields,
  and returns the answer (for JSON) and the answer's blob.
  """

  def __init__(self) -> None:
    self._content = b''
    self._interpreter: typing.Any = None

  def take(self, blob: bytearray) -> tuple[dict, bytes]:
    """Receives the content of the file."""
    self._content = bytes(blob)
    return {}, b''

  def _loaded(self, interpreter: typing.Any) -> tuple[dict, bytes]:
    """Keeps an interpreter; returns descriptions of its inputs and outputs."""
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
