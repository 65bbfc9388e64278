# SPDX-License-Identifier: Apache-2.0
"""Forks a locked process for each file, in no time: the runtime is imported.

Runs as `python -m depth_mai.judging.fork_server FD`, a process of its own with
one thread, which never sees a file. Each request over the socket FD comes as
one JSON object:

  {'do': 'fork', 'memory_mb', 'cpu_s', 'threads'} with two file descriptors, the
    new process' connection and its error output; answers {'pid'};
  {'do': 'end', 'pid', 'patience_s'}: waits that long for its end, then kills
    it; answers {'code'}, the exit code, or minus the signal's number.

When the socket is closed, which is also when the judge dies, all ends.
"""

import json
import os
import signal
import socket
import sys
import time
import traceback

from depth_mai.judging import warm_up
from depth_mai.judging import worker

# Longest message.
MAX_MESSAGE = 4096
_POLL_S = 0.005


def run(control: socket.socket) -> None:
  """Serves requests until the socket is closed.

  Args:
    control: a socket that keeps messages apart (SOCK_SEQPACKET).
  """
  warm_up.run()
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
        _be_a_worker(*descriptors, **request)
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


def _be_a_worker(connection: int, errors: int, **limits) -> None:
  """Serves as a worker; never returns."""
  code = 1
  try:
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (errors, 1), (errors, 2)):
      os.dup2(source, target)
    kept = socket.socket(fileno=os.dup2(connection, 3))
    os.closerange(4, os.sysconf('SC_OPEN_MAX'))
    worker.serve(kept, **limits)
    code = 0
  except BaseException:
    traceback.print_exc()
  finally:
    os._exit(code)


def _end(pid: int, patience_s: float) -> int:
  """Returns how a child ended, after waiting and, if need be, killing it."""
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
