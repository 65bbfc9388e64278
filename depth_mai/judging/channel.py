# SPDX-License-Identifier: Apache-2.0
"""Messages between the judge and the process that runs a file.

A message is its JSON's length and its blob's, two 64-bit numbers, then the JSON
and the blob. Nothing is ever unpickled, and whoever receives says how much it
takes.
"""

import json
import socket
import struct
import time

_HEADER = struct.Struct('<QQ')
# The longest JSON.
MAX_JSON = 1 << 20


class ClosedError(Exception):
  """The other end is gone."""


class TooSlowError(Exception):
  """The other end took too long."""


class MalformedError(Exception):
  """The other end sent what it must not send."""


class Channel:
  """One end of a connection."""

  def __init__(self, connection: socket.socket):
    """Takes over a connected stream socket."""
    self._connection = connection

  def send(
    self, message: dict, blob: bytes = b'', timeout_s: float | None = None
  ) -> None:
    """Sends a message.

    Args:
      message: ready for JSON.
      blob: bytes that go with it.
      timeout_s: seconds until the other end must have taken it; None: any.

    Raises:
      ClosedError: if the other end is gone.
      TooSlowError: if it did not take all in time.
    """
    text = json.dumps(message, allow_nan=False).encode()
    try:
      self._wait_at_most(timeout_s)
      self._connection.sendall(_HEADER.pack(len(text), len(blob)) + text)
      self._connection.sendall(blob)
    except TimeoutError as error:
      raise TooSlowError from error
    except OSError as error:
      raise ClosedError from error

  def receive(
    self, max_blob: int, timeout_s: float | None = None
  ) -> tuple[dict, bytearray]:
    """Receives a message.

    Args:
      max_blob: most bytes that may come with it.
      timeout_s: seconds for the whole of it; None: any.

    Returns:
      (JSON object, the bytes)

    Raises:
      ClosedError: if the other end is gone.
      TooSlowError: if not all came in time.
      MalformedError: if it is too long, or no JSON object.
    """
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    header = self._exactly(_HEADER.size, deadline)
    length, blob_length = _HEADER.unpack(header)
    if length > MAX_JSON or blob_length > max_blob:
      raise MalformedError(f'{length} and {blob_length} bytes were announced')
    text = self._exactly(length, deadline)
    try:
      message = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
      raise MalformedError('what came is no JSON') from error
    if not isinstance(message, dict):
      raise MalformedError('what came is no JSON object')
    return message, self._exactly(blob_length, deadline)

  def close(self) -> None:
    """Closes this end."""
    self._connection.close()

  def _exactly(self, count: int, deadline: float | None) -> bytearray:
    """Receives so many bytes."""
    received = bytearray(count)
    rest = memoryview(received)
    while rest:
      left_s = None if deadline is None else deadline - time.monotonic()
      if left_s is not None and left_s <= 0:
        raise TooSlowError
      try:
        self._wait_at_most(left_s)
        got = self._connection.recv_into(rest)
      except TimeoutError as error:
        raise TooSlowError from error
      except OSError as error:
        raise ClosedError from error
      if not got:
        raise ClosedError
      rest = rest[got:]
    return received

  def _wait_at_most(self, seconds: float | None) -> None:
    # A locked process, which never gives a time, may not even ask for it.
    if seconds is not None:
      self._connection.settimeout(seconds)


def _no_constant(name: str) -> float:
  raise ValueError(f'{name} is no number of JSON')
