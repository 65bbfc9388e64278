# SPDX-License-Identifier: Apache-2.0
"""Reads the tables of a flatbuffer with `struct` alone.

The generated schema module is missing from tflite-runtime, the only runtime for
32-bit boards, so what runs on a device reads .tflite files by the numbers of
their fields: those of tensorflow/compiler/mlir/lite/schema/schema.fbs.
"""

import struct

import numpy as np

# Many places of a file may point to one vector, so that a small file, read
# from end to end, becomes as large as it likes. No writer does so: all vectors
# of a file together are read as this many times its size, and some, at most.
_READINGS = 2
_READ_AT_LEAST = 1 << 16
# The least that a table takes: its place in the vector, and its layout's.
_ENTRY = 8


class _Budget:
  """What may still be read of a file."""

  def __init__(self, size: int):
    self._left = _READINGS * size + _READ_AT_LEAST

  def spend(self, size: int) -> None:
    """Counts bytes; raises IndexError where they are too many."""
    self._left -= size
    if self._left < 0:
      raise IndexError('the parts of the file are larger than the file')


class Table:
  """One table, a record of numbered fields any of which may be absent.

  Every method raises struct.error or IndexError where the file points outside
  of itself, or holds more than it has room for.
  """

  def __init__(self, content: bytes, position: int, budget: _Budget):
    """Looks at a table; see `root`.

    Args:
      content: the whole file.
      position: of the table's first byte.
      budget: what may still be read of the file.
    """
    self._content = content
    self._position = position
    self._budget = budget

  @classmethod
  def root(cls, content: bytes) -> 'Table':
    """Returns the outermost table of a file."""
    position = struct.unpack_from('<I', content, 0)[0]
    return cls(content, position, _Budget(len(content)))

  def number(self, field: int, layout: str, default: int = 0) -> int:
    """Returns a number that is stored in the table itself.

    Args:
      field: number of the field.
      layout: for struct, such as '<i'.
      default: what an absent field means.
    """
    position = self._find(field)
    if position is None:
      return default
    return struct.unpack_from(layout, self._content, position)[0]

  def numbers(self, field: int, dtype: str) -> np.ndarray:
    """Returns a vector of numbers, [N]; empty where it is absent.

    Args:
      field: number of the field.
      dtype: of one number, little-endian, such as '<i4'.
    """
    position = self._find(field)
    if position is None:
      return np.zeros(0, dtype)
    item_size = np.dtype(dtype).itemsize
    start, count = self._vector(position, item_size)
    self._budget.spend(count * item_size)
    return np.frombuffer(self._content, dtype, count, start)

  def length(self, field: int) -> int:
    """Returns the length of a vector of bytes, 0 where it is absent."""
    position = self._find(field)
    return 0 if position is None else self._vector(position, 1)[1]

  def text(self, field: int) -> str:
    """Returns a string; '' where it is absent."""
    return self.numbers(field, 'u1').tobytes().decode('utf-8', 'replace')

  def tables(self, field: int) -> list['Table']:
    """Returns the tables of a vector; empty where it is absent."""
    position = self._find(field)
    if position is None:
      return []
    start, count = self._vector(position, 4)
    self._budget.spend(_ENTRY * count)
    return [self._target(place) for place in range(start, start + 4 * count, 4)]

  def _find(self, field: int) -> int | None:
    """Returns where a field's value lies, or None where it is absent."""
    (to_layout,) = struct.unpack_from('<i', self._content, self._position)
    layout = self._position - to_layout
    if layout < 0:
      # Which struct would count from the end.
      raise IndexError(f'a layout at byte {layout}')
    (size,) = struct.unpack_from('<H', self._content, layout)
    entry = 4 + 2 * field
    if entry >= size:
      return None
    (offset,) = struct.unpack_from('<H', self._content, layout + entry)
    return self._position + offset if offset else None

  def _target(self, position: int) -> 'Table':
    (offset,) = struct.unpack_from('<I', self._content, position)
    return Table(self._content, position + offset, self._budget)

  def _vector(self, position: int, item_size: int) -> tuple[int, int]:
    """Returns (position of the first item, number of items)."""
    (offset,) = struct.unpack_from('<I', self._content, position)
    start = position + offset
    (count,) = struct.unpack_from('<I', self._content, start)
    if start + 4 + count * item_size > len(self._content):
      raise IndexError(f'{count} items at byte {start} end outside of the file')
    return start + 4, count
