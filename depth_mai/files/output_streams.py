# SPDX-License-Identifier: Apache-2.0
"""Makes standard output and standard error safe for every text.

Names and texts of files reach a terminal through many lines of many programs,
so the streams escape what a terminal would obey or could not show. A reader
that goes away, as in `| head`, and a full disk do not end a program whose
result is still to be written to a file.
"""

from collections.abc import Iterator
import contextlib
import io
import os
import sys
import typing

from depth_mai.files import printable


class PrintableStream(io.TextIOWrapper):
  """Writes text to a file descriptor, unsafe characters escaped.

  Line ends and tabs stay. `buffer` takes bytes, which are not changed.

  Attributes:
    failure: why the text could not be written; None if it could, or if only the
      reader is gone. All later text is dropped.
    replaced: the stream in whose place it is.
  """

  failure: OSError | None = None
  replaced: io.TextIOWrapper | None = None

  def write(self, text: str) -> int:
    """Writes a text; returns its length."""
    with self._dropping_what_fails():
      super().write(printable.printable_lines(text))
    return len(text)

  def flush(self) -> None:
    """Writes what is buffered."""
    with self._dropping_what_fails():
      super().flush()

  @contextlib.contextmanager
  def _dropping_what_fails(self) -> Iterator[None]:
    try:
      yield
    except OSError as error:
      if not isinstance(error, BrokenPipeError):
        self.failure = error
      descriptor = os.open(os.devnull, os.O_WRONLY)
      os.dup2(descriptor, self.fileno())
      os.close(descriptor)


def make_printable() -> None:
  """Replaces sys.stdout and sys.stderr by `PrintableStream`s."""
  for name in ('stdout', 'stderr'):
    stream = getattr(sys, name)
    # None, a test's own stream, or replaced already.
    if not isinstance(stream, io.TextIOWrapper) or isinstance(
      stream, PrintableStream
    ):
      continue
    stream.flush()
    replacement = PrintableStream(
      typing.cast(typing.BinaryIO, stream.buffer),
      encoding=stream.encoding,
      errors='backslashreplace',
      line_buffering=stream.line_buffering,
      write_through=stream.write_through,
    )
    # If nothing held it, it would close the buffer that both have.
    replacement.replaced = stream
    setattr(sys, name, replacement)


def finish() -> OSError | None:
  """Writes what is buffered; returns why an output could not be written."""
  failures = []
  for stream in (sys.stdout, sys.stderr):
    if isinstance(stream, PrintableStream):
      stream.flush()
      failures.append(stream.failure)
  return next(filter(None, failures), None)
