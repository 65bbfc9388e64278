# SPDX-License-Identifier: Apache-2.0
"""Reads the tables of a flatbuffer with `struct` alone.

The generated schema module is missing from tflite-runtime, the only runtime for
32-bit boards, so what runs on a device reads .tflite files by the numbers of
their fields: those of tensorflow/compiler/mlir/lite/schema/schema.fbs.
"""

import struct

import numpy as np


class Table:
  """One table, a record of numbered fields any of which may be absent.

  Every method raises struct.error or IndexError where the file points outside
  of itself.
  """

  def __init__(self, content: bytes, position: int):
    """Looks at a table.

    Args:
      content: the whole file.
      position: of the table's first byte.
    """
    self._content = content
    self._position = position

  @classmethod
  def root(cls, content: bytes) -> 'Table':
    """Returns the outermost table of a file."""
    return cls(content, struct.unpack_from('<I', content, 0)[0])

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
    start, count = self._vector(position, np.dtype(dtype).itemsize)
    return np.frombuffer(self._content, dtype, count, start)

  def text(self, field: int) -> str:
    """Returns a string; '' where it is absent."""
    return self.numbers(field, 'u1').tobytes().decode('utf-8', 'replace')

  def tables(self, field: int) -> list['Table']:
    """Returns the tables of a vector; empty where it is absent."""
    position = self._find(field)
    if position is None:
      return []
    start, count = self._vector(position, 4)
    return [self._target(place) for place in range(start, start + 4 * count, 4)]

  def _find(self, field: int) -> int | None:
    """Returns where a field's value lies, or None where it is absent."""
    (to_layout,) = struct.unpack_from('<i', self._content, self._position)
    layout = self._position - to_layout
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
      raise IndexError(f'{count} items at byte {start} end outside of the file')
    return start + 4, count
