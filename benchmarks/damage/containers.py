# SPDX-License-Identifier: Apache-2.0
"""Damages the structure of PNG, JPEG, ZIP and NumPy files.

The checksums of the changed parts are corrected, so that the damage reaches the
code behind them.
"""

import io
import struct
import warnings
import zipfile
import zlib

import numpy as np

from benchmarks.damage import damage as damage_lib

Damage = damage_lib.Damage
Random = damage_lib.Random
pick = damage_lib.pick

_WORDS = (0, 1, 2, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1)
_PNG_SIGNATURE = 8
_LOCAL, _CENTRAL, _END = b'PK\x03\x04', b'PK\x01\x02', b'PK\x05\x06'
# Offset and size of the fields of ZIP records that readers rely on.
_ZIP_FIELDS = {
  _LOCAL: ((6, 2), (8, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2)),
  _CENTRAL: (
    (8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (32, 2),
    (42, 4),
  ),
  _END: ((4, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2)),
}  # fmt: skip
_BOMB_BYTES = 1 << 26


def _chunks(content: bytes) -> list[tuple[bytes, bytes]]:
  chunks, place = [], _PNG_SIGNATURE
  while place + 8 <= len(content):
    size, kind = struct.unpack_from('>I4s', content, place)
    chunks.append((kind, content[place + 8 : place + 8 + size]))
    place += 12 + size
  return chunks


def _png(chunks: list[tuple[bytes, bytes]]) -> bytes:
  content = b'\x89PNG\r\n\x1a\n'
  for kind, body in chunks:
    checksum = zlib.crc32(kind + body)
    content += struct.pack('>I', len(body)) + kind + body
    content += struct.pack('>I', checksum)
  return content


def damaged_png(content: bytes, random: Random) -> Damage:
  """Damages the chunks of a PNG file; their checksums are right."""
  chunks = _chunks(content)
  at = int(random.integers(len(chunks)))
  kind, body = chunks[at]
  choice = pick(
    random, ('header', 'header', 'drop', 'double', 'cut', 'swap', 'add', 'flip')
  )
  if choice == 'header':
    at, (kind, body) = 0, chunks[0]
    field = int(random.integers(7))
    if field < 2:
      word = struct.pack('>I', pick(random, (*_WORDS, 20000)))
      body = body[: 4 * field] + word + body[4 * field + 4 :]
    else:
      value = pick(random, (0, 1, 2, 3, 4, 6, 8, 16, 255))
      body = body[: 6 + field] + bytes([value]) + body[7 + field :]
    chunks[0] = (kind, body)
    what = f'header field {field} changed'
  elif choice == 'drop':
    what = f'chunk {kind!r} dropped'
    del chunks[at]
  elif choice == 'double':
    what = f'chunk {kind!r} doubled'
    chunks.insert(at, chunks[at])
  elif choice == 'cut':
    what = f'chunk {kind!r} cut in half'
    chunks[at] = (kind, body[: len(body) // 2])
  elif choice == 'swap':
    other = int(random.integers(len(chunks)))
    chunks[at], chunks[other] = chunks[other], chunks[at]
    what = f'chunks {at} and {other} swapped'
  elif choice == 'add':
    kind = pick(random, (b'eXIf', b'iCCP', b'zTXt', b'tRNS', b'acTL', b'PLTE'))
    body = pick(
      random,
      (
        b'',
        random.bytes(50),
        b'x\0\0' + zlib.compress(b'\0' * (1 << 24)),
        b'MM\0*\0\0\0\x08\xff\xff' + random.bytes(40),
      ),
    )
    chunks.insert(1, (kind, body))
    what = f'chunk {kind!r} of {len(body)} bytes added'
  else:
    changed = damage_lib.damaged_bytes(body, random)
    chunks[at] = (kind, changed.content or b'')
    what = f'chunk {kind!r}: {changed.what}'
  return Damage(what, _png(chunks), sealed=True)


def damaged_jpeg(content: bytes, random: Random) -> Damage:
  """Damages the segments of a JPEG file."""
  places, place = [], 2
  while place + 4 <= len(content) and content[place] == 0xFF:
    size = struct.unpack_from('>H', content, place + 2)[0]
    places.append((place, place + 2 + size))
    if content[place + 1] == 0xDA:
      break
    place += 2 + size
  start, end = pick(random, places)
  segment = content[start:end]
  choice = pick(random, ('length', 'marker', 'drop', 'double', 'body', 'exif'))
  if choice == 'length':
    word = struct.pack('>H', pick(random, (0, 1, 2, 3, 0x7FFF, 0xFFFF)))
    new = segment[:2] + word + segment[4:]
  elif choice == 'marker':
    new = segment[:1] + bytes([int(random.integers(0xC0, 0x100))]) + segment[2:]
  elif choice == 'drop':
    new = b''
  elif choice == 'double':
    new = segment * 2
  elif choice == 'body':
    changed = damage_lib.damaged_bytes(segment[4:], random).content or b''
    new = segment[:2] + struct.pack('>H', (len(changed) + 2) & 0xFFFF) + changed
  else:
    orientation = pick(random, (0, 3, 6, 9, 0xFFFF))
    exif = b'Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01'
    exif += struct.pack('>HHI', orientation, 0, pick(random, (0, 8, 2**32 - 1)))
    new = b'\xff\xe1' + struct.pack('>H', len(exif) + 2) + exif + segment
  return Damage(
    f'segment {segment[:2].hex()}: {choice}',
    content[:start] + new + content[end:],
    sealed=choice in ('body', 'exif', 'drop', 'double', 'marker'),
  )


def damaged_zip(content: bytes, random: Random) -> Damage:
  """Damages the directory or an entry of a ZIP file."""
  if random.random() < 0.5:
    return _damaged_directory(content, random)
  with zipfile.ZipFile(io.BytesIO(content)) as archive:
    entries = [(name, archive.read(name)) for name in archive.namelist()]
    method = archive.infolist()[0].compress_type
  at = int(random.integers(len(entries)))
  name, body = entries[at]
  choice = pick(random, ('drop', 'double', 'rename', 'body', 'bomb', 'body'))
  sealed = False
  if choice == 'drop':
    del entries[at]
  elif choice == 'double':
    # The last of two entries of one name counts.
    entries.append((name, entries[0][1]))
  elif choice == 'rename':
    entries[at] = (pick(random, ('../x', 'x' * 300, 'a\x1b[2J', '')), body)
  elif choice == 'bomb':
    body, method = bytes(_BOMB_BYTES), zipfile.ZIP_DEFLATED
    entries[at] = (name, body)
  else:
    changed = damage_lib.damaged_bytes(body, random)
    entries[at], sealed = (name, changed.content or b''), True
    choice = f'content: {changed.what}'
  what = f'entry {name!r}: {choice}'
  return Damage(what, _zip(entries, method), sealed=sealed)


def packed(entries: dict[str, bytes]) -> bytes:
  """Returns a ZIP file of these entries, not compressed."""
  return _zip(list(entries.items()), zipfile.ZIP_STORED)


def _zip(entries: list[tuple[str, bytes]], method: int) -> bytes:
  stream = io.BytesIO()
  with (
    warnings.catch_warnings(),
    zipfile.ZipFile(stream, 'w', method) as archive,
  ):
    warnings.simplefilter('ignore')  # Two entries may have one name.
    for name, body in entries:
      # A fixed time, so that an input depends on its seed alone.
      archive.writestr(zipfile.ZipInfo(name), body, method)
  return stream.getvalue()


def _damaged_directory(content: bytes, random: Random) -> Damage:
  signature = pick(random, tuple(_ZIP_FIELDS))
  places, place = [], content.find(signature)
  while place >= 0:
    places.append(place)
    place = content.find(signature, place + 1)
  offset, size = pick(random, _ZIP_FIELDS[signature])
  start = pick(random, places) + offset
  value = pick(random, _WORDS) % 2 ** (8 * size)
  new = (
    content[:start] + value.to_bytes(size, 'little') + content[start + size :]
  )
  if new == content:
    return damage_lib.damaged_bytes(content, random)
  return Damage(
    f'{size} bytes of record {signature[2:].hex()} at {start} set to {value}',
    new,
  )


def damaged_npz(content: bytes, random: Random, own: bool = False) -> Damage:
  """Replaces an array of an .npz file by another one, or damages the file.

  Args:
    content: the file.
    random: source of random numbers.
    own: whether the file has a checksum of the project's own, which sees an
      array that was replaced.

  Returns:
    The damage.
  """
  if random.random() < 0.5:
    return damaged_zip(content, random)
  with np.load(io.BytesIO(content)) as stored:
    arrays = dict(stored)
  name = pick(random, sorted(arrays))
  choice, arrays[name] = _other_array(arrays[name], random)
  stream = io.BytesIO()
  np.savez(stream, **arrays)
  what = f'array {name!r}: {choice}'
  return Damage(what, stream.getvalue(), sealed=not own)


def damaged_own_npz(content: bytes, random: Random) -> Damage:
  """Damages an .npz file of the project; see `damaged_npz`."""
  return damaged_npz(content, random, own=True)


def _other_array(values: np.ndarray, random: Random) -> tuple[str, np.ndarray]:
  choice = pick(
    random,
    ('shape', 'type', 'text', 'object', 'empty', 'NaN', 'negated', 'huge'),
  )
  if choice == 'shape':
    return choice, values.reshape(-1, 1)
  if choice == 'type':
    return choice, values.astype(
      np.complex64 if values.dtype.kind in 'biuf' else 'S9'
    )
  if choice == 'text':
    return choice, np.full(values.shape, 'x\x1b[2J')
  if choice == 'object':
    return choice, np.array([Planted()], object)
  if choice == 'empty':
    return choice, np.zeros(
      0, values.dtype if values.dtype.kind in 'iuf' else 'f'
    )
  if values.dtype.kind not in 'iuf':
    return 'number', np.array(7)
  if choice == 'NaN':
    return choice, np.full(values.shape, np.nan, np.float32)
  if choice == 'negated':
    return choice, (values.astype(np.float64) * -1 - 1).astype(values.dtype)
  return choice, np.full(values.shape, np.finfo(np.float32).max, np.float32)


class Planted:
  """Creates a file when it is unpickled, which no reader may do."""

  NAME = 'unpickled'

  def __reduce__(self):
    """Returns the call that a pickle makes."""
    return open, (self.NAME, 'w')


def damaged_npy(content: bytes, random: Random) -> Damage:
  """Damages the header of an .npy file, or replaces its array."""
  values = np.load(io.BytesIO(content))
  if random.random() < 0.5:
    choice, values = _other_array(values, random)
    stream = io.BytesIO()
    np.save(stream, values)
    return Damage(f'array: {choice}', stream.getvalue(), sealed=True)
  old = str(values.shape).encode()
  shape = pick(random, (b'(-1, 4)', b'(0, 0)', b'(9999999999, 9)', b'()', b'x'))
  new = content.replace(old, shape.ljust(len(old))[: len(old)], 1)
  if new == content:
    return damage_lib.damaged_bytes(content, random)
  return Damage(
    f'shape in the header set to {shape.decode()}', new, sealed=True
  )
