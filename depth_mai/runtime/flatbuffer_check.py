# SPDX-License-Identifier: Apache-2.0
"""Checks that every table, vector and string of a .tflite file lies inside it.

The runtimes follow the offsets in a file without looking at them; one that
points outside ends the process. (The verifier of the flatbuffers library needs
the schema's generated classes, and exists in C++ only.)
"""

import struct

from depth_mai.runtime import schema_tables

# In a hostile file many offsets may point to the same table or vector, so that
# reading a small file takes any amount of time and memory. No real writer
# shares them. So all together may have at most this many times the size of the
# file, plus a constant.
_READINGS = 2
_READ_AT_LEAST = 1 << 16
# Largest number of tables; a network for a phone has some thousands.
MOST_TABLES = 1 << 16
# Type of a field -> size of what the table itself holds: a number, or an
# offset.
_SIZES = {'1': 1, '2': 2, '4': 4, '8': 8, 'f': 4, 'g': 4}
_OFFSET = 4
_ITEMS = {'B': 1, 'H': 2, 'I': 4, 'G': 4, 'Q': 8}

_U16, _U32, _I32 = struct.Struct('<H'), struct.Struct('<I'), struct.Struct('<i')


class DamagedError(ValueError):
  """A part of a file points outside it; the text says which."""


def check(content: bytes) -> None:
  """Checks a file from its outermost table on.

  Args:
    content: the file, or a memory map of it.

  Raises:
    DamagedError: if a part lies outside the file, or is stored too often.
  """
  walk = _Walk(content)
  walk.table('Model', walk.target(0))


class _Walk:
  """Visits all tables of a file."""

  def __init__(self, content: bytes):
    self._content, self._size = content, len(content)
    self._left = _READINGS * self._size + _READ_AT_LEAST
    self._tables_left = MOST_TABLES

  def target(self, place: int) -> int:
    """Returns the position to which the offset at a place points."""
    if place + _OFFSET > self._size:
      raise DamagedError(f'an offset at byte {place} lies outside the file')
    target = place + _U32.unpack_from(self._content, place)[0]
    if target + _OFFSET > self._size or target % _OFFSET:
      raise DamagedError(
        f'the offset at byte {place} points to byte {target}, where nothing '
        f'can be stored in a file of {self._size} bytes'
      )
    return target

  def table(self, kind: str, position: int) -> None:
    """Checks a table and all that it points to.

    Args:
      kind: its name in the schema.
      position: position of its first byte, inside the file.
    """
    self._spend(2 * _OFFSET, kind)
    self._tables_left -= 1
    if self._tables_left < 0:
      raise DamagedError(f'it has more than {MOST_TABLES} tables')
    offsets, size = self._layout(kind, position)
    fields = schema_tables.FIELDS.get(kind, ())
    for number, (field, offset) in enumerate(
      zip(fields, offsets, strict=False)
    ):
      if not offset or field == '-':
        continue
      if offset + _SIZES.get(field, _OFFSET) > size:
        raise DamagedError(
          f'field {number} of the {kind} at byte {position} lies outside its '
          'table'
        )
      if field in _SIZES:
        continue
      if field == 'u':
        kinds = schema_tables.UNIONS[kind, number]
        chosen = offsets[number - 1]
        choice = self._content[position + chosen] if chosen else 0
        # The runtimes ignore a kind that they do not know.
        if 0 < choice < len(kinds):
          self.table(kinds[choice], self.target(position + offset))
        continue
      target = self.target(position + offset)
      if field in _ITEMS:
        self._vector(target, _ITEMS[field], kind)
      elif field == 's':
        end = self._vector(target, 1, kind)
        if end >= self._size or self._content[end]:
          raise DamagedError(f'a string at byte {target} has no end')
      elif field.endswith('*'):
        end = self._vector(target, _OFFSET, kind)
        for entry in range(target + _OFFSET, end, _OFFSET):
          self.table(field[:-1], self.target(entry))
      else:
        self.table(field, target)

  def _layout(self, kind: str, position: int) -> tuple[tuple[int, ...], int]:
    """Returns (offset of each field, 0 if it is absent; size of the table)."""
    layout = position - _I32.unpack_from(self._content, position)[0]
    if not 0 <= layout <= self._size - _OFFSET:
      raise DamagedError(
        f'the layout of the {kind} at byte {position} lies outside the file'
      )
    (length,) = _U16.unpack_from(self._content, layout)
    (size,) = _U16.unpack_from(self._content, layout + 2)
    if (
      length < 4
      or length % 2
      or size < _OFFSET
      or layout + length > self._size
      or position + size > self._size
    ):
      raise DamagedError(
        f'the {kind} at byte {position} has an impossible layout'
      )
    count = (length - 4) // 2
    return struct.unpack_from(f'<{count}H', self._content, layout + 4), size

  def _vector(self, start: int, item_size: int, kind: str) -> int:
    """Checks a vector; returns the position after its last item."""
    (count,) = _U32.unpack_from(self._content, start)
    end = start + _OFFSET + count * item_size
    if end > self._size:
      raise DamagedError(
        f'{count} items of the {kind}, at byte {start}, end outside the file'
      )
    self._spend(count * item_size, kind)
    return end

  def _spend(self, size: int, kind: str) -> None:
    self._left -= size
    if self._left < 0:
      raise DamagedError(
        f'a part of it repeats itself: the tables and vectors up to a {kind} '
        f'are together larger than the file ({self._size} bytes)'
      )
