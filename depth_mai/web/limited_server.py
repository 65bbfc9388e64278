# SPDX-License-Identifier: Apache-2.0
"""A waitress server with the limits of `uploads.Uploads`.

waitress reads the whole body of a request before it calls the app. It does not
limit the number of simultaneous uploads, waits for a client that sends a byte
every minute, and answers refusals as plain text. Here a request is checked as
soon as its header has arrived: a body that the app would refuse is dropped, and
all answers come from the app.

Only `serving` imports this module, because it needs waitress.
"""

import contextlib
import logging
import socket
import time
from typing import Any

from waitress import adjustments as adjustments_lib
from waitress import buffers
from waitress import channel as channel_lib
from waitress import parser
from waitress import receiver
from waitress import server as server_lib
from waitress import task
from waitress import utilities
from waitress import wasyncore

from depth_mai.web import guard
from depth_mai.web import uploads as uploads_lib

_SETTINGS = {
  'asyncore_loop_timeout': 1,
  'asyncore_use_poll': True,
  'channel_timeout': 60,
  'cleanup_interval': 1,
  'ident': 'depth_mai',
  'log_socket_errors': False,
  # `_Request` limits the body.
  'max_request_body_size': 1 << 62,
  'max_request_header_size': 1 << 16,
  'threads': 8,
}
# Warnings about many clients would spoil a live view in the terminal.
logging.getLogger('waitress').setLevel(logging.ERROR)


class Server(server_lib.TcpWSGIServer):
  """A server whose `stop` may be called from any thread."""

  def __init__(
    self,
    app: Any,
    listening: socket.socket,
    uploads: uploads_lib.Uploads,
    adjustments: dict,
  ):
    """Takes a socket that listens; see `serving.running`."""
    self.uploads = uploads
    settings = adjustments_lib.Adjustments(
      sockets=[listening], **(_SETTINGS | adjustments)
    )
    dispatcher = task.ThreadedTaskDispatcher()
    dispatcher.set_thread_count(settings.threads)
    super().__init__(
      app,
      map={},
      _sock=listening,
      dispatcher=dispatcher,
      adj=settings,
      sockinfo=(
        listening.family,
        listening.type,
        listening.proto,
        listening.getsockname(),
      ),
      bind_socket=False,
    )

  def stop(self) -> None:
    """Waits for the answers in progress, then closes all connections."""
    self.task_dispatcher.shutdown()
    # The thread in `run` owns the sockets; it returns when all are closed. An
    # answer that ends now may wake it first: then the trigger is closed, too.
    with contextlib.suppress(OSError):
      self.trigger.pull_trigger(self._close_all)

  def _close_all(self) -> None:
    for channel in list(self.active_channels.values()):
      channel.handle_close()
    wasyncore.close_all(self._map)

  def maintenance(self, now: float) -> None:
    """Ends requests that are too slow; waitress calls this every second."""
    for channel in list(self.active_channels.values()):
      channel.check_speed(now)
    super().maintenance(now)

  def make_room(self) -> None:
    """Ends the slowest upload where all places are taken.

    So clients that send slowly cannot keep all others out. A recent upload
    stays.
    """
    if self.uploads_in_progress() < self.uploads.at_once:
      return
    slowest = min(
      (
        channel
        for channel in list(self.active_channels.values())
        if channel.request is not None
        and channel.request.is_upload
        and channel.request.elapsed_s() > self.uploads.yields_s
      ),
      key=lambda channel: channel.request.mean_rate(),
      default=None,
    )
    if slowest is not None:
      request = slowest.request
      slowest.end_request(
        self.uploads.makes_room(
          request.body_bytes_received, request.elapsed_s()
        )
      )

  def uploads_in_progress(self) -> int:
    """Returns the number of bodies being received or handled by the app."""
    return sum(
      request.is_upload
      for channel in list(self.active_channels.values())
      for request in (channel.request, *channel.requests)
      if request is not None
    )


class _Request(parser.HTTPRequestParser):
  """A request; `refusal` is (status, text) if it must be refused."""

  # For a request whose header never arrives.
  command, path, query, request_uri, url_scheme = 'GET', '/', '', '/', 'http'
  refusal: tuple[int, str] | None = None
  is_upload = is_dropped = False
  # waitress declares no types for these.
  body_rcv: Any
  chunked: bool
  content_length: int
  expect_continue: bool

  def __init__(self, adj: adjustments_lib.Adjustments, server: Server):
    super().__init__(adj)
    self._server = server
    self._begun_s = time.monotonic()

  def received(self, data: bytes) -> int:
    """Takes bytes of the header or the body, and returns how many."""
    try:
      return super().received(data)
    except OSError as error:  # waitress keeps a large body in a file.
      self.end_without_body()
      self.refusal = 507, uploads_lib.storage_error(error)
      self.completed = True
      return len(data)

  def parse_header(self, header_plus: bytes) -> None:
    """Parses the header, and decides about the body."""
    super().parse_header(header_plus)
    if self.body_rcv is None:
      return
    uploads = self._server.uploads
    if (self.command, self.path) == ('POST', uploads.path):
      headers = {
        name.replace('_', '-').title(): value
        for name, value in self.headers.items()
      }
      length = None if self.chunked else self.content_length
      self._server.make_room()
      in_progress = self._server.uploads_in_progress()
      self.refusal = uploads.refusal(headers, length, in_progress)
      self.is_upload = self.refusal is None
    if not self.is_upload:
      self._drop_body()

  def _drop_body(self) -> None:
    self.end_without_body()
    if self.expect_continue:
      # The client waits for an answer before it sends the body.
      self.expect_continue = self.chunked = False
      self.content_length, self.body_rcv = 0, None
      return
    # The client is sending, and reads the answer afterwards.
    self.is_dropped = True
    nowhere = _Nowhere(1)
    if self.chunked:
      self.body_rcv = receiver.ChunkedReceiver(nowhere)
    else:
      self.body_rcv = receiver.FixedStreamReceiver(self.content_length, nowhere)

  def end_without_body(self) -> None:
    """Closes the connection after the answer.

    Otherwise the unread bytes of the body would be parsed as the next request.
    """
    self.headers['CONNECTION'] = 'close'
    self.headers.pop('CONTENT_LENGTH', None)

  def elapsed_s(self) -> float:
    """Returns the seconds since the request began."""
    return time.monotonic() - self._begun_s

  def mean_rate(self) -> float:
    """Returns the bytes of the body that have arrived in a second."""
    return self.body_bytes_received / self.elapsed_s()

  def why_too_slow(self, silent_s: float) -> str:
    """Returns why the request is too slow; '' to continue waiting."""
    elapsed_s = self.elapsed_s()
    uploads = self._server.uploads
    if self.is_upload:
      return uploads.why_too_slow(self.body_bytes_received, elapsed_s, silent_s)
    limit_s = uploads.discard_s if self.is_dropped else uploads.header_s
    return f'It took over {limit_s:g} s.' if elapsed_s > limit_s else ''


class _Nowhere(buffers.OverflowableBuffer):
  """A buffer that stays empty."""

  def append(self, s: bytes) -> None:
    """Drops the bytes."""


class _Task(task.WSGITask):
  """Calls the app, even for a request that is refused."""

  def get_environment(self) -> dict:
    """Returns the WSGI environment with the refusal, if there is one."""
    request = self.request
    if request.error:
      request.end_without_body()
      error = request.error.code, request.error.body
      request.refusal = request.refusal or error
    environ = super().get_environment()
    environ[guard.REFUSAL] = request.refusal
    return environ


def _error_task(channel: '_Channel', request: _Request) -> task.Task:
  """Returns the answer to invalid HTTP, or to a request that the app failed."""
  broken = isinstance(request.error, utilities.InternalServerError)
  return (task.ErrorTask if broken else _Task)(channel, request)


class _Channel(channel_lib.HTTPChannel):
  """A connection."""

  request: Any  # waitress declares no type.
  task_class = _Task
  error_task_class = staticmethod(_error_task)

  def parser_class(self, adj: adjustments_lib.Adjustments) -> _Request:
    """Returns a new request."""
    return _Request(adj, self.server)

  def check_speed(self, now: float) -> None:
    """Answers a request that arrives too slowly; closes a stalled answer."""
    is_full = self.total_outbufs_len > self.adj.outbuf_high_watermark
    if is_full and now - self.last_activity > self.adj.channel_timeout:
      self.handle_close()
    request = self.request
    if request is None or self.requests:
      return
    text = request.why_too_slow(now - self.last_activity)
    if text:
      self.end_request(text)

  def end_request(self, text: str) -> None:
    """Answers a request that has not arrived completely.

    Args:
      text: the reason.
    """
    with self.requests_lock:
      request = self.request
      request.end_without_body()
      request.refusal = request.refusal or (408, text)
      request.is_upload = False
      self.request = None
      self.requests.append(request)
      self.server.add_task(self)


Server.channel_class = _Channel
