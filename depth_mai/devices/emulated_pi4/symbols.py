# SPDX-License-Identifier: Apache-2.0
"""Finds the functions of a shared library in its symbol table.

It reads 64-bit little-endian ELF files only ("System V Application Binary
Interface", 4: Object Files). By hand, because a Raspberry Pi's Python has no
package for it and the loader finds exported functions only.
"""

import os
import struct

_IDENTITY = b'\x7fELF\x02\x01'
_SECTION_TABLE_OFFSET, _SECTION_COUNT_OFFSET = 0x28, 0x3C
_SECTION = struct.Struct('<IIQQQQIIQQ')
_SYMBOL = struct.Struct('<IBBHQQ')
_SYMBOL_TABLE = 2
_FUNCTION = 2

# Ends the errors that another version of LiteRT causes.
OTHER_LITERT = (
  'Only the pinned version of LiteRT is supported: run '
  'depth_mai.devices.emulated_pi4.setup again.'
)


def find_functions(
  path: str | os.PathLike[str], parts: dict[int, str]
) -> dict[int, int]:
  """Finds functions, including those that the library does not export.

  Args:
    path: a shared library.
    parts: dict from a number to a part of a symbol that no other function has.
      A symbol that equals the part takes precedence.

  Returns:
    dict from the numbers to addresses, relative to the start of the library.

  Raises:
    ValueError: the file is not such a library, or does not have exactly one
      such function.
  """
  with open(path, 'rb') as stream:
    content = stream.read()
  if content[:6] != _IDENTITY:
    raise ValueError(
      f'{os.fspath(path)} is not a 64-bit little-endian ELF file; run '
      'depth_mai.devices.emulated_pi4.setup again.'
    )
  functions = {}
  for number, part in parts.items():
    found = _matching(content, part.encode())
    exact = {address for symbol, address in found if symbol == part.encode()}
    addresses = exact or {address for _, address in found}
    if len(addresses) != 1:
      raise ValueError(
        f'{os.fspath(path)} has {len(addresses)} functions called {part}, not '
        f'one. {OTHER_LITERT}'
      )
    (functions[number],) = addresses
  return functions


def _matching(content: bytes, part: bytes) -> list[tuple[bytes, int]]:
  """Returns (symbol, address) of functions whose symbol contains `part`."""
  sections = _sections(content)
  found = []
  for section in sections:
    if section[1] != _SYMBOL_TABLE:
      continue
    start, size, link = section[4], section[5], section[6]
    names = sections[link][4]
    table = content[start : start + size]
    for name, info, _, _, address, _ in _SYMBOL.iter_unpack(table):
      if info & 15 != _FUNCTION or not address:
        continue
      end = content.index(b'\0', names + name)
      symbol = content[names + name : end]
      if part in symbol:
        found.append((symbol, address))
  return found


def _sections(content: bytes) -> list[tuple]:
  (start,) = struct.unpack_from('<Q', content, _SECTION_TABLE_OFFSET)
  (count,) = struct.unpack_from('<H', content, _SECTION_COUNT_OFFSET)
  return [
    _SECTION.unpack_from(content, start + index * _SECTION.size)
    for index in range(count)
  ]
