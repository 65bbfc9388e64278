# SPDX-License-Identifier: Apache-2.0
"""Reads multipart/form-data (RFC 7578) as it comes in, without keeping it.

The standard library had `cgi` for this until Python 3.13.
"""

from collections.abc import Callable
from collections.abc import Iterator
import http
import re

from depth_mai.judging.web import refusal

# More than any form here has.
_MOST_PARTS = 16
_LONGEST_HEADER = 8192
_CHUNK = 1 << 16
_BOUNDARY = re.compile(
  r'multipart/form-data\s*;(?:.*;)?\s*'
  r'boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))\s*(?:;|$)',
  re.IGNORECASE,
)
# A quote inside is %22 (browsers) or \" (older curl).
_PARAMETER = re.compile(r';\s*(name|filename)="((?:\\"|[^"])*)"', re.IGNORECASE)


class Part:
  """One field or file of a form.

  Attributes:
    name: of the field.
    file_name: as the client calls the file; None for a field without one.
  """

  def __init__(self, name: str, file_name: str | None, chunks: Iterator[bytes]):
    """Takes what was read of its header, and where its content comes from."""
    self.name = name
    self.file_name = file_name
    self._chunks = chunks

  def chunks(self) -> Iterator[bytes]:
    """Yields the content, once; the next part begins where this one ends."""
    yield from self._chunks


def boundary(content_type: str) -> bytes | None:
  """Returns what separates the parts; None if this is no multipart form.

  Args:
    content_type: the header of the request.

  Raises:
    RefusedError: for a multipart form that does not name its boundary.
  """
  if not content_type.lower().startswith('multipart/form-data'):
    return None
  match = _BOUNDARY.match(content_type)
  if not match:
    raise _broken('its Content-Type names no boundary')
  return (match[1] or match[2]).encode('latin-1')


def parts(read: Callable[[int], bytes], separator: bytes) -> Iterator[Part]:
  """Yields the parts of a form, in order.

  Args:
    read: returns the next bytes of the body, at most as many as it is asked
      for, and none at its end.
    separator: of `boundary`.

  Yields:
    The parts. What was not read of one is skipped.

  Raises:
    RefusedError: if the body is no such form, or has too many parts.
  """
  # Every separator follows a line's end; the first line has none before it.
  body = _Body(read, b'\r\n--' + separator, b'\r\n')
  for _ in body.until_separator():
    pass
  for _ in range(_MOST_PARTS):
    end = body.take(2)
    if end == b'--':
      return
    if end != b'\r\n':
      raise _broken('a boundary is followed by something else')
    part = Part(*_names(body.header()), body.until_separator())
    yield part
    for _ in part.chunks():
      pass
  raise _broken(f'it has more than {_MOST_PARTS} parts')


class _Body:
  """Looks for separators in a stream, with a little of it in memory."""

  def __init__(self, read, separator, start):
    self._read, self._separator, self._held = read, separator, start

  def until_separator(self) -> Iterator[bytes]:
    """Yields what comes before the next separator, and skips that."""
    keep = len(self._separator) - 1
    while (at := self._held.find(self._separator)) < 0:
      # The end may be the beginning of a separator.
      if len(self._held) > keep:
        given, self._held = self._held[:-keep], self._held[-keep:]
        yield given
      self._more()
    given, self._held = self._held[:at], self._held[at + keep + 1 :]
    if given:
      yield given

  def take(self, count: int) -> bytes:
    """Returns the next `count` bytes."""
    while len(self._held) < count:
      self._more()
    given, self._held = self._held[:count], self._held[count:]
    return given

  def header(self) -> str:
    """Returns the lines up to the first empty one."""
    while (at := self._held.find(b'\r\n\r\n')) < 0:
      if len(self._held) > _LONGEST_HEADER:
        raise _broken('a part has no end of its header')
      self._more()
    given, self._held = self._held[:at], self._held[at + 4 :]
    return given.decode('utf-8', errors='replace')

  def _more(self):
    chunk = self._read(_CHUNK)
    if not chunk:
      raise _broken('it ends before its last boundary')
    self._held += chunk


def _names(header: str) -> tuple[str, str | None]:
  """Returns the field's name, and the file's."""
  for line in header.split('\r\n'):
    kind, _, value = line.partition(':')
    if kind.strip().lower() == 'content-disposition':
      found = {
        name.lower(): text.replace('\\"', '"').replace('%22', '"')
        for name, text in _PARAMETER.findall(value)
      }
      if 'name' in found:
        return found['name'], found.get('filename')
  raise _broken('a part has no name')


def _broken(what: str) -> refusal.RefusedError:
  return refusal.RefusedError(
    http.HTTPStatus.BAD_REQUEST,
    f'The form cannot be read: {what}. Send multipart/form-data with the file '
    "in the field 'model', or the file alone as the body of the request.",
  )
