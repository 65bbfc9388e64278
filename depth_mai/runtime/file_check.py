# SPDX-License-Identifier: Apache-2.0
"""Checks that a .tflite file is whole before a runtime maps it.

The runtimes trust what a file says about itself: a wrong index or size ends the
process. Field numbers are those of schema_tables.py.
"""

import math

import numpy as np

from depth_mai.files import printable
from depth_mai.runtime import flatbuffer_check
from depth_mai.runtime import flatbuffer_table
from depth_mai.runtime import schema_names
from depth_mai.runtime import sparsity_check

DamagedError = flatbuffer_check.DamagedError
_Table = flatbuffer_table.Table

# Largest size of one tensor, far above that of any picture.
_MOST_BYTES = 1 << 31
_LONGEST_NAME = 60
# Where a file stores a position outside its tables, smaller values mean none.
_FIRST_OUTSIDE = 2


def check(name: str, content: bytes) -> None:
  """Checks every offset, length, index and size in a file.

  Args:
    name: the file, for messages.
    content: the file, or a memory map of it.

  Raises:
    ValueError: the file is damaged; the message says where.
  """
  try:
    flatbuffer_check.check(content)
    _check_model(_Table.root(content), len(content))
  except DamagedError as error:
    raise refusal(name, str(error)) from error


def refusal(name: str, why: str) -> ValueError:
  """Returns the error for a damaged file.

  Args:
    name: the file, for messages.
    why: what is wrong with it.
  """
  return ValueError(f'{name} is damaged: {why}. Copy or convert it again.')


def stored_bytes(buffer: _Table) -> int:
  """Returns how many bytes a buffer of a file has."""
  # Files above 2 GB store their constants after the flatbuffer.
  return buffer.length(0) or buffer.number(2, '<Q')


def tensor_label(index: int, tensor: _Table) -> str:
  """Returns the number and the name, if any, of a tensor, for messages."""
  name = printable.printable(tensor.text(3), _LONGEST_NAME)
  return f'tensor {index} ({name})' if name else f'tensor {index}'


def _check_model(model: _Table, file_bytes: int) -> None:
  buffers = model.tables(4)
  for number, buffer in enumerate(buffers):
    _check_outside(
      buffer.number(1, '<Q'),
      buffer.number(2, '<Q'),
      file_bytes,
      f'buffer {number}',
    )
  stored = [stored_bytes(buffer) for buffer in buffers]
  for entry in model.tables(6):
    _check_indices([entry.number(1, '<I')], stored, 'buffer', 'the metadata')
  _check_indices(model.numbers(5, '<i4'), stored, 'buffer', 'the metadata')
  codes, subgraphs = model.tables(1), model.tables(2)
  tensors_of = [subgraph.tables(0) for subgraph in subgraphs]
  for number, subgraph in enumerate(subgraphs):
    tensors = tensors_of[number]
    for index, tensor in enumerate(tensors):
      _check_tensor(tensor, tensor_label(index, tensor), buffers, stored)
      _check_quantisation(tensor, tensor_label(index, tensor), tensors)
    for field, side in ((1, 'input'), (2, 'output')):
      _check_indices(
        subgraph.numbers(field, '<i4'),
        tensors,
        'tensor',
        f'an {side} of subgraph {number}',
      )
    for index, operator in enumerate(subgraph.tables(3)):
      _check_operator(operator, f'operator {index}', codes, tensors, file_bytes)
  for signature in model.tables(7):
    number = signature.number(4, '<I')
    owner = f'the signature {printable.printable(signature.text(2), 60)!r}'
    _check_indices([number], subgraphs, 'subgraph', owner)
    for entry in signature.tables(0) + signature.tables(1):
      _check_indices(
        [entry.number(1, '<I')], tensors_of[number], 'tensor', owner
      )


def _check_indices(
  indices: np.ndarray | list[int],
  entries: list,
  what: str,
  owner: str,
  least: int = 0,
) -> None:
  """Checks that indices are those of entries."""
  for index in indices:
    if not least <= index < len(entries):
      verb = 'is' if what == 'tensor' else 'names'
      raise DamagedError(
        f'{owner} {verb} {what} {index}, but there are {len(entries)}'
      )


def _check_outside(offset: int, size: int, file_bytes: int, owner: str) -> None:
  """Checks the place of data that are stored after the tables."""
  if max(offset, size) >= _FIRST_OUTSIDE and offset + size > file_bytes:
    raise DamagedError(
      f'{owner} has {size} bytes at byte {offset}, outside the file '
      f'({file_bytes} bytes)'
    )


def _check_tensor(
  tensor: _Table, label: str, buffers: list[_Table], stored: list[int]
) -> None:
  """Checks the shape of a tensor, and the size of its values."""
  shape = tensor.numbers(0, '<i4').tolist()
  signature = tensor.numbers(7, '<i4')
  if min(shape, default=0) < 0:
    raise DamagedError(f'{label} has the negative size {min(shape)} in {shape}')
  if signature.size not in (0, len(shape)):
    raise DamagedError(
      f'{label} has {len(shape)} sizes, but {signature.size} in its signature'
    )
  number = tensor.number(2, '<I')
  _check_indices([number], stored, 'buffer', label)
  type_name = schema_names.type_name(tensor.number(1, '<b'))
  bits = schema_names.type_bits(type_name)
  size = -(-math.prod(shape) * bits // 8)
  if size > _MOST_BYTES:
    raise DamagedError(
      f'{label} has the shape {shape} and would need {size} bytes, more than '
      f'the {_MOST_BYTES} that are allowed'
    )
  sparsity = tensor.table(6)
  if sparsity is not None:
    sparsity_check.check(sparsity, shape, bits, stored[number], label)
  elif type_name == 'STRING' and stored[number]:
    _check_strings(buffers[number].numbers(0, 'u1').tobytes(), label)
  elif 0 < stored[number] < size:
    raise DamagedError(
      f'{label} has {stored[number]} bytes of values, but its shape {shape} '
      f'and type {type_name} need {size}'
    )


def _check_strings(content: bytes, label: str) -> None:
  """Checks a tensor of strings: their number, their offsets, their bytes."""
  words = np.frombuffer(content, '<i4', len(content) // 4)
  count = int(words[0]) if words.size else -1
  # The last offset is the end of the last string.
  ends = words[1 : count + 2].astype(np.int64)
  if (
    count < 0
    or ends.size != count + 1
    or (np.diff(ends) < 0).any()
    or not 4 * (count + 2) <= ends[0] <= ends[-1] <= len(content)
  ):
    raise DamagedError(f'the strings of {label} lie outside its values')


def _check_quantisation(
  tensor: _Table, label: str, tensors: list[_Table]
) -> None:
  quantisation = tensor.table(4)
  if quantisation is None:
    return
  shape = tensor.numbers(0, '<i4').tolist()
  scales = quantisation.numbers(2, '<f4')
  zeros = quantisation.numbers(3, '<i8')
  dimension = quantisation.number(6, '<i')
  if zeros.size not in (0, scales.size):
    raise DamagedError(
      f'{label} has {scales.size} quantisation scales, but {zeros.size} zero '
      'points'
    )
  if scales.size > 1:
    along = shape[dimension] if 0 <= dimension < len(shape) else 'no'
    if scales.size != along:
      raise DamagedError(
        f'{label} has {scales.size} quantisation scales along dimension '
        f'{dimension}, where its shape {shape} has {along} entries'
      )
  if (~np.isfinite(scales) | (scales < 0)).any():
    raise DamagedError(
      f'{label} has a quantisation scale that is not finite or negative'
    )
  details = quantisation.table(5)
  if details is not None and quantisation.number(4, '<b') in (2, 3):
    # Blocks; their scales are another tensor.
    indices = [details.number(field, '<i') for field in (0, 1)]
    _check_indices(indices, tensors, 'tensor', f'a scale of {label}', -1)


def _check_operator(
  operator: _Table,
  label: str,
  codes: list[_Table],
  tensors: list[_Table],
  file_bytes: int,
) -> None:
  code = operator.number(0, '<I')
  _check_indices([code], codes, 'operator code', label)
  # -1 stands for an optional tensor that is left out.
  for field, what, least in (
    (1, 'an input', -1),
    (2, 'an output', 0),
    (8, 'an intermediate result', -1),
  ):
    _check_indices(
      operator.numbers(field, '<i4'),
      tensors,
      'tensor',
      f'{what} of {label}',
      least,
    )
  _check_outside(
    operator.number(9, '<Q'),
    operator.number(10, '<Q'),
    file_bytes,
    f'the options of {label}',
  )
