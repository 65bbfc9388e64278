# SPDX-License-Identifier: Apache-2.0
"""Takes in a file: from a form, or as the whole body of a request.

The bytes go to the disk as they come. What is too large, too slow or cut off
leaves nothing there.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
import contextlib
import http
import os
import time
import typing
from typing import BinaryIO

from depth_mai.judging.web import file_name
from depth_mai.judging.web import multipart
from depth_mai.judging.web import refusal

# What a form needs beside the file.
FORM_BYTES = 1 << 16
_LONGEST_FIELD = 200
_CHUNK = 1 << 16
FILE_FIELD = 'model'
NAME_FIELD = 'name'


class Upload(typing.NamedTuple):
  """What came in.

  Attributes:
    name: of the file, fit to be shown.
    size: bytes.
    fields: the other fields of the form or of the query.
  """

  name: str
  size: int
  fields: dict[str, str]


class Body:
  """The body of a request, as long as its header says.

  Attributes:
    left: bytes that have not been read.
  """

  def __init__(self, stream: BinaryIO, length: int, seconds: float):
    """Starts the clock.

    Args:
      stream: with the body next.
      length: of the body, bytes.
      seconds: that all of it may take.
    """
    self.left = length
    self._stream = stream
    self._end_s = time.monotonic() + seconds
    self._seconds = seconds

  def read(self, most: int) -> bytes:
    """Returns the next bytes, at most `most`; none at the end.

    Raises:
      RefusedError: if the client is gone, or too slow.
    """
    if not self.left:
      return b''
    try:
      if time.monotonic() > self._end_s:
        raise TimeoutError
      chunk = self._stream.read1(min(most, self.left))
    except TimeoutError as error:
      raise refusal.RefusedError(
        http.HTTPStatus.REQUEST_TIMEOUT,
        f'The file did not arrive within {self._seconds:.0f} s.',
      ) from error
    except OSError:
      chunk = b''
    if not chunk:
      raise refusal.RefusedError(
        http.HTTPStatus.BAD_REQUEST,
        f'The upload was cut off, {self.left} bytes before its end.',
      )
    self.left -= len(chunk)
    return chunk


def length(headers: Mapping[str, str], most: int) -> int:
  """Returns how long the body of a request is.

  Args:
    headers: of the request.
    most: bytes that are taken.

  Raises:
    RefusedError: if the header does not say, or says more.
  """
  text = headers.get('Content-Length')
  if 'Transfer-Encoding' in headers or text is None:
    raise refusal.RefusedError(
      http.HTTPStatus.LENGTH_REQUIRED,
      'The request must say in Content-Length how long it is, as a browser '
      'does, and `curl --data-binary @FILE`.',
    )
  if not (text.isascii() and text.isdigit() and len(text) < 16):
    raise refusal.RefusedError(
      http.HTTPStatus.BAD_REQUEST,
      f'Content-Length is {text[:20]!r}, which is no number of bytes.',
    )
  if int(text) > most + FORM_BYTES:
    raise _too_large(most)
  return int(text)


def receive(
  body: Body,
  content_type: str,
  query: Mapping[str, str],
  path: str | os.PathLike[str],
  most: int,
) -> Upload:
  """Writes the file of a request to the disk.

  Args:
    body: of the request.
    content_type: its header.
    query: what the address says behind the '?'; counts for a body that is the
      file alone, where `name` is the file's.
    path: where to write; there must be no file.
    most: bytes that a file may have.

  Returns:
    What came in.

  Raises:
    RefusedError: if it is not usable; there is no file then.
  """
  separator = multipart.boundary(content_type)
  with _whole_or_nothing(path) as stream:
    if separator is None:
      fields = dict(query)
      name = fields.pop(NAME_FIELD, '')
      size = _write(stream, iter(lambda: body.read(_CHUNK), b''), most)
    else:
      name, size, fields = _read_form(body, separator, stream, most)
    if not size:
      raise refusal.RefusedError(
        http.HTTPStatus.BAD_REQUEST,
        'There is no file in the request, or an empty one. Choose a .tflite '
        'file.',
      )
  return Upload(file_name.shown(name), size, fields)


def _read_form(body, separator, stream, most):
  name, size, fields = None, 0, {}
  for part in multipart.parts(body.read, separator):
    if part.file_name is None:
      fields[part.name[:_LONGEST_FIELD]] = _text(part.chunks(), part.name)
    elif name is None and part.name == FILE_FIELD:
      name, size = part.file_name, _write(stream, part.chunks(), most)
    else:
      raise refusal.RefusedError(
        http.HTTPStatus.BAD_REQUEST,
        f'The form has one file, in the field {FILE_FIELD!r}; there is another '
        f'one in {part.name[:50]!r}.',
      )
  while body.read(_CHUNK):  # What follows the last boundary means nothing.
    pass
  return name or '', size, fields


def _write(stream: BinaryIO, chunks: Iterable[bytes], most: int) -> int:
  size = 0
  for chunk in chunks:
    size += len(chunk)
    if size > most:
      raise _too_large(most)
    stream.write(chunk)
  return size


def _text(chunks: Iterable[bytes], name: str) -> str:
  text = b''
  for chunk in chunks:
    text += chunk
    if len(text) > _LONGEST_FIELD:
      raise refusal.RefusedError(
        http.HTTPStatus.BAD_REQUEST,
        f'The field {name[:50]!r} is longer than {_LONGEST_FIELD} bytes.',
      )
  return text.decode('utf-8', errors='replace')


@contextlib.contextmanager
def _whole_or_nothing(path) -> Iterator[BinaryIO]:
  try:
    with open(path, 'xb') as stream:
      yield stream
  except BaseException:
    with contextlib.suppress(OSError):
      os.remove(path)
    raise


def _too_large(most: int) -> refusal.RefusedError:
  return refusal.RefusedError(
    http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    f'The file is larger than the {most / 2**20:g} MB that this server takes.',
  )


def discard(read: Callable[[int], bytes], most: int, seconds: float) -> None:
  """Reads on without use, so that a client that still sends sees the answer.

  Args:
    read: of a socket's stream.
    most: bytes to take.
    seconds: to go on for.
  """
  end_s = time.monotonic() + seconds
  with contextlib.suppress(OSError, ValueError):
    while most > 0 and time.monotonic() < end_s:
      chunk = read(_CHUNK)
      if not chunk:
        return
      most -= len(chunk)
