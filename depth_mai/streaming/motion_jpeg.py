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
import io
import os
import re
import select
import subprocess
import tempfile
import typing

import numpy as np
from PIL import Image

from depth_mai.streaming import frame

# Interval at which a waiting stream checks whether it was closed.
_POLL_S = 0.2
# How long a program may take to end.
_END_S = 2.0
_START = b'\xff\xd8\xff'
# In compressed data: a marker, not a stuffed zero, restart or fill byte.
_MARKER = re.compile(rb'\xff[^\x00\xd0-\xd7\xff]')
_END_OF_IMAGE, _START_OF_SCAN = 0xD9, 0xDA
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
