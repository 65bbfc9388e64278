# SPDX-License-Identifier: Apache-2.0
"""Runs on the board: takes files and orders on its stdin, answers on stdout.

Nothing of depth_mai is on the board at first: `connection` sends the text of
this file, so it imports the standard library only. Orders are JSON lines, some
followed by a file of the announced size; each gets one answer, after any lines
of progress. Empty lines say that the other side still lives.

What is being made has a name under `unfinished/` and is renamed when it is
whole; what serves one session only lies there too. That folder is emptied at
the end, also when the connection ends or falls silent, and at the start of the
next session, should this process have been killed. One session runs at a time.
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

# How long another session is waited for, and the words of a dying child kept.
LOCK_S = 900
_TAIL_BYTES = 64 * 1024

_BLOCK = 1 << 16


class GoneError(Exception):
  """Nobody is at the other end any more."""


class FailedError(Exception):
  """What was ordered cannot be done.

  Attributes:
    kind: what `refusals` has a message for.
    text: more about it.
  """

  def __init__(self, kind, text):
    super().__init__(text)
    self.kind, self.text = kind, text


class Line:
  """Both directions of the connection."""

  def __init__(self):
    self._buffer = bytearray()

  def say(self, **message):
    """Sends a message; raises GoneError if nobody takes it."""
    try:
      text = MARK + json.dumps(message) + '\n'
      os.write(1, text.encode())
    except OSError as error:
      raise GoneError from error

  def progress(self, text):
    """Says what takes a while."""
    self.say(progress=text)

  def read(self):
    """Takes what has come; raises GoneError at the end of it."""
    block = os.read(0, _BLOCK)
    if not block:
      raise GoneError
    self._buffer += block

  def drop_heartbeats(self):
    """Forgets empty lines that came while no order was awaited."""
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
    """Gives a file's bytes as they come."""
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
  """Returns the folder that all of this lies in."""
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
  """Returns what the other side decides on."""
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
  """Keeps the folder and does what is ordered."""

  def __init__(self, line, root):
    self.line, self.root = line, root
    self.unfinished = os.path.join(root, 'unfinished')
    self._lock = self._child = None

  def begin(self):
    """Waits until no other session runs; clears up after a killed one."""
    os.makedirs(self.root, mode=0o700, exist_ok=True)
    self._lock = self._take_lock()
    self._sweep()
    os.makedirs(self.unfinished)

  def end(self):
    """Ends what runs, removes what is unfinished."""
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
      # Again and again, so that the other side knows that this lives.
      if second % 30 == 0:
        self.line.progress('waits for another measurement there to end')
      with selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        # Heartbeats come meanwhile: not a reason to hurry.
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
    """Tells whether something is there from an earlier session."""
    return {'path': self.path(name), 'there': os.path.exists(self.path(name))}

  def put(self, name, size, sha256):
    """Takes a file into `unfinished`; it is gone with the session."""
    target = os.path.join(self.unfinished, name)
    digest = hashlib.sha256()
    blocks = self.line.blocks(size)
    try:
      with open(target + '.part', 'wb') as stream:
        for block in blocks:
          stream.write(block)
          digest.update(block)
    except OSError:
      # The rest must not be taken for orders.
      for _ in blocks:
        pass
      raise
    if digest.hexdigest() != sha256:
      raise FailedError('damaged', target)
    os.rename(target + '.part', target)
    return {'path': target}

  def put_package(self, name, size):
    """Takes a JSON object from path to text, writes it as a folder."""
    files = json.loads(b''.join(self.line.blocks(size)))
    folder = os.path.join(self.unfinished, 'package')
    for path, text in files.items():
      target = os.path.join(folder, *path.split('/'))
      os.makedirs(os.path.dirname(target), exist_ok=True)
      with open(target, 'w', encoding='utf-8') as stream:
        stream.write(text)
    return self._finish(folder, name)

  def make_venv(self, name, requirements, timeout_s):
    """Makes a venv with packages; the first time takes minutes on a board."""
    folder = os.path.join(self.unfinished, 'venv')
    python = os.path.join(folder, 'bin', 'python')
    deadline = time.monotonic() + timeout_s
    self.line.progress('makes the virtual environment, once')
    self._step('venv', [sys.executable, '-m', 'venv', folder], deadline)
    self.line.progress('installs ' + ' '.join(requirements))
    install = ['-m', 'pip', 'install', '--no-cache-dir', '--no-input']
    # A board would compile for hours what has no wheel.
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
    """Runs a program; ends it when the time or the other side is over."""
    deadline = time.monotonic() + timeout_s
    last_heard = time.monotonic()
    self._child = child = subprocess.Popen(
      command,
      # Not the home folder: Python would import what lies there.
      cwd=self.unfinished,
      stdin=subprocess.DEVNULL,
      stdout=subprocess.PIPE,
      stderr=subprocess.PIPE,
      # pip would else unpack into a /tmp that may be small, and leave it there.
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
  """Ends a child with this process, should that be killed (Linux)."""
  try:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
  except (OSError, AttributeError):
    pass


def serve(line, agent):
  """Does orders until the last."""
  agent.begin()
  line.say(result=facts(agent.root))
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
      line.say(result=orders[name](**order))
    except FailedError as error:
      line.say(failed=error.kind, text=error.text)
    except OSError as error:
      line.say(**describe_os_error(error, agent.root))


def describe_os_error(error, root):
  """Returns the message for a full disk, or whatever the system refused."""
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
  """Serves one session; leaves nothing unfinished behind."""
  for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
    signal.signal(number, _stop)
  line, root = Line(), cache_folder()
  agent = Agent(line, root)
  try:
    serve(line, agent)
  except GoneError:
    pass
  except FailedError as error:
    line.say(failed=error.kind, text=error.text)
  except OSError as error:
    line.say(**describe_os_error(error, root))
  finally:
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
      signal.signal(number, signal.SIG_IGN)
    agent.end()
  # Only now: what was told to end the session waits for this.
  try:
    line.say(result='ended')
  except GoneError:
    pass


if __name__ == '__main__':
  main()
