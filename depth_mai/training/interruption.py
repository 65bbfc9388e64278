# SPDX-License-Identifier: Apache-2.0
"""Turns Ctrl-C and SIGTERM into a request that a training ends after its step.

A second signal has its usual effect: it ends the process at once.
"""

from collections.abc import Iterator
import contextlib
import signal
import sys
import threading
import types

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# What a shell reports for a process that a signal ended is 128 + the signal.
_SHELL_OFFSET = 128


class StoppedError(Exception):
  """A training was stopped by a signal, after it saved a checkpoint.

  Attributes:
    exit_code: exit code of the program: 130 for Ctrl-C, 143 for SIGTERM.
  """

  def __init__(self, message: str, signal_number: int):
    """Makes the error; the message says how to go on."""
    super().__init__(message)
    self.exit_code = _SHELL_OFFSET + signal_number


class Request:
  """Whether a signal has asked the training to stop.

  Attributes:
    signal_number: the signal, None before one came.
  """

  signal_number: int | None = None


@contextlib.contextmanager
def awaited() -> Iterator[Request]:
  """Notes the first SIGINT or SIGTERM inside the context.

  Outside the main thread, where Python allows no handlers, nothing is noted.

  Yields:
    The request.
  """
  request = Request()
  if threading.current_thread() is not threading.main_thread():
    yield request
    return
  before = {number: signal.getsignal(number) for number in _SIGNALS}

  def restore() -> None:
    for number, handler in before.items():
      # None stands for a handler that was not set from Python.
      signal.signal(number, signal.SIG_DFL if handler is None else handler)

  def note(number: int, frame: types.FrameType | None) -> None:
    del frame
    request.signal_number = number
    restore()
    print(
      'Stopping after this step, and after its evaluation if it has one. Press '
      'Ctrl-C again to stop at once.',
      file=sys.stderr,
      flush=True,
    )

  for number in _SIGNALS:
    signal.signal(number, note)
  try:
    yield request
  finally:
    restore()
