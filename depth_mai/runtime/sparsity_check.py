# SPDX-License-Identifier: Apache-2.0
"""Checks how a .tflite file stores the values of a sparse tensor.

The format is that of SparsityParameters in
tensorflow/compiler/mlir/lite/schema/schema.fbs: the dimensions in the order in
which they are traversed, each dense or with a list of the entries that are
stored.
"""

import numpy as np

from depth_mai.runtime import flatbuffer_check
from depth_mai.runtime import flatbuffer_table

_Table = flatbuffer_table.Table
_SPARSE = 1
# Number of a vector's kind -> type of its entries.
_TYPES = {1: '<i4', 2: '<u2', 3: 'u1'}


def check(
  sparsity: _Table, shape: list[int], bits: int, stored_bytes: int, label: str
) -> None:
  """Checks the orders, the sizes and the indices of a sparse tensor.

  Args:
    sparsity: its table SparsityParameters.
    shape: the tensor's shape.
    bits: size of one of its values.
    stored_bytes: size of its values in the file.
    label: the tensor, for messages.

  Raises:
    DamagedError: if one of them is impossible.
  """
  order = sparsity.numbers(0, '<i4').tolist()
  blocks = sparsity.numbers(1, '<i4').tolist()
  dimensions = sparsity.tables(2)
  rank = len(shape)
  if (
    sorted(order) != list(range(rank + len(blocks)))
    or len(set(blocks)) != len(blocks)
    or not all(0 <= block < rank for block in blocks)
    or len(dimensions) != len(order)
  ):
    raise _refusal(label, 'dimensions')
  # Number of entries along each dimension, then along each within a block.
  extents = [*shape, *([1] * len(blocks))]
  for number, dimension in zip(order, dimensions, strict=True):
    if number >= rank:
      extents[number] = size = dimension.number(1, '<i')
      blocked = blocks[number - rank]
      if size < 1 or shape[blocked] % size:
        raise _refusal(label, 'blocks')
      extents[blocked] //= size
  values = 1
  for number, dimension in zip(order, dimensions, strict=True):
    if dimension.number(0, '<b') != _SPARSE:
      if dimension.number(1, '<i') != extents[number]:
        raise _refusal(label, 'sizes')
      values *= extents[number]
      continue
    segments, indices = _vector(dimension, 2), _vector(dimension, 4)
    if (
      segments.size != values + 1
      or segments[0] != 0
      or segments[-1] != indices.size
      or (np.diff(segments) < 0).any()
      or (indices < 0).any()
      or (indices >= extents[number]).any()
    ):
      raise _refusal(label, 'indices')
    values = indices.size
  if values * bits > 8 * stored_bytes:
    raise _refusal(label, 'values')


def _vector(dimension: _Table, field: int) -> np.ndarray:
  """Returns a vector of indices, int64."""
  entries = dimension.table(field + 1)
  dtype = _TYPES.get(dimension.number(field, '<b'))
  if entries is None or dtype is None:
    return np.zeros(0, np.int64)
  return entries.numbers(0, dtype).astype(np.int64)


def _refusal(label: str, what: str) -> flatbuffer_check.DamagedError:
  return flatbuffer_check.DamagedError(
    f'{label} is stored sparsely with impossible {what}'
  )
