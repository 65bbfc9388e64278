# SPDX-License-Identifier: Apache-2.0
"""Gives a size to inputs that a .tflite file leaves open.

The runtime would make an open size 1, and a file for pictures of any size would
then run, and be timed, on a single pixel. It also runs in Python 3.8, for
TFLite 2.5.
"""

from __future__ import annotations

from collections.abc import Sequence
import typing

_CHANNELS = 3


def close(interpreter: typing.Any, size: tuple[int, int]) -> None:
  """Resizes the open inputs and allocates all tensors.

  An open batch size becomes 1. If the sizes of an output are open, the model
  runs once on zeros, because only then are they known.

  Args:
    interpreter: an interpreter that is not allocated yet.
    size: (height, width) for pictures, pixels.

  Raises:
    ValueError: the runtime cannot resize the model.
    RuntimeError: the same, from other versions of the runtime.
  """
  for detail in interpreter.get_input_details():
    signature = _signature(detail)
    if min(signature, default=0) < 0:
      shape = closed(signature, size)
      if shape != tuple(detail['shape']):
        interpreter.resize_tensor_input(detail['index'], shape)
  interpreter.allocate_tensors()
  if any(
    min(_signature(detail)[1:], default=0) < 0
    for detail in interpreter.get_output_details()
  ):
    for detail in interpreter.get_input_details():
      # This module is imported where NumPy may be missing, to say so.
      zeros = interpreter.get_tensor(detail['index'])
      zeros.fill(0)
      interpreter.set_tensor(detail['index'], zeros)
    interpreter.invoke()


def closed(signature: Sequence[int], size: tuple[int, int]) -> tuple[int, ...]:
  """Returns a shape without open sizes.

  Args:
    signature: the shape in the file, -1 for each open size. With four entries
      it is taken as a picture's, [N, H, W, 3], or [N, 3, H, W] if only the
      second entry is 3.
    size: (height, width) for pictures, pixels.
  """
  fill = [1] * len(signature)
  if len(signature) == 4:
    first = signature[1] == _CHANNELS != signature[3]
    fill = [1, _CHANNELS, *size] if first else [1, *size, _CHANNELS]
  return tuple(
    int(given) if given >= 0 else fill[place]
    for place, given in enumerate(signature)
  )


def _signature(detail: dict) -> list[int]:
  """Returns the shape in the file, of which open sizes are -1."""
  signature = detail.get('shape_signature')
  # Files without open sizes have an empty signature in some versions.
  if signature is None or len(signature) != len(detail['shape']):
    signature = detail['shape']
  return [int(size) for size in signature]
