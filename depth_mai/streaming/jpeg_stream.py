# SPDX-License-Identifier: Apache-2.0
"""Splits a stream of bytes into its JPEG pictures (Motion JPEG).

The pictures may follow each other directly, as `rpicam-vid --codec mjpeg`
writes them, or be separated by other bytes, such as the headers of an HTTP
camera. Segments are skipped by their length (ITU-T T.81, annex B), so a
thumbnail inside a picture does not end it.

The parser is our own, since a device needs no PyAV for Motion JPEG.
"""

from collections.abc import Callable
from collections.abc import Iterator
import io
import re

import numpy as np
from PIL import Image

from depth_mai.streaming import frame

_START = b'\xff\xd8\xff'
# In compressed data: a marker, not a stuffed zero, restart or fill byte.
_MARKER = re.compile(rb'\xff[^\x00\xd0-\xd7\xff]')
_END_OF_IMAGE, _START_OF_SCAN = 0xD9, 0xDA
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
_READ_BYTES = 1 << 16
# A picture of 640 x 480 has 0.1 MB; more than this is not a JPEG.
_MAX_PICTURE_BYTES = 1 << 25
_MAX_JUNK_BYTES = 1 << 22


def split(read: Callable[[int], bytes], name: str) -> Iterator[bytes]:
  """Yields the JPEG pictures of a stream; an incomplete last one is dropped.

  Args:
    read: returns up to the given number of bytes, b'' at the end.
    name: of the stream, for messages.

  Raises:
    ValueError: if there is no picture, or none within 4 MB.
  """
  buffer, found, junk = bytearray(), False, 0
  while block := read(_READ_BYTES):
    buffer += block
    while True:
      start = buffer.find(_START)
      if start < 0:
        junk += max(0, len(buffer) - 2)
        del buffer[:-2]
        break
      junk += start
      del buffer[:start]
      end = picture_end(buffer)
      if end is None and len(buffer) <= _MAX_PICTURE_BYTES:
        break
      if not end:  # Not a picture: search after its first bytes.
        del buffer[:2]
        junk += 2
        continue
      yield bytes(buffer[:end])
      del buffer[:end]
      found, junk = True, 0
    if junk > _MAX_JUNK_BYTES:
      break
  if not found or junk > _MAX_JUNK_BYTES:
    raise ValueError(
      f'{name} contains no{" more" if found else ""} JPEG picture. Motion JPEG '
      'is needed, such as that of rpicam-vid --codec mjpeg --output - or '
      'ffmpeg -f mjpeg -; give other videos with --video=FILE.'
    )


def picture_end(data: bytes | bytearray) -> int | None:
  """Returns the length of the JPEG picture at the beginning of `data`.

  Args:
    data: begins with a start-of-image marker.

  Returns:
    Bytes; None if more data are needed, 0 if it is not a picture.
  """
  at = 2
  while at + 4 <= len(data):
    if data[at] != 0xFF:
      return 0
    marker = data[at + 1]
    if marker == 0xFF:  # A fill byte.
      at += 1
    elif marker == _END_OF_IMAGE:
      return 0  # It precedes any scan.
    elif marker in _WITHOUT_LENGTH:
      at += 2
    else:
      length = int.from_bytes(data[at + 2 : at + 4], 'big')
      if length < 2:
        return 0
      at += 2 + length
      if marker == _START_OF_SCAN:
        match = _MARKER.search(data, at)
        if match is None:
          return None
        at = match.start()
        if data[at + 1] == _END_OF_IMAGE:
          return at + 2
  return None


def decode(jpeg: bytes) -> np.ndarray:
  """Decodes one picture.

  Args:
    jpeg: the bytes of a JPEG file.

  Returns:
    [H, W, 3] uint8.

  Raises:
    frame.DamagedFrameError: if it cannot be decoded.
  """
  try:
    with Image.open(io.BytesIO(jpeg), formats=('JPEG',)) as picture:
      return np.array(picture.convert('RGB'))
  except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as e:
    raise frame.DamagedFrameError(str(e)) from e
