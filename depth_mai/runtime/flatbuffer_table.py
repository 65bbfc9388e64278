# SPDX-License-Identifier: Apache-2.0
"""Reads the tables of a flatbuffer with `struct` alone.

By hand, because tflite-runtime, the only runtime for 32-bit boards, has no
schema module, and because untrusted files must not use up memory. Fields are
identified by number, as in tensorflow/compiler/mlir/lite/schema/schema.fbs.
"""

import struct

import numpy as np

# In a hostile file many offsets may point to the same vector, so that reading a
# small file takes any amount of memory. No real writer shares vectors. So all
# vectors together may have at most this many times the size of the file, plus a
# constant.
_READINGS = 2
_READ_AT_LEAST = 1 << 16
# Least size of a table: its offset in the vector, and the offset of its layout.
_ENTRY = 8


class _Budget:
  """Limits how many bytes are read from a file."""

  def __init__(self, size: int):
    self._left = _READINGS * size + _READ_AT_LEAST

  def spend(self, size: int) -> None:
    """Counts bytes; raises IndexError above the limit."""
    self._left -= size
    if self._left < 0:
      raise IndexError('the parts of the file are larger than the file')


class Table:
  """One table, a record of numbered fields, each of which may be absent.

  Every method raises struct.error or IndexError if the file points outside
  itself, or if its vectors exceed the limit.
  """

  def __init__(self, content: bytes, position: int, budget: _Budget):
    """Stores the table's place; see `root`.

    Args:
      content: the whole file.
      position: position of the table's first byte.
      budget: limit of the bytes read from the file.
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
    """Returns a number stored in the table itself.

    Args:
      field: number of the field.
      layout: format for struct, such as '<i'.
      default: value of an absent field.
    """
    position = self._find(field)
    if position is None:
      return default
    return struct.unpack_from(layout, self._content, position)[0]

  def numbers(self, field: int, dtype: str) -> np.ndarray:
    """Returns a vector of numbers, [N]; empty if it is absent.

    Args:
      field: number of the field.
      dtype: type of one number, little-endian, such as '<i4'.
    """
    position = self._find(field)
    if position is None:
      return np.zeros(0, dtype)
    item_size = np.dtype(dtype).itemsize
    start, count = self._vector(position, item_size)
    self._budget.spend(count * item_size)
    return np.frombuffer(self._content, dtype, count, start)

  def length(self, field: int) -> int:
    """Returns the length of a vector of bytes, 0 if it is absent."""
    position = self._find(field)
    return 0 if position is None else self._vector(position, 1)[1]

  def text(self, field: int) -> str:
    """Returns a string; '' if it is absent."""
    return self.numbers(field, 'u1').tobytes().decode('utf-8', 'replace')

  def tables(self, field: int) -> list['Table']:
    """Returns the tables of a vector; empty if it is absent."""
    position = self._find(field)
    if position is None:
      return []
    start, count = self._vector(position, 4)
    self._budget.spend(_ENTRY * count)
    return [self._target(place) for place in range(start, start + 4 * count, 4)]

  def _find(self, field: int) -> int | None:
    """Returns the position of a field's value, or None if it is absent."""
    (to_layout,) = struct.unpack_from('<i', self._content, self._position)
    layout = self._position - to_layout
    if layout < 0:
      # A negative offset would make struct read from the end.
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
      raise IndexError(f'{count} items at byte {start} end outside the file')
    return start + 4, count
