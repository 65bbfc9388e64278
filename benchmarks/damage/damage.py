# SPDX-License-Identifier: Apache-2.0
"""Damages the bytes of any file, and puts other things in its place.

A damage is a function of a file's content and a random generator, so that the
seed and the number of an input reproduce it.
"""

from collections.abc import Callable
from collections.abc import Sequence
import dataclasses
import os
import pathlib
from typing import TypeVar

import numpy as np

Random = np.random.Generator

# What may lie in the place of a file.
_T = TypeVar('_T')
ABSENT = 'absent'
_PLACES = (ABSENT, 'a folder', 'a loop of links', 'a pipe')
# A pipe costs the whole time limit of a reader that waits for it.
_PLACE_WEIGHTS = (0.3, 0.35, 0.25, 0.1)
_MOST_BYTES = 1 << 12
# Text that has broken readers: terminators, terminal and format codes, paths.
NASTY_TEXTS = (
  '\x00',
  '\x1b[2J\x1b]0;x\x07',
  '%s%n%d',
  '../../../etc/passwd',
  '\ufeff',
  '\u202e\u2028\x85',
  '\ud800',
  '\'"; -- <script>',
  'x' * 5000,
  '٣',
)


@dataclasses.dataclass(frozen=True)
class Damage:
  """A damaged file.

  Attributes:
    what: what was done, for the report.
    content: its new content; None if something else lies in its place.
    place: what lies in its place: one of _PLACES.
    sealed: whether the checksums of its format were corrected, so that its
      reader cannot see the damage.
    cut: whether its end is missing.
  """

  what: str
  content: bytes | None = None
  place: str = ''
  sealed: bool = False
  cut: bool = False


Damager = Callable[[bytes, Random], Damage]


def pick(random: Random, choices: Sequence[_T]) -> _T:
  """Returns one of several choices."""
  return choices[int(random.integers(len(choices)))]


def put(damage: Damage, path: pathlib.Path) -> None:
  """Replaces a file by a damaged one."""
  path.unlink()
  if damage.content is not None:
    path.write_bytes(damage.content)
  elif damage.place == 'a folder':
    path.mkdir()
  elif damage.place == 'a loop of links':
    path.symlink_to(path.name)
  elif damage.place == 'a pipe':
    os.mkfifo(path)


def replaced(content: bytes, random: Random) -> Damage:
  """Puts nothing, a folder, a loop of links or a pipe in a file's place."""
  del content
  place = str(random.choice(_PLACES, p=_PLACE_WEIGHTS))
  return Damage(f'{place} in its place', place=place)


def damaged_bytes(content: bytes, random: Random) -> Damage:
  """Damages a file without regard to its format."""
  while True:
    damage = pick(random, _BYTE_DAMAGERS)(content, random)
    if damage.content != content:
      return damage


def position(content: bytes, random: Random) -> int:
  """Returns a position; half of them are near the beginning or the end."""
  size = max(1, len(content))
  if random.random() < 0.5:
    return int(random.integers(size))
  near = int(random.integers(min(size, 512)))
  return near if random.random() < 0.6 else size - 1 - near


def _span(content: bytes, random: Random) -> tuple[int, int]:
  start = position(content, random)
  most = max(1, min(_MOST_BYTES, len(content) // 2))
  return start, start + int(np.exp(random.uniform(0, np.log(most))))


def _spliced(content: bytes, start: int, end: int, new: bytes) -> bytes:
  return content[:start] + new + content[end:]


def _flip_bits(content: bytes, random: Random) -> Damage:
  damaged = bytearray(content or b'\0')
  places = [position(content, random) for _ in range(random.integers(1, 9))]
  for place in places:
    damaged[place] ^= 1 << int(random.integers(8))
  return Damage(f'bits flipped at {sorted(places)}', bytes(damaged))


def _set_byte(content: bytes, random: Random) -> Damage:
  start = position(content, random)
  value = pick(random, (0, 1, 0x7F, 0x80, 0xFE, 0xFF, ord(' '), ord('9')))
  new = _spliced(content, start, start + 1, bytes([value]))
  return Damage(f'byte {start} set to {value}', new)


def _set_word(content: bytes, random: Random) -> Damage:
  start = position(content, random) & ~3
  size = pick(random, (2, 4, 8))
  value = pick(
    random, (0, 1, -1, -8, 2**15 - 1, 2**31 - 1, -(2**31), 2**63 - 1)
  )
  order = pick(random, ('little', 'big'))
  word = (value % 2 ** (8 * size)).to_bytes(size, order)
  new = _spliced(content, start, start + size, word)
  return Damage(f'{size} bytes at {start} set to {value}', new)


def _fill(content: bytes, random: Random) -> Damage:
  start, end = _span(content, random)
  end, value = min(end, len(content)), pick(random, (b'\0', b'\xff'))
  new = _spliced(content, start, end, value * (end - start))
  return Damage(f'bytes {start}..{end} filled with {value.hex()}', new)


def _noise(content: bytes, random: Random) -> Damage:
  start, end = _span(content, random)
  end = min(end, len(content))
  new = _spliced(content, start, end, random.bytes(max(0, end - start)))
  return Damage(f'bytes {start}..{end} replaced by noise', new)


def _cut(content: bytes, random: Random) -> Damage:
  size = pick(random, (0, position(content, random), len(content) * 9 // 10))
  return Damage(f'cut off after {size} bytes', content[:size], cut=True)


def _extend(content: bytes, random: Random) -> Damage:
  size = int(random.integers(1, _MOST_BYTES))
  new = pick(random, (random.bytes(size), b'\0' * size, content))
  return Damage(f'extended by {len(new)} bytes', content + new)


def _remove(content: bytes, random: Random) -> Damage:
  start, end = _span(content, random)
  return Damage(
    f'bytes {start}..{end} removed', _spliced(content, start, end, b'')
  )


def _repeat(content: bytes, random: Random) -> Damage:
  start, end = _span(content, random)
  new = _spliced(content, end, end, content[start:end])
  return Damage(f'bytes {start}..{end} doubled', new)


def _swap(content: bytes, random: Random) -> Damage:
  size = int(random.integers(1, max(2, min(_MOST_BYTES, len(content) // 2))))
  first = int(random.integers(max(1, len(content) - 2 * size)))
  second = int(
    random.integers(first + size, max(first + size + 1, len(content)))
  )
  a, b = content[first : first + size], content[second : second + size]
  new = _spliced(content, second, second + size, a)
  new = _spliced(new, first, first + size, b)
  return Damage(f'{size} bytes at {first} and {second} swapped', new)


def _insert(content: bytes, random: Random) -> Damage:
  start, text = position(content, random), pick(random, NASTY_TEXTS)
  new = text.encode('utf-8', 'surrogatepass')
  return Damage(
    f'{text[:20]!r} inserted at {start}', _spliced(content, start, start, new)
  )


def _other_file(content: bytes, random: Random) -> Damage:
  del content
  new = pick(
    random,
    (
      b'',
      b'\n',
      b'\0' * 4096,
      random.bytes(4096),
      b'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n',
      b'<!DOCTYPE html><html><body>404 Not Found</body></html>\n',
      b'PK\x05\x06' + b'\0' * 18,
      b'\x89PNG\r\n\x1a\n',
      b'\xff\xd8\xff\xd9',
    ),
  )
  return Damage(f'replaced by {new[:24]!r}', new)


_BYTE_DAMAGERS: tuple[Damager, ...] = (
  _flip_bits,
  _flip_bits,
  _set_byte,
  _set_word,
  _fill,
  _noise,
  _cut,
  _cut,
  _extend,
  _remove,
  _repeat,
  _swap,
  _insert,
  _other_file,
)
