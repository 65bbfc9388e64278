# SPDX-License-Identifier: Apache-2.0
"""The judge's side of the processes that run files.

Nothing that comes out of such a process is believed: sizes are checked before
memory is given, and whatever a process does, or fails to do, becomes a
`fault.FileFaultError` with a text for the verdict.
"""

from collections.abc import Iterator
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from depth_mai.judging import channel as channel_lib
from depth_mai.judging import fault
from depth_mai.judging import fork_server
from depth_mai.judging import limits as limits_lib

# How long a process that closed its connection may take to be gone.
_PATIENCE_S = 2.0
_START_S = 120.0
# Of what a process prints, the end is kept.
_PRINTED = 4096
# Nothing else of the judge's environment reaches the process. It must have one
# thread when it forks; NumPy would start more.
_ENVIRONMENT = ('LANG', 'LC_ALL', 'LD_LIBRARY_PATH', 'PATH', 'SYSTEMROOT')
# Which limit is reached, by what the process was asked.
_FLAGS = {'for a picture': '--image_s', 'to be timed': '--image_s a run'}
_ONE_THREAD = ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS')


def environment() -> dict[str, str]:
  """Returns the environment of the process that forks: the least there is."""
  package = pathlib.Path(__file__).resolve().parent.parent
  paths = [str(package.parent), *filter(None, sys.path)]
  return {
    **{key: os.environ[key] for key in _ENVIRONMENT if key in os.environ},
    **dict.fromkeys(_ONE_THREAD, '1'),
    'PYTHONPATH': os.pathsep.join(paths),
  }


class Cages:
  """Makes cages; a context manager that ends them all.

  Threads may share it.
  """

  def __init__(self):
    """Starts the process that forks, which takes about a second."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    self._printed = tempfile.TemporaryFile()
    with theirs:
      self._server = subprocess.Popen(
        [sys.executable, '-m', fork_server.__name__, str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stderr=self._printed,
        start_new_session=True,
      )
    self._control, self._lock = ours, threading.Lock()
    self._control.settimeout(_START_S)
    try:
      self._answer()
    except Exception:
      self.close()
      raise

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self.close()

  def close(self) -> None:
    """Ends every process."""
    self._control.close()
    try:
      self._server.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
      self._server.kill()
      self._server.wait()
    self._printed.close()

  @contextlib.contextmanager
  def cage(
    self, limits: limits_lib.Limits, deadline: float, threads: int = 1
  ) -> Iterator['Cage']:
    """Makes a cage, and ends its process.

    Args:
      limits: what its process may use up.
      deadline: when, of time.monotonic(), it must be done.
      threads: for the kernels.

    Yields:
      The cage.

    Raises:
      fault.FileFaultError: if there is no time left.
    """
    ours, theirs = socket.socketpair()
    printed, printing = os.pipe()
    # A process that prints without end shall not wait for a reader.
    os.set_blocking(printing, False)
    os.set_blocking(printed, False)
    order = {
      'do': 'fork',
      'memory_mb': limits.memory_mb,
      # What the judge's clock would miss, should the judge be gone.
      'cpu_s': threads * limits.time_s + 1,
      'threads': threads,
    }
    try:
      pid = self._ask(order, [theirs.fileno(), printing])['pid']
    finally:
      theirs.close()
      os.close(printing)
    cage = Cage(self, pid, ours, printed, limits, deadline)
    try:
      cage.await_lock()
      yield cage
    finally:
      cage.close()

  def end(self, pid: int, patience_s: float) -> int:
    """Waits for a process' end, or brings it about.

    Args:
      pid: of the process.
      patience_s: how long to wait.

    Returns:
      Its exit code, or minus the number of the signal that ended it.
    """
    return self._ask({'do': 'end', 'pid': pid, 'patience_s': patience_s})[
      'code'
    ]

  def _ask(self, order: dict, descriptors: list[int] | None = None) -> dict:
    with self._lock:
      socket.send_fds(
        self._control, [json.dumps(order).encode()], descriptors or []
      )
      return self._answer()

  def _answer(self) -> dict:
    text = self._control.recv(fork_server.MAX_MESSAGE)
    if not text:
      code = self._server.wait(_PATIENCE_S)
      self._printed.seek(0)
      said = self._printed.read()[-_PRINTED:].decode('utf-8', 'replace')
      raise RuntimeError(
        f'The process that judges files is gone (exit code {code}): {said}'
      )
    return json.loads(text)


class Cage:
  """One process that runs a file.

  Attributes:
    protection: what it said it is locked by, see `lockdown.lock`.
  """

  def __init__(self, cages, pid, connection, printed, limits, deadline):
    """Called by `Cages.cage`."""
    self._cages, self._pid = cages, pid
    self._channel = channel_lib.Channel(connection)
    self._printed, self._limits, self._deadline = printed, limits, deadline
    self._code = None
    self.protection = {}

  def await_lock(self) -> None:
    """Waits until the process is locked."""
    answer, _ = self._receive(0, self._limits.load_s, 'to start')
    self.protection = answer['protection']

  def take(self, content: bytes) -> None:
    """Gives it the file; nothing of it is looked at yet.

    Args:
      content: the file's bytes.
    """
    self._ask({'do': 'take'}, content, 0, self._limits.load_s, 'to be read')

  def check(self, target_runtime: str) -> dict:
    """Returns what `static_check.check` says of the file.

    Args:
      target_runtime: see there.
    """
    order = {'do': 'check', 'target_runtime': target_runtime}
    answer, _ = self._ask(order, b'', 0, self._limits.load_s, 'to be read')
    return answer

  def load(self, xnnpack: bool = True) -> dict:
    """Loads the file.

    Args:
      xnnpack: whether the XNNPACK delegate may be used.

    Returns:
      dict: inputs and outputs, as `worker` describes them, unchecked.
    """
    order = {'do': 'load', 'xnnpack': xnnpack}
    answer, _ = self._ask(order, b'', 0, self._limits.load_s, 'to be loaded')
    return answer

  def run(self, picture: bytes, output_bytes: int) -> bytes:
    """Runs the file once.

    Args:
      picture: the input's bytes.
      output_bytes: how many the output must have.

    Returns:
      The output's bytes.
    """
    answer, result = self._ask(
      {'do': 'run'},
      picture,
      output_bytes,
      self._limits.image_s,
      'for a picture',
    )
    if len(result) != output_bytes:
      raise fault.FileFaultError(
        f'Its output has {len(result)} bytes of shape '
        f'{str(answer.get("shape"))[:80]} when it runs, and {output_bytes} '
        'when it is loaded. Convert with a fixed input shape.'
      )
    return bytes(result)

  def time(self, warmup: int, runs: int) -> tuple[dict, bytes]:
    """Times the file.

    Args:
      warmup: runs that are not counted.
      runs: runs that are.

    Returns:
      (what `worker` answers, unchecked; [runs] milliseconds, '<f8')
    """
    order = {'do': 'time', 'warmup': warmup, 'runs': runs}
    limit_s = self._limits.image_s * (warmup + runs)
    return self._ask(order, b'', 8 * runs, limit_s, 'to be timed')

  def close(self) -> None:
    """Ends the process."""
    if self._code is None:
      self._code = self._cages.end(self._pid, 0)
    self._channel.close()
    os.close(self._printed)

  def _ask(self, order, blob, max_answer, limit_s, what):
    """Sends an order; returns its answer, or raises what went wrong."""
    with self._faults(limit_s, what):
      self._channel.send(order, blob, self._left_s(limit_s))
    answer, result = self._receive(max_answer, limit_s, what)
    if 'error' in answer:
      # It knows the file as that.
      text = _printable(str(answer['error']))
      text = text.replace('the model in memory', 'The file')
      # The runtime has no words for a lack of memory.
      text = text.replace(
        ': . ',
        ': no reason is given; perhaps it needs more than the '
        f'{self._limits.memory_mb:g} MB of memory that it had (--memory_mb). ',
      )
      raise fault.FileFaultError(text)
    return answer, result

  def _receive(self, max_answer, limit_s, what):
    with self._faults(limit_s, what):
      return self._channel.receive(max_answer, self._left_s(limit_s))

  def _left_s(self, limit_s: float) -> float:
    return max(1e-3, min(limit_s, self._deadline - time.monotonic()))

  @contextlib.contextmanager
  def _faults(self, limit_s: float, what: str) -> Iterator[None]:
    """Turns what happens to the process into a fault of the file."""
    try:
      yield
    except channel_lib.TooSlowError as error:
      self._code = self._cages.end(self._pid, 0)
      if time.monotonic() >= self._deadline:
        limit = f'all of its {self._limits.time_s:g} s (--time_s)'
      else:
        flag = _FLAGS.get(what, '--load_s')
        limit = f'more than {limit_s:g} s ({flag})'
      raise fault.FileFaultError(
        f'It took {limit} {what}, and was stopped.'
      ) from error
    except channel_lib.MalformedError as error:
      self._code = self._cages.end(self._pid, 0)
      raise fault.FileFaultError(
        f'Its process broke the rules of the judge: {error}. It was stopped.'
      ) from error
    except channel_lib.ClosedError as error:
      self._code = self._cages.end(self._pid, _PATIENCE_S)
      raise fault.FileFaultError(self._end_text(what)) from error

  def _end_text(self, what: str) -> str:
    """Says how the process ended by itself."""
    why = {
      -signal.SIGSYS: 'it asked the system for what is forbidden',
      -signal.SIGXCPU: 'it used up its CPU time',
      -signal.SIGKILL: 'the system stopped it',
      -signal.SIGSEGV: 'it reached outside of its memory',
      -signal.SIGBUS: 'it reached outside of its memory',
      -signal.SIGFPE: 'it divided by zero',
      -signal.SIGILL: 'it met an instruction that there is not',
      -signal.SIGABRT: 'the runtime gave up',
    }.get(self._code, f'it ended with code {self._code}')
    text = f'It crashed the runtime, asked {what}: {why}'
    last_words = self._last_words()
    if last_words:
      text += f' ({last_words})'
    return (
      f'{text}. It had {self._limits.memory_mb:g} MB of memory (--memory_mb).'
    )

  def _last_words(self) -> str:
    printed = b''
    with contextlib.suppress(OSError):
      while part := os.read(self._printed, 1 << 16):
        printed = (printed + part)[-_PRINTED:]
    lines = [
      line
      for line in printed.decode('utf-8', 'replace').splitlines()
      if line.strip() and not line.startswith(('INFO', 'WARNING'))
    ]
    return _printable(' '.join(lines[-3:]))[:300]


def _printable(text: str) -> str:
  """Returns a text without what a terminal would obey."""
  return ''.join(
    one if one.isprintable() else ' ' for one in text[:2000]
  ).strip()
