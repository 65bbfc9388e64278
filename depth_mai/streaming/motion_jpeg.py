# SPDX-License-Identifier: Apache-2.0
"""Reads Motion JPEG from standard input, a file or a program's output.

The pictures may follow each other directly, as `rpicam-vid --codec mjpeg`
writes them, or be separated by other bytes, such as the headers of an HTTP
camera. Segments are skipped by their length (ITU-T T.81, annex B), so a
thumbnail inside a picture does not end it. The parser is our own, since a
device needs no PyAV for Motion JPEG.
"""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
import enum
import io
import os
import re
import select
import subprocess
import tempfile
import typing

import numpy as np

from depth_mai.files import problems
from depth_mai.pictures import picture_files
from depth_mai.streaming import frame

# Interval at which a waiting stream checks whether it was closed.
_POLL_S = 0.2
# How long a program may take to end.
_END_S = 2.0
_START = b'\xff\xd8\xff'
# In compressed data: a marker, not a stuffed zero, restart or fill byte.
_MARKER = re.compile(rb'\xff[^\x00\xd0-\xd7\xff]')
_START_OF_IMAGE, _END_OF_IMAGE, _START_OF_SCAN = 0xD8, 0xD9, 0xDA
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
_READ_BYTES = 1 << 16
# A picture of 640 x 480 has 0.1 MB; anything larger than this is no JPEG.
_MAX_PICTURE_BYTES = 1 << 25
_MAX_JUNK_BYTES = 1 << 22


class StreamSource:
  """An open stream of Motion JPEG."""

  def __init__(self, stream: typing.BinaryIO, name: str, live: bool):
    """Stores a stream.

    Args:
      stream: open for reading, at its beginning.
      name: for messages.
      live: see `frame.Source`.
    """
    self.name, self.live = name, live
    self._stream, self._closed = stream, False

  def frames(self) -> Iterator[frame.Frame]:
    """Yields the pictures; see `frame.Source`."""
    try:
      pictures = split(self._read, self.name)
      yield from frame.numbered(pictures, decode)
    except ValueError:
      # A stream that was closed need not contain a picture.
      if not self._closed:
        raise

  def close(self) -> None:
    """Ends the stream, even while it waits for data."""
    self._closed = True

  def _read(self, size: int) -> bytes:
    """Reads from the file descriptor, bypassing the stream's buffer.

    Python could not exit while a thread waits inside the buffer of standard
    input.
    """
    descriptor = self._stream.fileno()
    while not self._closed:
      if select.select([descriptor], [], [], _POLL_S)[0]:
        return os.read(descriptor, size)
    return b''


class ProgramSource:
  """A program that writes Motion JPEG to its standard output."""

  live = True

  def __init__(
    self,
    command: Sequence[str],
    name: str,
    explain: Callable[[str], str] = str,
  ):
    """Starts the program.

    Args:
      command: the program and its arguments.
      name: for messages.
      explain: turns the output of a program that failed into a message with a
        cure.

    Raises:
      ValueError: if it cannot be started.
    """
    self.name, self._explain = name, explain
    self._closed = False
    self._stderr = tempfile.TemporaryFile()
    try:
      self._process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=self._stderr,
        # Ctrl-C in the terminal must reach this process only, which then ends
        # the program.
        start_new_session=True,
      )
    except OSError as error:
      self._stderr.close()
      raise ValueError(
        f'{command[0]} cannot be started: {error.strerror}.'
      ) from error
    # With stdout=PIPE, it is neither None nor unbuffered.
    self._stdout = typing.cast(io.BufferedReader, self._process.stdout)

  def frames(self) -> Iterator[frame.Frame]:
    """Yields the pictures; see `frame.Source`."""
    try:
      pictures = split(self._stdout.read1, self.name)
      yield from frame.numbered(pictures, decode)
    except ValueError:
      # The program's own message explains more than "no picture".
      if self._closed:
        return
      self._check_exit()
      raise
    self._check_exit()

  def close(self) -> None:
    """Ends the program, by force if it ignores SIGTERM."""
    self._closed = True
    if self._process.poll() is None:
      self._process.terminate()
      try:
        self._process.wait(_END_S)
      except subprocess.TimeoutExpired:
        self._process.kill()
        self._process.wait()

  def _check_exit(self) -> None:
    """Raises a ValueError if the program failed without being closed."""
    try:
      code = self._process.wait(_END_S)
    except subprocess.TimeoutExpired:  # It closed its output but still runs.
      return
    if code and not self._closed:
      self._stderr.seek(0)
      output = self._stderr.read().decode(errors='replace')
      raise ValueError(
        f'{self.name} ended with exit code {code}: {self._explain(output)}'
      )


def split(read: Callable[[int], bytes], name: str) -> Iterator[bytes]:
  """Yields the JPEG pictures of a stream, also damaged and cut ones.

  So a damaged picture keeps its place; `decode` refuses it.

  Args:
    read: returns up to the given number of bytes, b'' at the end.
    name: of the stream, for messages.

  Raises:
    ValueError: if there is no whole picture, or none within 4 MB.
  """
  buffer, found, junk, ended = bytearray(), False, 0, False
  while not ended and junk <= _MAX_JUNK_BYTES:
    block = read(_READ_BYTES)
    ended = not block
    buffer += block
    while (start := buffer.find(_START)) >= 0:
      junk += start
      del buffer[:start]
      length, whole = _next_piece(buffer, ended)
      if not length:
        break
      piece = bytes(buffer[:length])
      del buffer[:length]
      if whole:
        found, junk = True, 0
      else:
        junk += length
      if whole or _has_a_segment(piece):
        yield piece
    else:
      junk += max(0, len(buffer) - 2)
      del buffer[:-2]
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
    Bytes; None if more data are needed, 0 if it is not a whole picture.
  """
  end, state = _walk(data)
  return None if state is _State.CUT else end * (state is _State.WHOLE)


class _State(enum.Enum):
  """What is at the end of a walk through a picture."""

  WHOLE = 'the end of the picture'
  CUT = 'the end of the data'
  BROKEN = 'no segment, or another picture'


def _walk(data: bytes | bytearray) -> tuple[int, _State]:
  """Walks from segment to segment.

  Args:
    data: begins with a start-of-image marker.

  Returns:
    The length of the picture, and why the walk ended; if it is BROKEN, the
    length of its beginning that is not.
  """
  at, intact, scanned = 2, 2, False
  while at + 2 <= len(data):
    marker = data[at + 1]
    if data[at] != 0xFF:  # The segment before was cut off, or its length is
      return intact, _State.BROKEN  # wrong: it may contain the next picture.
    if marker == _START_OF_IMAGE:
      return at, _State.BROKEN
    if marker == _END_OF_IMAGE:  # A picture has a scan before it.
      return at + 2, _State.WHOLE if scanned else _State.BROKEN
    if marker == 0xFF:  # A fill byte.
      at += 1
      continue
    intact = at
    if marker in _WITHOUT_LENGTH:
      at += 2
      continue
    if at + 4 > len(data):
      break
    length = int.from_bytes(data[at + 2 : at + 4], 'big')
    if length < 2:
      return at, _State.BROKEN
    at += 2 + length
    if marker == _START_OF_SCAN:
      scanned = True
      match = _MARKER.search(data, at)
      if match is None:
        break
      at = match.start()
  return len(data), _State.CUT


def _next_piece(buffer: bytearray, ended: bool) -> tuple[int, bool]:
  """Returns the length of the first picture, and whether it is whole.

  The length is 0 if more data are needed.
  """
  end, state = _walk(buffer)
  if state is _State.WHOLE:
    return end, True
  if state is _State.BROKEN:
    next_start = buffer.find(_START, max(end, 2))
    if next_start >= 0:
      return next_start, False
  if ended:
    return len(buffer), False
  # Nothing this large is a picture: search after its first bytes.
  return (2 if len(buffer) > _MAX_PICTURE_BYTES else 0), False


def _has_a_segment(piece: bytes) -> bool:
  """Returns whether a piece begins as a picture does, and not by chance."""
  length = int.from_bytes(piece[4:6], 'big')
  return (
    piece[3:4] >= b'\xc0'
    and piece[3] not in (*_WITHOUT_LENGTH, _END_OF_IMAGE, 0xFF)
    and 2 <= length <= len(piece) - 4
  )


def decode(jpeg: bytes) -> np.ndarray:
  """Decodes one picture.

  Args:
    jpeg: the bytes of a JPEG file.

  Returns:
    [H, W, 3] uint8.

  Raises:
    frame.DamagedFrameError: if it cannot be decoded.
  """
  if picture_end(jpeg) != len(jpeg):
    raise frame.DamagedFrameError('it is damaged or cut off')
  try:
    return picture_files.read_rgb(jpeg)
  except problems.BadInputError as error:
    raise frame.DamagedFrameError(error.problems[0].what) from error
