# SPDX-License-Identifier: Apache-2.0
"""One ssh connection with the agent at its other end.

OpenSSH's own program connects, so its configuration, keys and agent serve as
everywhere. Nothing is asked: an unknown host key or a refused key ends in a
message. The connection's end is the agent's end, see agent.py.
"""

import base64
from collections.abc import Callable
import json
import os
import pathlib
import selectors
import shlex
import shutil
import subprocess
import time
import zlib

from depth_mai.devices.ssh import address as address_lib
from depth_mai.devices.ssh import agent
from depth_mai.devices.ssh import refusals

# Ours stand before the user's, and ssh takes the first: nothing that is
# configured switches the checking of host keys off, asks, or holds on.
_OPTIONS = (
  'BatchMode=yes',
  'StrictHostKeyChecking=yes',
  'ConnectTimeout=15',
  # The other side is given up after 30 s of silence.
  'ServerAliveInterval=10',
  'ServerAliveCountMax=3',
  'ClearAllForwardings=yes',
  'ControlMaster=no',
  'ControlPath=none',
  'PermitLocalCommand=no',
  'RemoteCommand=none',
  'LogLevel=INFO',
)
_PYTHONS = ('python3', 'python3.13', 'python3.12', 'python3.11')
# From the start of ssh to the agent's first words.
_HELLO_S = 60.0
_END_S = 15.0
_KEPT_WORDS = 4000


class Connection:
  """A session on a board; use it in a `with` statement.

  Attributes:
    facts: what the agent says of the board, see `agent.facts`.
  """

  def __init__(
    self, address: address_lib.Address, report_line: Callable[[str], object]
  ):
    """Keeps the arguments; `with` connects.

    Args:
      address: where to.
      report_line: takes a line of progress.
    """
    self._address = address
    self._report_line = report_line
    self._process = None
    self._stdout, self._stderr = b'', b''
    self.facts = {}

  def __enter__(self) -> 'Connection':
    """Connects and starts the agent.

    Raises:
      ValueError: there is no ssh here, or it is refused, see `refusals`.
    """
    if shutil.which('ssh') is None:
      raise ValueError(
        f'{self._address}: the program ssh is not installed here. Install '
        'OpenSSH (Debian: sudo apt-get install openssh-client).'
      )
    options = [part for option in _OPTIONS for part in ('-o', option)]
    self._process = subprocess.Popen(
      [
        *('ssh', '-T', '-a', '-x', *options),
        *self._address.ssh_options(),
        _start_command(self._address.python),
      ],
      stdin=subprocess.PIPE,
      stdout=subprocess.PIPE,
      stderr=subprocess.PIPE,
      env={**os.environ, 'LC_ALL': 'C'},
      # Ctrl-C reaches this program only, which then ends both sides in order.
      start_new_session=True,
    )
    try:
      self.facts = self._answer('connecting', _HELLO_S)
    except BaseException:
      self._close()
      raise
    # What the board says at log-in explains nothing that comes after.
    self._stderr = b''
    return self

  def __exit__(self, kind, error, trace) -> None:
    """Lets the agent clear up, and disconnects."""
    if error is None:
      try:
        self.order('ending the session', _END_S, 'end')
      except ValueError:
        # All answers are here; the agent clears up without being told.
        pass
    self._close()

  def order(
    self,
    doing: str,
    patience_s: float,
    do: str,
    content: bytes = b'',
    **arguments: object,
  ) -> dict:
    """Has the agent do something.

    Args:
      doing: what it is, for messages: 'copying the model'.
      patience_s: seconds without a word from the agent that are too many.
      do: the order, see `agent.serve`.
      content: the file that goes with it.
      **arguments: of the order.

    Returns:
      The answer.

    Raises:
      ValueError: it failed there, took too long, or the connection ended.
    """
    order = json.dumps({'do': do, **arguments}).encode() + b'\n'
    self._send(order, doing)
    for start in range(0, len(content), 1 << 20):
      self._send(content[start : start + (1 << 20)], doing)
    return self._answer(doing, patience_s)

  def _send(self, content: bytes, doing: str) -> None:
    try:
      self._process.stdin.write(content)
      self._process.stdin.flush()
    except OSError as error:
      raise self._ended(doing) from error

  def _answer(self, doing: str, patience_s: float) -> dict:
    """Returns the agent's answer; reports the progress before it."""
    now = time.monotonic()
    deadline, heartbeat = now + patience_s, now + agent.HEARTBEAT_S
    while True:
      line, end, rest = self._stdout.partition(b'\n')
      if end:
        self._stdout = rest
        message = self._message(line)
        if message is None:
          continue
        if 'result' in message:
          return message['result']
        if 'failed' in message:
          raise ValueError(refusals.of_agent(self._address, message, doing))
        self._report_line(f'{self._address} {message["progress"]}')
        deadline = time.monotonic() + patience_s
        continue
      now = time.monotonic()
      if now >= deadline:
        self._process.kill()
        raise ValueError(refusals.silent(self._address, doing, patience_s))
      if now >= heartbeat:
        self._send(b'\n', doing)
        heartbeat = now + agent.HEARTBEAT_S
      self._read(min(deadline, heartbeat) - now, doing)

  def _message(self, line: bytes) -> dict | None:
    """Returns the agent's message; None for what a board prints at log-in."""
    _, mark, message = line.partition(agent.MARK.encode())
    if not mark:
      self._stderr = (self._stderr + line + b'\n')[-_KEPT_WORDS:]
      return None
    return json.loads(message)

  def _read(self, timeout_s: float, doing: str) -> None:
    """Waits for words of either stream."""
    process = self._process
    with selectors.DefaultSelector() as selector:
      selector.register(process.stdout, selectors.EVENT_READ)
      selector.register(process.stderr, selectors.EVENT_READ)
      ready = {key.fileobj for key, _ in selector.select(timeout_s)}
    # Why it ended is said before it ends.
    if process.stderr in ready:
      words = os.read(process.stderr.fileno(), 1 << 16)
      self._stderr = (self._stderr + words)[-_KEPT_WORDS:]
      if words:
        return
    if process.stdout in ready:
      words = os.read(process.stdout.fileno(), 1 << 16)
      if not words:
        raise self._ended(doing)
      self._stdout += words

  def _ended(self, doing: str) -> ValueError:
    """Returns the error for a connection that is no more."""
    try:
      _, words = self._process.communicate(timeout=_END_S)
    except (subprocess.TimeoutExpired, ValueError):
      self._process.kill()
      words = b''
    said = (self._stderr + words).decode('utf-8', 'replace')
    if self.facts:
      return ValueError(refusals.lost(self._address, said, doing))
    returncode = self._process.wait()
    return ValueError(refusals.of_ssh(self._address, said, returncode))

  def _close(self) -> None:
    """Ends ssh: the end of its input first, so that the agent clears up."""
    process = self._process
    try:
      process.stdin.close()
    except OSError:
      pass
    try:
      process.wait(timeout=_END_S)
    except subprocess.TimeoutExpired:
      process.kill()
      process.wait()
    process.stdout.close()
    process.stderr.close()


def _start_command(python: str | None) -> str:
  """Returns the command that starts the agent, in any log-in shell.

  Args:
    python: the interpreter to take; None looks for one.
  """
  source = pathlib.Path(agent.__file__).read_bytes()
  packed = base64.b64encode(zlib.compress(source, 9)).decode()
  # Whoever names an interpreter may name one that is newer than the wheels.
  above = (9,) if python else refusals.PYTHON_BELOW
  fits = (
    f'sys.exit(not {refusals.PYTHON_FROM} <= sys.version_info[:2] < {above})'
  )
  unpack = 'exec(zlib.decompress(base64.b64decode(sys.argv[1])))'
  failed = (
    f'echo "{agent.MARK}{{\\"failed\\": \\"%s\\", \\"text\\": \\"$v\\"}}"'
  )
  # No exclamation mark, quote or new line: the log-in shell may be any. -I: a
  # home folder may hold a json.py.
  script = (
    f'v=; for p in {python or " ".join(_PYTHONS)}; do '
    'if command -v "$p" >/dev/null 2>&1; then '
    f'if "$p" -c "import sys;{fits}" >/dev/null 2>&1; then '
    f'exec "$p" -I -u -c "import base64,sys,zlib;{unpack}" {packed}; fi; '
    'v="$v$("$p" -V 2>&1 | cut -d " " -f 2) "; fi; done; '
    f'if [ -n "$v" ]; then {failed % "other_python"}; '
    f'else {failed % "no_python"}; fi'
  )
  return f'exec sh -c {shlex.quote(script)}'
