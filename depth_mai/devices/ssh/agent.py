# SPDX-License-Identifier: Apache-2.0
"""Runs on the board: reads orders and files from stdin, answers on stdout.

`connection` sends the text of this file to a board that has nothing of
depth_mai yet, so it imports the standard library only. Orders are JSON lines,
some followed by a file of the announced size; each gets one answer, after any
lines of progress. Empty lines are heartbeats of the other side.

Files and folders are made under `unfinished/` and renamed when they are
complete; files of one session stay there. That folder is removed when the
session ends, also when the connection ends or falls silent, and at the start of
the next session in case this process was killed. One session runs at a time.
"""

import ctypes
import errno
import fcntl
import hashlib
import importlib.util
import json
import os
import platform
import selectors
import shutil
import signal
import struct
import subprocess
import sys
import time

MARK = 'depth_mai-agent '

# The other side sends an empty line every HEARTBEAT_S.
HEARTBEAT_S = 10.0
SILENCE_S = 60.0

# Longest wait for another session, and how much of a child's output is kept.
LOCK_S = 900
_TAIL_BYTES = 64 * 1024

_BLOCK = 1 << 16


class GoneError(Exception):
  """The connection ended."""


class FailedError(Exception):
  """An order failed.

  Attributes:
    kind: a key of the messages in `error_messages`.
    text: details.
  """

  def __init__(self, kind, text):
    super().__init__(text)
    self.kind, self.text = kind, text


class Line:
  """Both directions of the connection."""

  def __init__(self):
    self._buffer = bytearray()

  def send(self, **message):
    """Sends a message; raises GoneError if the connection ended."""
    try:
      text = MARK + json.dumps(message) + '\n'
      os.write(1, text.encode())
    except OSError as error:
      raise GoneError from error

  def progress(self, text):
    """Reports what takes a while."""
    self.send(progress=text)

  def read(self):
    """Reads what has arrived; raises GoneError at the end of the input."""
    block = os.read(0, _BLOCK)
    if not block:
      raise GoneError
    self._buffer += block

  def drop_heartbeats(self):
    """Drops empty lines that arrived while an order was carried out."""
    self._buffer = self._buffer.lstrip(b'\n')

  def order(self):
    """Waits for the next order."""
    while True:
      line, end, rest = self._buffer.partition(b'\n')
      if not end:
        self._wait()
        continue
      self._buffer = rest
      if line.strip():
        return json.loads(line)

  def blocks(self, size):
    """Yields a file's bytes as they arrive."""
    while size:
      if not self._buffer:
        self._wait()
      block, self._buffer = self._buffer[:size], self._buffer[size:]
      size -= len(block)
      yield bytes(block)

  def _wait(self):
    with selectors.DefaultSelector() as selector:
      selector.register(0, selectors.EVENT_READ)
      if not selector.select(SILENCE_S):
        raise GoneError
    self.read()


def cache_folder():
  """Returns the folder of everything that is kept on the board."""
  cache = os.environ.get('XDG_CACHE_HOME', '')
  if not os.path.isabs(cache):
    cache = os.path.join(os.path.expanduser('~'), '.cache')
  return os.path.join(cache, 'depth_mai', 'device')


def free_bytes(folder):
  """Returns the free space of the disk that a folder is or will be on."""
  while not os.path.isdir(folder):
    folder = os.path.dirname(folder)
  return shutil.disk_usage(folder).free


def facts(root):
  """Returns the facts on which the other side bases its decisions."""
  libc, version = platform.libc_ver()
  return {
    'python': platform.python_version(),
    'executable': sys.executable,
    'machine': platform.machine(),
    'bits': struct.calcsize('P') * 8,
    'system': platform.system(),
    'libc': (libc + ' ' + version).strip(),
    'has_venv': all(
      importlib.util.find_spec(name) for name in ('venv', 'ensurepip')
    ),
    'free_bytes': free_bytes(root),
    'root': root,
  }


class Agent:
  """Manages the folder and carries out orders."""

  def __init__(self, line, root):
    self.line, self.root = line, root
    self.unfinished = os.path.join(root, 'unfinished')
    self._lock = self._child = None

  def begin(self):
    """Waits for other sessions to end; clears up after a killed one."""
    os.makedirs(self.root, mode=0o700, exist_ok=True)
    self._lock = self._take_lock()
    self._sweep()
    os.makedirs(self.unfinished)

  def end(self):
    """Ends the child and removes unfinished files."""
    self._end_child()
    if self._lock is not None:
      self._sweep()
      os.close(self._lock)

  def _take_lock(self):
    lock = os.open(os.path.join(self.root, 'lock'), os.O_RDWR | os.O_CREAT)
    for second in range(LOCK_S):
      try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return lock
      except BlockingIOError:
        pass
      # Repeated, so that the other side knows that this process lives.
      if second % 30 == 0:
        self.line.progress('waits for another measurement to end')
      with selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        # A heartbeat ends the wait early, so sleep for the rest.
        if selector.select(1.0):
          self.line.read()
          time.sleep(1.0)
    raise FailedError('busy', '')

  def _sweep(self):
    shutil.rmtree(self.unfinished, ignore_errors=True)

  def path(self, name):
    """Returns the path of a name like venvs/<key>."""
    return os.path.join(self.root, *name.split('/'))

  def has(self, name):
    """Returns whether an earlier session left a file or folder."""
    return {'path': self.path(name), 'there': os.path.exists(self.path(name))}

  def put(self, name, size, sha256):
    """Receives a file of this session, under `unfinished`."""
    target = os.path.join(self.unfinished, name)
    digest = hashlib.sha256()
    blocks = self.line.blocks(size)
    try:
      with open(target + '.part', 'wb') as stream:
        for block in blocks:
          stream.write(block)
          digest.update(block)
    except OSError:
      # Read the rest, or it would be taken for orders.
      for _ in blocks:
        pass
      raise
    if digest.hexdigest() != sha256:
      raise FailedError('damaged', target)
    os.rename(target + '.part', target)
    return {'path': target}

  def put_package(self, name, size):
    """Receives a JSON object from paths to texts and writes it as a folder."""
    files = json.loads(b''.join(self.line.blocks(size)))
    folder = os.path.join(self.unfinished, 'package')
    for path, text in files.items():
      target = os.path.join(folder, *path.split('/'))
      os.makedirs(os.path.dirname(target), exist_ok=True)
      with open(target, 'w', encoding='utf-8') as stream:
        stream.write(text)
    return self._finish(folder, name)

  def make_venv(self, name, requirements, timeout_s):
    """Makes a virtual environment, which takes minutes on a board."""
    folder = os.path.join(self.unfinished, 'venv')
    python = os.path.join(folder, 'bin', 'python')
    deadline = time.monotonic() + timeout_s
    self.line.progress('makes the virtual environment, once')
    self._step('venv', [sys.executable, '-m', 'venv', folder], deadline)
    self.line.progress('installs ' + ' '.join(requirements))
    install = ['-m', 'pip', 'install', '--no-cache-dir', '--no-input']
    # A board would compile for hours without a wheel.
    install += ['--only-binary=:all:', '--disable-pip-version-check']
    self._step('pip', [python] + install + requirements, deadline)
    return self._finish(folder, name)

  def _step(self, kind, command, deadline):
    done = self.run(command, {}, deadline - time.monotonic())
    if done['returncode'] == 0:
      return
    words = done['stderr'] + '\n' + done['stdout']
    if 'No space left on device' in words or 'Disk quota' in words:
      raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.root)
    if done['timed_out']:
      raise FailedError(kind + '_slow', '')
    tail = [line for line in words.splitlines() if line.strip()][-6:]
    raise FailedError(kind + '_failed', '\n'.join(tail))

  def _finish(self, folder, name):
    target = self.path(name)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    os.rename(folder, target)
    return {'path': target}

  def run(self, command, environment, timeout_s):
    """Runs a program; ends it at the time limit or without a connection."""
    deadline = time.monotonic() + timeout_s
    last_heard = time.monotonic()
    self._child = child = subprocess.Popen(
      command,
      # Not the home folder: Python would import modules there.
      cwd=self.unfinished,
      stdin=subprocess.DEVNULL,
      stdout=subprocess.PIPE,
      stderr=subprocess.PIPE,
      # pip would unpack into /tmp, which may be small, and leave files there.
      env={**os.environ, 'TMPDIR': self.unfinished, **environment},
      start_new_session=True,
      preexec_fn=_die_with_parent,
    )
    texts = {child.stdout: b'', child.stderr: b''}
    timed_out = False
    with selectors.DefaultSelector() as selector:
      for stream in (0, *texts):
        selector.register(stream, selectors.EVENT_READ)
      while len(selector.get_map()) > 1 and not timed_out:
        now = time.monotonic()
        for key, _ in selector.select(
          max(0.0, min(SILENCE_S / 4, deadline - now))
        ):
          if key.fileobj == 0:
            self.line.read()
            last_heard = now
            continue
          block = os.read(key.fd, _BLOCK)
          texts[key.fileobj] = (texts[key.fileobj] + block)[-_TAIL_BYTES:]
          if not block:
            selector.unregister(key.fileobj)
        if now - last_heard > SILENCE_S:
          raise GoneError
        timed_out = now >= deadline
    if timed_out:
      self._end_child()
    child.wait()
    self._child = None
    self.line.drop_heartbeats()
    return {
      'returncode': child.returncode,
      'stdout': texts[child.stdout].decode('utf-8', 'replace'),
      'stderr': texts[child.stderr].decode('utf-8', 'replace'),
      'timed_out': timed_out,
    }

  def _end_child(self):
    if self._child is not None and self._child.poll() is None:
      os.killpg(self._child.pid, signal.SIGKILL)
      self._child.wait()


def _die_with_parent():
  """Has Linux kill a child when this process dies."""
  try:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
  except (OSError, AttributeError):
    pass


def serve(line, agent):
  """Carries out orders until the last."""
  agent.begin()
  line.send(result=facts(agent.root))
  orders = {
    'has': agent.has,
    'put': agent.put,
    'put_package': agent.put_package,
    'make_venv': agent.make_venv,
    'run': agent.run,
  }
  while True:
    order = line.order()
    name = order.pop('do')
    if name == 'end':
      return
    try:
      line.send(result=orders[name](**order))
    except FailedError as error:
      line.send(failed=error.kind, text=error.text)
    except OSError as error:
      line.send(**describe_os_error(error, agent.root))


def describe_os_error(error, root):
  """Returns the message for a full disk or another error of the system."""
  full = error.errno in (errno.ENOSPC, errno.EDQUOT)
  return {
    'failed': 'full' if full else 'os_error',
    'text': str(error),
    'folder': root,
    'free_bytes': free_bytes(root),
  }


def _stop(number, frame):
  raise GoneError


def main():
  """Serves one session; removes unfinished files at the end."""
  for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
    signal.signal(number, _stop)
  line, root = Line(), cache_folder()
  agent = Agent(line, root)
  try:
    serve(line, agent)
  except GoneError:
    pass
  except FailedError as error:
    line.send(failed=error.kind, text=error.text)
  except OSError as error:
    line.send(**describe_os_error(error, root))
  finally:
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
      signal.signal(number, signal.SIG_IGN)
    agent.end()
  # Last, because the other side waits for this answer.
  try:
    line.send(result='ended')
  except GoneError:
    pass


if __name__ == '__main__':
  main()
