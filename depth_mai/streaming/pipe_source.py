# SPDX-License-Identifier: Apache-2.0
"""Reads Motion JPEG from standard input, a file or a program's output."""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
import os
import select
import subprocess
import tempfile
import typing

from depth_mai.streaming import frame
from depth_mai.streaming import jpeg_stream

# Interval at which a waiting stream checks whether it was closed.
_POLL_S = 0.2
# How long a program may take to end.
_END_S = 2.0


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
      pictures = jpeg_stream.split(self._read, self.name)
      yield from frame.numbered(pictures, jpeg_stream.decode)
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

  def frames(self) -> Iterator[frame.Frame]:
    """Yields the pictures; see `frame.Source`."""
    try:
      pictures = jpeg_stream.split(self._process.stdout.read1, self.name)
      yield from frame.numbered(pictures, jpeg_stream.decode)
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
    except subprocess.TimeoutExpired:  # It runs on, but closed its output.
      return
    if code and not self._closed:
      self._stderr.seek(0)
      output = self._stderr.read().decode(errors='replace')
      raise ValueError(
        f'{self.name} ended with exit code {code}: {self._explain(output)}'
      )
