# SPDX-License-Identifier: Apache-2.0
"""Reads the tables of a flatbuffer with `struct` alone.

By hand, because tflite-runtime, the only runtime for 32-bit boards, has no
schema module. Fields are identified by number, as in schema_tables.py. Check an
untrusted file with flatbuffer_check.py first: parts that repeat themselves may
use up the memory.
"""

import struct

import numpy as np


class Table:
  """One table, a record of numbered fields, each of which may be absent.

  Every method raises struct.error or IndexError if the file points outside
  itself.
  """

  def __init__(self, content: bytes, position: int):
    """Stores the table's place; see `root`.

    Args:
      content: the whole file.
      position: position of the table's first byte.
    """
    self._content = content
    self._position = position

  @classmethod
  def root(cls, content: bytes) -> 'Table':
    """Returns the outermost table of a file."""
    position = struct.unpack_from('<I', content, 0)[0]
    return cls(content, position)

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
    return np.frombuffer(self._content, dtype, count, start)

  def length(self, field: int) -> int:
    """Returns the length of a vector of bytes, 0 if it is absent."""
    position = self._find(field)
    return 0 if position is None else self._vector(position, 1)[1]

  def text(self, field: int) -> str:
    """Returns a string; '' if it is absent."""
    return self.numbers(field, 'u1').tobytes().decode('utf-8', 'replace')

  def table(self, field: int) -> 'Table | None':
    """Returns the table that a field points to; None if it is absent."""
    position = self._find(field)
    return None if position is None else self._target(position)

  def tables(self, field: int) -> list['Table']:
    """Returns the tables of a vector; empty if it is absent."""
    position = self._find(field)
    if position is None:
      return []
    start, count = self._vector(position, 4)
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
    return Table(self._content, position + offset)

  def _vector(self, position: int, item_size: int) -> tuple[int, int]:
    """Returns (position of the first item, number of items)."""
    (offset,) = struct.unpack_from('<I', self._content, position)
    start = position + offset
    (count,) = struct.unpack_from('<I', self._content, start)
    if start + 4 + count * item_size > len(self._content):
      raise IndexError(f'{count} items at byte {start} end outside the file')
    return start + 4, count
