# SPDX-License-Identifier: Apache-2.0
"""Checks the description that the sandbox gives of a file's input and output.

The description is untrusted. What it means is read by `interface_reader`, as in
all programs; this module checks its types and limits its sizes.
"""

import math
import typing

import numpy as np

from depth_mai.judging import verdict
from depth_mai.runtime import interface_evidence
from depth_mai.runtime import interface_reader
from depth_mai.runtime import model_interface
from depth_mai.runtime import tensor_description

# Largest picture and depth map: pixels of a side, and in total.
MAX_SIDE = 8192
MAX_PIXELS = 16 << 20
_LONGEST_NAME = 80
_MOST_TENSORS = 64


def read(
  answer: dict,
  metadata: dict,
  declared: interface_evidence.Declared = interface_evidence.NOTHING,
) -> interface_reader.Reading:
  """Checks and reads input and output.

  Args:
    answer: untrusted result of `sandbox.Sandbox.load`.
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
  """Returns the tensors of a side; raises FileFaultError if one is invalid."""
  found = answer.get(f'{side}s')
  if not isinstance(found, list) or not 0 < len(found) <= _MOST_TENSORS:
    raise verdict.FileFaultError(f'It has no valid {side}s.')
  return [_tensor(one, side) for one in found]


def _tensor(found: object, side: str) -> tensor_description.TensorDescription:
  try:
    tensor = tensor_description.TensorDescription(**typing.cast(dict, found))
  except TypeError as error:
    raise verdict.FileFaultError(
      f'The description of its {side} is invalid.'
    ) from error
  if not (
    _is_shape(tensor.shape)
    and _is_shape(tensor.signature)
    and len(tensor.shape) == len(tensor.signature)
  ):
    raise verdict.FileFaultError(f'The shape of its {side} is invalid.')
  names = [tensor.name, tensor.type]
  names += (
    tensor.signature_names
    if isinstance(tensor.signature_names, list)
    else [None]
  )
  if not all(isinstance(x, str) and len(x) <= _LONGEST_NAME for x in names):
    raise verdict.FileFaultError(f'The name of its {side} is invalid.')
  if tensor.type in model_interface.FLOAT_TYPES or _is_quantised(tensor):
    return tensor
  return tensor._replace(scale=0.0, zero_point=0)


def _is_shape(value: object) -> bool:
  """Returns whether an untrusted value is a list of whole numbers."""
  return isinstance(value, list) and all(type(one) is int for one in value)


def _is_quantised(tensor: tensor_description.TensorDescription) -> bool:
  """Returns whether untrusted scale and zero point are those of the type."""
  if tensor.type not in model_interface.TYPES:
    return False
  limits = np.iinfo(tensor.type)
  return (
    isinstance(tensor.scale, float)
    and 0 < tensor.scale < math.inf
    and type(tensor.zero_point) is int
    and limits.min <= tensor.zero_point <= limits.max
  )
