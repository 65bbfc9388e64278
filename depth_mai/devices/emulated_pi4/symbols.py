# SPDX-License-Identifier: Apache-2.0
"""Finds the functions of a shared library in its symbol table.

It reads little-endian ELF files of 32 and 64 bits ("System V Application Binary
Interface", 4: Object Files). By hand, because a Raspberry Pi's Python has no
package for it and the loader finds exported functions only.
"""

import os
import struct
import typing


class _Layout(typing.NamedTuple):
  """Where a file's tables are, and what their lines look like.

  Attributes:
    section_table: struct of the header's field with the table's start, and its
      offset in the header.
    section_count: offset of the header's field with the number of sections.
    section: struct of a section; type, start, size and link are its fields 1,
      4, 5 and 6.
    symbol: struct of a symbol.
    fields: places of name, address and info in `symbol`.
  """

  section_table: tuple[str, int]
  section_count: int
  section: struct.Struct
  symbol: struct.Struct
  fields: tuple[int, int, int]


# By the first bytes of a file.
_LAYOUTS = {
  b'\x7fELF\x01\x01': _Layout(
    ('<I', 0x20),
    0x30,
    struct.Struct('<10I'),
    struct.Struct('<IIIBBH'),
    (0, 1, 3),
  ),
  b'\x7fELF\x02\x01': _Layout(
    ('<Q', 0x28),
    0x3C,
    struct.Struct('<IIQQQQIIQQ'),
    struct.Struct('<IBBHQQ'),
    (0, 4, 1),
  ),
}
_Key = typing.TypeVar('_Key')
_SYMBOL_TABLE = 2
_FUNCTION = 2

# Ends the errors that another version of LiteRT causes.
OTHER_LITERT = (
  'Only the pinned version of LiteRT is supported: run '
  'depth_mai.devices.emulated_pi4.setup again.'
)


def find_functions(
  path: str | os.PathLike[str], parts: dict[_Key, str]
) -> dict[_Key, int]:
  """Finds functions, including those that the library does not export.

  Args:
    path: a shared library.
    parts: dict from a key to a part of a symbol that no other function has.
      A symbol that equals the part takes precedence.

  Returns:
    dict from the keys to addresses, relative to the start of the library.

  Raises:
    ValueError: the file is not such a library, or does not have exactly one
      such function.
  """
  with open(path, 'rb') as stream:
    content = stream.read()
  if content[:6] not in _LAYOUTS:
    raise ValueError(
      f'{os.fspath(path)} is not a little-endian ELF file; run '
      'depth_mai.devices.emulated_pi4.setup again.'
    )
  functions = {}
  for key, part in parts.items():
    found = _matching(content, part.encode())
    exact = {address for symbol, address in found if symbol == part.encode()}
    addresses = exact or {address for _, address in found}
    if len(addresses) != 1:
      raise ValueError(
        f'{os.fspath(path)} has {len(addresses)} functions called {part}, not '
        f'one. {OTHER_LITERT}'
      )
    (functions[key],) = addresses
  return functions


def _matching(content: bytes, part: bytes) -> list[tuple[bytes, int]]:
  """Returns (symbol, address) of functions whose symbol contains `part`."""
  layout = _LAYOUTS[content[:6]]
  sections = _sections(content, layout)
  found = []
  for section in sections:
    if section[1] != _SYMBOL_TABLE:
      continue
    start, size, link = section[4], section[5], section[6]
    names = sections[link][4]
    table = content[start : start + size]
    for symbol_fields in layout.symbol.iter_unpack(table):
      name, address, info = (symbol_fields[place] for place in layout.fields)
      if info & 15 != _FUNCTION or not address:
        continue
      end = content.index(b'\0', names + name)
      symbol = content[names + name : end]
      if part in symbol:
        found.append((symbol, address))
  return found


def _sections(content: bytes, layout: _Layout) -> list[tuple]:
  kind, offset = layout.section_table
  (start,) = struct.unpack_from(kind, content, offset)
  (count,) = struct.unpack_from('<H', content, layout.section_count)
  return [
    layout.section.unpack_from(content, start + index * layout.section.size)
    for index in range(count)
  ]
