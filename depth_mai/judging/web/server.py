# SPDX-License-Identifier: Apache-2.0
"""Serves the judge as a web page until it is stopped."""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import dataclasses
import functools
import os
import signal
import threading

from depth_mai.devices import registry
from depth_mai.evaluation import evaluation
from depth_mai.judging import protection
from depth_mai.judging import request as request_lib
from depth_mai.judging.web import app as app_lib
from depth_mai.judging.web import clerk as clerk_lib
from depth_mai.web import serving

# Flushed, so that lines appear at once in a log file, too.
_print_at_once = functools.partial(print, flush=True)


@dataclasses.dataclass(frozen=True)
class Settings:
  """Settings of the server.

  Attributes:
    output_dir: folder for the verdicts.
    port: port of the page; 0 for any free port.
    host: address to listen at; 127.0.0.1 is local only.
    devices: devices offered in addition to the request's own.
    most_waiting: most files in the queue, at least 1.
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


@contextlib.contextmanager
def running(
  judge: clerk_lib.Judge,
  request: request_lib.JudgeRequest,
  settings: Settings,
  report_line: Callable[[str], object] = print,
) -> Iterator[tuple[serving.Address, clerk_lib.Clerk]]:
  """Serves in threads, which end with the context.

  Args:
    judge: `stages.judge`.
    request: settings for every file; its model_path is ignored.
    settings: how to serve.
    report_line: takes lines for the terminal.

  Yields:
    The address at which it listens, and the clerk.

  Raises:
    ValueError: if the port or the folder is taken, or Flask or waitress is not
      installed.
  """
  clerk = clerk_lib.Clerk(
    judge,
    request,
    settings.output_dir,
    settings.devices,
    settings.most_waiting,
    report_line,
  )
  with contextlib.closing(clerk):
    app = app_lib.create_app(clerk, report_line)
    uploads = app_lib.upload_limits(clerk)
    with serving.running(app, settings.host, settings.port, uploads) as address:
      yield address, clerk


def serve(
  judge: clerk_lib.Judge,
  request: request_lib.JudgeRequest,
  settings: Settings,
  report_line: Callable[[str], object] = _print_at_once,
) -> None:
  """Serves until Ctrl-C or SIGTERM; must run in the main thread.

  Args:
    judge: as for `running`.
    request: as for `running`.
    settings: as for `running`.
    report_line: as for `running`.

  Raises:
    ValueError: as `running`; and if the data or a device cannot be used, or a
      required sandbox is missing.
  """
  # Checked now rather than for the first file.
  ids = evaluation.split_ids(request.data_dir, request.split)
  images = len(ids[: request.limit])
  if images == len(ids):  # A larger limit limits nothing.
    request = dataclasses.replace(request, limit=None)
  for spec in (request.device, *settings.devices):
    if request.require_sandbox:
      protection.check_sandbox(dataclasses.replace(request, device=spec))
    registry.open_device(spec, request.settings)
  stopped = threading.Event()

  def stop(number: int, _: object) -> None:
    # A second Ctrl-C does not wait for the running job.
    if stopped.is_set() and number == signal.SIGINT:
      raise KeyboardInterrupt
    stopped.set()

  before = {
    number: signal.signal(number, stop)
    for number in (signal.SIGINT, signal.SIGTERM)
  }
  try:
    with running(judge, request, settings, report_line) as (address, _):
      report_line(
        f'Judging at {address.url} on {images} pictures (Ctrl-C ends it).'
      )
      stopped.wait()
      report_line('Stopping: files without a verdict are discarded.')
  finally:
    for number, handle in before.items():
      signal.signal(number, handle)
