# SPDX-License-Identifier: Apache-2.0
"""Starts sandboxed processes in which LiteRT runs files."""

from collections.abc import Iterator
import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import threading

from depth_mai.judging import fork_server
from depth_mai.judging import request as request_lib
from depth_mai.judging import sandbox

_START_S = 120.0


class Launcher:
  """Starts sandboxes; a context manager that ends them all.

  Threads may share it.
  """

  def __init__(self):
    """Starts the fork server, which takes about a second."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    self._printed = tempfile.TemporaryFile()
    with theirs:
      self._server = subprocess.Popen(
        [sys.executable, '-m', fork_server.__name__, str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
        env=sandbox.environment(),
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
      self._server.wait(sandbox.PATIENCE_S)
    except subprocess.TimeoutExpired:
      self._server.kill()
      self._server.wait()
    self._printed.close()

  @contextlib.contextmanager
  def launch(
    self, limits: request_lib.Limits, deadline: float, threads: int = 1
  ) -> Iterator[sandbox.Sandbox]:
    """Starts a sandbox, and ends its process afterwards; see sandbox.started.

    Args:
      limits: the most that its process may use.
      deadline: time.monotonic() by which it must be done.
      threads: number of threads for the kernels.

    Yields:
      The sandbox.
    """
    request = {
      'do': 'fork',
      'memory_mb': limits.memory_mb,
      # A limit in case the judge dies and cannot watch the time.
      'cpu_s': threads * limits.time_s + 1,
      'threads': threads,
    }

    def start(connection: int, printing: int) -> int:
      return self._ask(request, [connection, printing])['pid']

    with sandbox.started(self, start, limits, deadline) as box:
      yield box

  def end(self, pid: int, patience_s: float) -> int:
    """Waits for a process to end, then kills it.

    Args:
      pid: the process.
      patience_s: seconds to wait.

    Returns:
      Its exit code, or minus the number of the signal that ended it.
    """
    request = {'do': 'end', 'pid': pid, 'patience_s': patience_s}
    return self._ask(request)['code']

  def _ask(self, request: dict, descriptors: list[int] | None = None) -> dict:
    with self._lock:
      socket.send_fds(
        self._control, [json.dumps(request).encode()], descriptors or []
      )
      return self._answer()

  def _answer(self) -> dict:
    text = self._control.recv(fork_server.MAX_MESSAGE)
    if not text:
      code = self._server.wait(sandbox.PATIENCE_S)
      self._printed.seek(0)
      printed = self._printed.read()[-sandbox.PRINTED :].decode(
        'utf-8', 'replace'
      )
      raise ValueError(
        f'The fork server of the sandbox ended with code {code}: {printed}'
      )
    return json.loads(text)
