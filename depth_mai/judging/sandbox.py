# SPDX-License-Identifier: Apache-2.0
"""Sends requests to sandboxed processes that run files.

Their answers are untrusted: sizes are checked before memory is allocated, the
content against answers.py, and any failure of a process becomes a
`verdict.FileFaultError`.
"""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import os
import signal
import socket
import time
import typing

from depth_mai import challenge
from depth_mai.files import printable
from depth_mai.judging import answers
from depth_mai.judging import channel as channel_lib
from depth_mai.judging import request as request_lib
from depth_mai.judging import verdict
from depth_mai.runtime import environment as environment_lib

# Seconds for a process that closed its connection to end.
PATIENCE_S = 2.0
# Bytes of the end of a process's output that are reported.
PRINTED = 4096
# The only variables of the judge's environment that the process receives.
_ENVIRONMENT = ('LANG', 'LC_ALL', 'LD_LIBRARY_PATH', 'PATH', 'SYSTEMROOT')
# The process must have one thread when it forks; NumPy would start more.
_ONE_THREAD = ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS')
# Activity of the process -> flag of its time limit.
_FLAGS = {'predicting a picture': '--image_s', 'timing': '--image_s a run'}


def environment() -> dict[str, str]:
  """Returns the minimal environment of the fork server."""
  return {
    **{key: os.environ[key] for key in _ENVIRONMENT if key in os.environ},
    **dict.fromkeys(_ONE_THREAD, '1'),
    'PYTHONPATH': environment_lib.import_path(),
  }


class Ends(typing.Protocol):
  """What has started a process, and ends it."""

  def end(self, pid: int, patience_s: float) -> int:
    """See launcher.Launcher.end."""


@contextlib.contextmanager
def started(
  launcher: Ends,
  start: Callable[[int, int], int],
  limits: request_lib.Limits,
  deadline: float,
) -> Iterator['Sandbox']:
  """Starts a process with a connection to it, and ends it afterwards.

  Args:
    launcher: ends the process.
    start: starts it; takes the descriptors of its end of the connection and of
      its output, which it must keep, and returns its id.
    limits: the most that the process may use.
    deadline: time.monotonic() by which it must be done.

  Yields:
    The sandbox; its process has locked itself.

  Raises:
    ValueError: if the process does not start.
    verdict.FileFaultError: if no time is left.
  """
  ours, theirs = socket.socketpair()
  printed, printing = os.pipe()
  # A process that prints endlessly must not block.
  os.set_blocking(printing, False)
  os.set_blocking(printed, False)
  try:
    pid = start(theirs.fileno(), printing)
  finally:
    theirs.close()
    os.close(printing)
  box = Sandbox(launcher, pid, ours, printed, limits, deadline)
  try:
    box.await_lock()
    yield box
  finally:
    box.close()


class Sandbox:
  """One sandboxed process that runs a file.

  Attributes:
    protection: the layers in force, see `lockdown.lock`.
  """

  def __init__(
    self,
    launcher: Ends,
    pid: int,
    connection: socket.socket,
    printed: int,
    limits: request_lib.Limits,
    deadline: float,
  ):
    """Called by `started`."""
    self._launcher, self._pid = launcher, pid
    self._channel = channel_lib.Channel(connection)
    self._printed, self._limits, self._deadline = printed, limits, deadline
    self._code: int | None = None
    self.protection: dict[str, str] = {}

  def await_lock(self) -> None:
    """Waits until the process is locked.

    Raises:
      ValueError: if it does not start, for which no file is to blame.
      verdict.FileFaultError: if no time is left.
    """
    try:
      answer, _ = self._receive('hello', 0, self._limits.load_s, 'starting')
    except verdict.FileFaultError as error:
      if time.monotonic() >= self._deadline:
        raise
      raise ValueError(
        f'The sandbox does not start, before it has a file: {error} Try again '
        'when the machine is less busy, or allow more (--load_s, --memory_mb).'
      ) from error
    self.protection = answer['protection']

  def take(self, content: bytes) -> None:
    """Sends the file, which is not inspected yet.

    Args:
      content: the file's bytes.
    """
    self._ask({'do': 'take'}, content, 0, self._limits.load_s, 'reading')

  def check(self, target_runtime: str) -> dict:
    """Returns the result of `static_check.check`.

    Args:
      target_runtime: TFLite release that the file must run on.
    """
    request = {'do': 'check', 'target_runtime': target_runtime}
    answer, _ = self._ask(request, b'', 0, self._limits.load_s, 'reading')
    return answer

  def load(
    self, xnnpack: bool = True, size: tuple[int, int] = challenge.IMAGE_SIZE
  ) -> dict:
    """Loads the file.

    Args:
      xnnpack: whether the XNNPACK delegate may be used.
      size: (height, width) of its input if it leaves it open.

    Returns:
      dict: inputs and outputs, each a dict with the fields of
      `tensor_description.TensorDescription`; of the declared types, but not
      necessarily true.
    """
    request = {'do': 'load', 'xnnpack': xnnpack, 'size': list(size)}
    answer, _ = self._ask(request, b'', 0, self._limits.load_s, 'loading')
    return answer

  def run(self, picture: bytes, output_bytes: int, output: int = 0) -> bytes:
    """Runs the file once.

    Args:
      picture: bytes of the input.
      output_bytes: size that the output must have.
      output: place of the output.

    Returns:
      Bytes of the output.
    """
    answer, result = self._ask(
      {'do': 'run', 'output': output},
      picture,
      output_bytes,
      self._limits.image_s,
      'predicting a picture',
    )
    if len(result) != output_bytes:
      raise verdict.FileFaultError(
        f'Its output has {len(result)} bytes of shape '
        f'{answer["shape"]} when it runs, and {output_bytes} '
        'when it is loaded. Convert with a fixed input shape.'
      )
    return bytes(result)

  def time(self, warmup: int, runs: int) -> tuple[dict, bytearray]:
    """Times the file.

    Args:
      warmup: number of runs that are not counted.
      runs: number of runs that are counted.

    Returns:
      (answer of worker.py; untrusted [runs] milliseconds as '<f8')
    """
    request = {'do': 'time', 'warmup': warmup, 'runs': runs}
    limit_s = self._limits.image_s * (warmup + runs)
    return self._ask(request, b'', 8 * runs, limit_s, 'timing')

  def close(self) -> None:
    """Ends the process."""
    if self._code is None:
      self._code = self._launcher.end(self._pid, 0)
    self._channel.close()
    os.close(self._printed)

  def _ask(
    self, request: dict, blob: bytes, max_answer: int, limit_s: float, what: str
  ) -> tuple[dict, bytearray]:
    """Sends a request; returns the answer, or raises the fault."""
    with self._faults(limit_s, what):
      self._channel.send(request, blob, self._left_s(limit_s))
    answer, result = self._receive(request['do'], max_answer, limit_s, what)
    if 'error' in answer:
      text = answer['error'] or 'It cannot be used; its process says no more.'
      # The worker has the file without its name.
      text = text.replace('the model in memory', 'The file')
      # The runtime states no reason when memory runs out.
      text = text.replace(
        ': . ',
        ': the runtime states no reason; it may need more than the allowed '
        f'{self._limits.memory_mb:g} MB of memory (--memory_mb). ',
      )
      raise verdict.FileFaultError(text)
    return answer, result

  def _receive(
    self, request: str, max_answer: int, limit_s: float, what: str
  ) -> tuple[dict, bytearray]:
    with self._faults(limit_s, what):
      message, blob = self._channel.receive(max_answer, self._left_s(limit_s))
      return answers.checked(request, message, blob), blob

  def _left_s(self, limit_s: float) -> float:
    return max(1e-3, min(limit_s, self._deadline - time.monotonic()))

  @contextlib.contextmanager
  def _faults(self, limit_s: float, what: str) -> Iterator[None]:
    """Turns failures of the process into faults of the file."""
    try:
      yield
    except channel_lib.TooSlowError as error:
      self._code = self._launcher.end(self._pid, 0)
      if time.monotonic() >= self._deadline:
        limit = f'all of its {self._limits.time_s:g} s (--time_s)'
      else:
        flag = _FLAGS.get(what, '--load_s')
        limit = f'more than {limit_s:g} s ({flag})'
      raise verdict.FileFaultError(
        f'It took {limit} and was stopped while {what}.'
      ) from error
    except channel_lib.MalformedError as error:
      self._code = self._launcher.end(self._pid, 0)
      raise verdict.FileFaultError(
        f'Its process sent an invalid answer: {error}. It was stopped.'
      ) from error
    except channel_lib.ClosedError as error:
      self._code = self._launcher.end(self._pid, PATIENCE_S)
      raise verdict.FileFaultError(self._end_text(what)) from error

  def _end_text(self, what: str) -> str:
    """Describes how the process ended."""
    why = {
      -signal.SIGSYS: 'it made a forbidden system call',
      -signal.SIGXCPU: 'it used up its CPU time',
      -signal.SIGKILL: 'the system stopped it',
      -signal.SIGSEGV: 'it accessed memory outside its own',
      -signal.SIGBUS: 'it accessed memory outside its own',
      -signal.SIGFPE: 'it divided by zero',
      -signal.SIGILL: 'it ran an invalid instruction',
      -signal.SIGABRT: 'the runtime aborted',
    }.get(self._code or 0, f'it ended with code {self._code}')
    text = f'It crashed the runtime while {what}: {why}'
    last_output = self._last_output()
    if last_output:
      text += f' ({last_output})'
    return (
      f'{text}. It was allowed {self._limits.memory_mb:g} MB of memory '
      '(--memory_mb).'
    )

  def _last_output(self) -> str:
    printed = b''
    with contextlib.suppress(OSError):
      while part := os.read(self._printed, 1 << 16):
        printed = (printed + part)[-PRINTED:]
    lines = [
      line
      for line in printed.decode('utf-8', 'replace').splitlines()
      if line.strip() and not line.startswith(('INFO', 'WARNING'))
    ]
    return printable.printable(' '.join(lines[-3:]), 300)
