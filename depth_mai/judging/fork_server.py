# SPDX-License-Identifier: Apache-2.0
"""Forks a sandboxed worker for each file, with the runtime already imported.

Runs as `python -m depth_mai.judging.fork_server FD`, a process with one thread
that never receives a file. It loads the runtime and NumPy before the sandbox
closes: XNNPACK and the built-in kernels inspect the CPU once, at their first
use, in /proc and /sys. A locked process cannot, and would use the slowest
kernels; a forked one inherits its parent's findings.

Each request over the socket FD is one JSON object:

  {'do': 'fork', 'memory_mb', 'cpu_s', 'threads'} with two file descriptors, the
    new process's connection and its error output; the answer is {'pid'};
  {'do': 'end', 'pid', 'patience_s'}: waits that long for the process to end,
    then kills it; the answer is {'code'}, the exit code or minus the number of
    the signal.

When the socket is closed, also because the judge died, all processes end.
"""

import base64
import importlib
import json
import os
import signal
import socket
import sys
import time
import traceback
from typing import Any
import zlib

from depth_mai.judging import worker
from depth_mai.runtime import interpreter as interpreter_lib

# Bytes of the longest message.
MAX_MESSAGE = 4096
_POLL_S = 0.005
# A convolution of a single pixel, made by tests/runtime/tiny_model.py.
_TINY_MODEL = """
eNptUU0OwUAYfaNDGiaNiIhFFxZuwJ6VlaWFLdEgfiL0AI7jGA7iDK5Qb2Y+OsE0r/3mfe/7bQpgNp
kOgBa6aKMJQyYmNBmQ8ZgTdwVE8Md+x0TPKYFnURRabH9qzKL59pxx3HX09mr3AEzJmtbva9sYI9yG
2BMn0bVdZIKO8xs0qE1opz6lsr30nVmXKTQtH/tGhHIGe68EvPr0Btyk/lDuOeeLpa8qscpO+UZ86g
sPao3kbopmuV1cEGjMZ9N+XhPswu5sl52P2f43f+S0xv0hSGzY1/awWGf4H1fu2u6ujJd9RC+wYx0t
"""


def run(control: socket.socket) -> None:
  """Serves requests until the socket is closed.

  Args:
    control: a socket that preserves message boundaries (SOCK_SEQPACKET).
  """
  warm_up()
  children = set()
  control.send(b'{}')
  while True:
    text, descriptors, _, _ = socket.recv_fds(control, MAX_MESSAGE, 2)
    if not text:
      break
    request = json.loads(text)
    if request.pop('do') == 'fork':
      pid = os.fork()
      if pid == 0:
        control.close()
        _run_worker(*descriptors, **request)
      children.add(pid)
      for descriptor in descriptors:
        os.close(descriptor)
      answer = {'pid': pid}
    else:
      children.discard(request['pid'])
      answer = {'code': _end(**request)}
    control.send(json.dumps(answer).encode())
  for pid in children:
    _end(pid, 0)


def tiny_model() -> bytes:
  """Returns the smallest file that XNNPACK accepts."""
  return zlib.decompress(base64.b64decode(_TINY_MODEL))


def warm_up() -> None:
  """Runs the tiny model with and without XNNPACK; imports numpy.random."""
  importlib.import_module('numpy.random')
  for xnnpack in (True, False):
    interpreter = interpreter_lib.load_interpreter(tiny_model(), 1, xnnpack)
    interpreter.invoke()


def _run_worker(connection: int, errors: int, **limits: Any) -> None:
  """Runs the worker in this forked process; never returns."""
  code = 1
  try:
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (errors, 1), (errors, 2)):
      os.dup2(source, target)
    to_judge = socket.socket(fileno=os.dup2(connection, 3))
    os.closerange(4, os.sysconf('SC_OPEN_MAX'))
    worker.serve(to_judge, **limits)
    code = 0
  except BaseException:
    traceback.print_exc()
  finally:
    os._exit(code)


def _end(pid: int, patience_s: float) -> int:
  """Waits for a child, kills it if it takes too long; returns its exit code."""
  deadline = time.monotonic() + patience_s
  done, status = os.waitpid(pid, os.WNOHANG)
  while not done and time.monotonic() < deadline:
    time.sleep(_POLL_S)
    done, status = os.waitpid(pid, os.WNOHANG)
  if not done:
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
  return os.waitstatus_to_exitcode(status)


if __name__ == '__main__':
  run(socket.socket(fileno=int(sys.argv[1])))
