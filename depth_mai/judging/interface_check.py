# SPDX-License-Identifier: Apache-2.0
"""Checks the description that the sandbox gives of a file's input and output.

Its types are those of answers.py, but it need not be true. What it means is
read by `interface_reader`, as in all programs; this module limits its sizes and
drops scales that are not those of the type.
"""

import math

import numpy as np

from depth_mai.judging import verdict
from depth_mai.runtime import interface_evidence
from depth_mai.runtime import interface_reader
from depth_mai.runtime import model_interface
from depth_mai.runtime import tensor_description

# Largest picture and depth map: pixels of a side, and in total.
MAX_SIDE = 8192
MAX_PIXELS = 16 << 20


def read(
  answer: dict,
  metadata: dict,
  declared: interface_evidence.Declared = interface_evidence.NOTHING,
) -> interface_reader.Reading:
  """Checks and reads input and output.

  Args:
    answer: result of `sandbox.Sandbox.load`.
    metadata: untrusted entries of depth_mai.convert, see static_check.py.
    declared: what the flags state.

  Returns:
    The reading; its range and unit may be unknown.

  Raises:
    verdict.FileFaultError: if the file is not a depth network.
  """
  # As metadata.read_metadata has them.
  metadata = {
    'output_unit': metadata.get('output_unit'),
    'input': {key: metadata.get(key) for key in ('range', 'layout')},
  }
  try:
    reading = interface_reader.read(
      _tensors(answer, 'input'),
      _tensors(answer, 'output'),
      metadata,
      declared,
    )
  except ValueError as error:
    raise as_fault(error) from error
  for name, tensor in (('input', reading.input), ('output', reading.output)):
    if max(tensor.size) > MAX_SIDE or math.prod(tensor.size) > MAX_PIXELS:
      raise verdict.FileFaultError(
        f'Its {name} has {tensor.size[0]} x {tensor.size[1]} pixels; at most '
        f'{MAX_SIDE} a side and {MAX_PIXELS} in total are allowed.'
      )
  return reading


def as_fault(error: ValueError) -> verdict.FileFaultError:
  """Returns an error of the reader as a fault, which is a sentence.

  Args:
    error: its text begins with 'it' or 'its', the file.
  """
  text = str(error).rstrip('.')
  return verdict.FileFaultError(f'{text[:1].upper()}{text[1:]}.')


def _tensors(
  answer: dict, side: str
) -> list[tensor_description.TensorDescription]:
  """Returns the tensors of a side."""
  return [_tensor(found, side) for found in answer[f'{side}s']]


def _tensor(found: dict, side: str) -> tensor_description.TensorDescription:
  tensor = tensor_description.TensorDescription(**found)
  if len(tensor.shape) != len(tensor.signature):
    raise verdict.FileFaultError(f'The shape of its {side} is invalid.')
  if tensor.type in model_interface.FLOAT_TYPES or _is_quantised(tensor):
    return tensor
  return tensor._replace(scale=0.0, zero_point=0)


def _is_quantised(tensor: tensor_description.TensorDescription) -> bool:
  """Returns whether scale and zero point are those of the type."""
  if tensor.type not in model_interface.TYPES:
    return False
  limits = np.iinfo(tensor.type)
  return (
    0 < tensor.scale < math.inf
    and limits.min <= tensor.zero_point <= limits.max
  )
