# SPDX-License-Identifier: Apache-2.0
"""Makes text from files and file names safe to print, log and store.

Names and metadata may contain escape sequences that a terminal obeys, line ends
that forge a line of a log, marks that reverse the direction of the text, and
bytes that are not UTF-8.
"""

from __future__ import annotations

import os
import re
from typing import Any
import unicodedata

# Unicode categories that are never shown as they are: controls, formats such as
# a right-to-left override, lone surrogates, private use, unassigned, and
# separators of lines and paragraphs.
_UNSAFE = ('Cc', 'Cf', 'Cs', 'Co', 'Cn', 'Zl', 'Zp')
_SHORT = {'\t': '\\t', '\n': '\\n', '\r': '\\r'}


def printable(text: object, most: int | None = None) -> str:
  r"""Returns a text in which every unsafe character is escaped.

  Args:
    text: a str, a path, bytes (decoded as UTF-8), or another object, of which
      str() is used.
    most: the largest number of characters of the result; longer texts end with
      an ellipsis. None for no limit.

  Returns:
    Text of one line that UTF-8 can encode, such as 'caf\\xe9.png' for a name
    with a Latin-1 byte and '\\x1b[31m' for an escape sequence.
  """
  if isinstance(text, os.PathLike):
    text = os.fspath(text)
  if isinstance(text, bytes):
    text = text.decode('utf-8', 'surrogateescape')
  safe = ''.join(map(_escaped, str(text)))
  if most is not None and len(safe) > most:
    safe = safe[: max(0, most - 1)] + '\u2026'
  return safe


def printable_lines(text: object) -> str:
  """Returns a text made printable, except for its line ends and tabs."""
  return ''.join(
    part if part in '\n\t' else printable(part)
    for part in re.split(r'([\n\t])', str(text))
  )


def printable_content(content: Any) -> Any:
  """Returns dicts and lists in which every text is made printable.

  Args:
    content: dicts, lists, tuples, strings, numbers, booleans and None.
  """
  if isinstance(content, str):
    return printable_lines(content)
  if isinstance(content, dict):
    return {
      printable_content(key): printable_content(value)
      for key, value in content.items()
    }
  if isinstance(content, list | tuple):
    return [printable_content(value) for value in content]
  return content


def _escaped(character: str) -> str:
  """Returns a character, or its escape sequence if it is unsafe."""
  if character.isascii() and character.isprintable():
    return character
  if unicodedata.category(character) not in _UNSAFE:
    return character
  code = ord(character)
  if 0xDC80 <= code <= 0xDCFF:  # How Python keeps a byte that is not UTF-8.
    return f'\\x{code - 0xDC00:02x}'
  # By hand: a process in a sandbox cannot load the codec unicode_escape.
  if character in _SHORT:
    return _SHORT[character]
  if code < 0x100:
    return f'\\x{code:02x}'
  return f'\\u{code:04x}' if code < 0x10000 else f'\\U{code:08x}'
