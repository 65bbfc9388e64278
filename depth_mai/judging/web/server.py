# SPDX-License-Identifier: Apache-2.0
"""Serves the judge as a web page until it is stopped."""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import dataclasses
import functools
from http import server
import os
import signal
import socket
import sys
import threading
import traceback

from depth_mai.devices import registry
from depth_mai.evaluation import evaluation
from depth_mai.judging import request as request_lib
from depth_mai.judging.web import clerk as clerk_lib
from depth_mai.judging.web import handler

# Also where the output is a file, which somebody may follow.
_print_at_once = functools.partial(print, flush=True)


@dataclasses.dataclass(frozen=True)
class Settings:
  """How to serve.

  Attributes:
    output_dir: where verdicts are kept.
    port: of the page; 0 for any that is free.
    host: address to listen at; 127.0.0.1 is reached from this machine only.
    devices: what may be chosen beside the request's own.
    most_waiting: files that may wait for their turn, at least 1.
  """

  output_dir: str | os.PathLike[str]
  port: int = 8080
  host: str = '127.0.0.1'
  devices: tuple[str, ...] = ()
  most_waiting: int = 8

  def __post_init__(self):
    """Checks the settings.

    Raises:
      ValueError: if a number is out of range.
    """
    if not 0 <= self.port < 1 << 16:
      raise ValueError(f'--port must be 0 to 65535, got {self.port}.')
    if self.most_waiting < 1:
      raise ValueError(
        f'most_waiting must be at least 1, got {self.most_waiting}.'
      )


class Server(server.ThreadingHTTPServer):
  """A server whose handlers find the clerk."""

  daemon_threads = True
  request_queue_size = 64

  def __init__(
    self,
    settings: Settings,
    clerk: clerk_lib.Clerk,
    report_line: Callable[[str], object],
  ):
    """Listens.

    Args:
      settings: how to serve.
      clerk: of the output folder.
      report_line: takes what went wrong.

    Raises:
      OSError: if it cannot listen there.
    """
    self.clerk, self._report_line = clerk, report_line
    self.uploads = threading.BoundedSemaphore(handler.MOST_UPLOADS)
    if ':' in settings.host:
      self.address_family = socket.AF_INET6
    super().__init__((settings.host, settings.port), handler.Handler)

  @property
  def url(self) -> str:
    """Where to open the page."""
    host, port = self.server_address[:2]
    return (
      f'http://[{host}]:{port}/' if ':' in host else f'http://{host}:{port}/'
    )

  def handle_error(self, request, client_address) -> None:
    """Says what went wrong, unless it is that a client went away."""
    if not isinstance(sys.exception(), ConnectionError | TimeoutError):
      self._report_line(traceback.format_exc())


@contextlib.contextmanager
def running(
  judge: clerk_lib.Judge,
  request: request_lib.JudgeRequest,
  settings: Settings,
  report_line: Callable[[str], object] = print,
) -> Iterator[Server]:
  """Serves in threads; on the way out, all of it ends.

  Args:
    judge: `stages.judge`.
    request: how to judge, for any file; its model_path is not looked at.
    settings: how to serve.
    report_line: takes what the one who started it should know.

  Yields:
    The server.

  Raises:
    ValueError: if the port or the folder is taken.
  """
  clerk = clerk_lib.Clerk(
    judge,
    request,
    settings.output_dir,
    settings.devices,
    settings.most_waiting,
    report_line,
  )
  try:
    try:
      listening = Server(settings, clerk, report_line)
    except OSError as error:
      raise ValueError(
        f'Cannot listen at {settings.host}, port {settings.port} ({error}). '
        'Choose another --port; 0 stands for any that is free.'
      ) from error
    with listening:
      thread = threading.Thread(target=listening.serve_forever, args=(0.1,))
      thread.start()
      try:
        yield listening
      finally:
        listening.shutdown()
        thread.join()
  finally:
    clerk.close()


def serve(
  judge: clerk_lib.Judge,
  request: request_lib.JudgeRequest,
  settings: Settings,
  report_line: Callable[[str], object] = _print_at_once,
) -> None:
  """Serves until Ctrl-C or SIGTERM; for the main thread.

  Args:
    judge: as for `running`.
    request: as for `running`.
    settings: as for `running`.
    report_line: as for `running`.

  Raises:
    ValueError: as `running`; and if the data or a device cannot be used.
  """
  # Not only when the first file has come.
  images = len(evaluation.split_ids(request.data_dir, request.split))
  for spec in (request.device, *settings.devices):
    registry.open_device(spec, request.settings)
  stopped = threading.Event()

  def stop(number, _):
    # A second Ctrl-C does not wait for what runs.
    if stopped.is_set() and number == signal.SIGINT:
      raise KeyboardInterrupt
    stopped.set()

  before = {
    number: signal.signal(number, stop)
    for number in (signal.SIGINT, signal.SIGTERM)
  }
  try:
    with running(judge, request, settings, report_line) as listening:
      report_line(
        f'Judging at {listening.url} on {images} pictures (Ctrl-C ends it).'
      )
      stopped.wait()
      report_line('Stopping: what has no verdict yet is given up.')
  finally:
    for number, handle in before.items():
      signal.signal(number, handle)
