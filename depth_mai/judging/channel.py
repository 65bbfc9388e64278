# SPDX-License-Identifier: Apache-2.0
"""Sends messages between the judge and the sandboxed process that runs a file.

A message consists of the lengths of its JSON and its blob as two 64-bit
numbers, the JSON, and the blob. Nothing is unpickled, and the receiver limits
the length. (multiprocessing.connection has no deadline for a whole message.)
"""

from __future__ import annotations

import json
import socket
import struct
import time

_HEADER = struct.Struct('<QQ')
# Bytes of the longest JSON.
MAX_JSON = 1 << 20


class ClosedError(Exception):
  """The other end has closed the connection."""


class TooSlowError(Exception):
  """The other end took too long."""


class MalformedError(Exception):
  """The other end sent an invalid message."""


class Channel:
  """One end of a connection."""

  def __init__(self, connection: socket.socket):
    """Uses a connected stream socket, which `close` closes."""
    self._connection = connection

  def send(
    self, message: dict, blob: bytes = b'', timeout_s: float | None = None
  ) -> None:
    """Sends a message.

    Args:
      message: values that JSON can hold.
      blob: bytes sent with it.
      timeout_s: seconds for the other end to receive it; None: no limit.

    Raises:
      ClosedError: if the other end has closed the connection.
      TooSlowError: if it did not receive all of it in time.
    """
    text = json.dumps(message, allow_nan=False).encode()
    try:
      self._wait_at_most(timeout_s)
      self._connection.sendall(_HEADER.pack(len(text), len(blob)) + text)
      # The receiver of a message without a blob may have closed already.
      if blob:
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
      max_blob: largest allowed blob, bytes.
      timeout_s: seconds for the whole message; None: no limit.

    Returns:
      (JSON object, blob)

    Raises:
      ClosedError: if the other end has closed the connection.
      TooSlowError: if the message was not complete in time.
      MalformedError: if it is too long or not a JSON object.
    """
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    header = self._exactly(_HEADER.size, deadline)
    length, blob_length = _HEADER.unpack(header)
    if length > MAX_JSON or blob_length > max_blob:
      raise MalformedError(f'it announced {length} and {blob_length} bytes')
    text = self._exactly(length, deadline)
    try:
      message = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
      raise MalformedError('its message is not JSON') from error
    if not isinstance(message, dict):
      raise MalformedError('its message is not a JSON object')
    return message, self._exactly(blob_length, deadline)

  def close(self) -> None:
    """Closes this end."""
    self._connection.close()

  def _exactly(self, count: int, deadline: float | None) -> bytearray:
    """Receives exactly this many bytes."""
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
    # A locked process may not make this system call; it sets no timeout.
    if seconds is not None:
      self._connection.settimeout(seconds)


def _no_constant(name: str) -> float:
  raise ValueError(f'{name} is not a JSON number')
