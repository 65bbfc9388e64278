# SPDX-License-Identifier: Apache-2.0
"""Connects over ssh to the agent on a board.

OpenSSH's own program connects, so its configuration, keys and ssh-agent apply.
It asks no questions: an unknown host key or a refused key ends in an error. The
agent ends with the connection, see agent.py.
"""

import base64
from collections.abc import Callable
import contextlib
import json
import os
import pathlib
import selectors
import shlex
import shutil
import subprocess
import time
import types
from typing import IO
import zlib

from depth_mai.devices.ssh import address as address_lib
from depth_mai.devices.ssh import agent
from depth_mai.devices.ssh import error_messages

# ssh takes the first value of an option, so these override its configuration:
# host keys are always checked, nothing is asked, no connection is shared.
_OPTIONS = (
  'BatchMode=yes',
  'StrictHostKeyChecking=yes',
  'ConnectTimeout=15',
  # Ends after 30 s without an answer.
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
# Time limit from the start of ssh to the agent's first message.
_HELLO_S = 60.0
_END_S = 15.0
_MAX_WORDS_BYTES = 4000


class Connection:
  """A session on a board; use it in a `with` statement.

  Attributes:
    facts: facts about the board, see `agent.facts`.
  """

  def __init__(
    self, address: address_lib.Address, report_line: Callable[[str], object]
  ):
    """Keeps the arguments; `with` connects.

    Args:
      address: the board's address.
      report_line: called with each line of progress.
    """
    self._address = address
    self._report_line = report_line
    self._process: subprocess.Popen[bytes]
    self._stdin: IO[bytes]
    self._stdout: IO[bytes]
    self._stderr: IO[bytes]
    # Output that is not handled yet, and the end of the messages.
    self._output, self._words = b'', b''
    self.facts: dict = {}

  def __enter__(self) -> 'Connection':
    """Connects and starts the agent.

    Raises:
      ValueError: ssh is not installed, or cannot connect, see `error_messages`.
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
      # Ctrl-C reaches only this program, which then ends both sides in order.
      start_new_session=True,
    )
    streams = self._process.stdin, self._process.stdout, self._process.stderr
    self._stdin, self._stdout, self._stderr = filter(None, streams)
    try:
      self.facts = self._answer('connecting', _HELLO_S)
    except BaseException:
      self._close()
      raise
    # The board's log-in messages do not explain later errors.
    self._words = b''
    return self

  def __exit__(
    self,
    kind: type[BaseException] | None,
    error: BaseException | None,
    trace: types.TracebackType | None,
  ) -> None:
    """Has the agent clear up, and disconnects."""
    if error is None:
      try:
        self.order('ending the session', _END_S, 'end')
      except ValueError:
        # All answers have arrived; the agent clears up in any case.
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
    """Sends an order to the agent and waits for the answer.

    Args:
      doing: the action, for messages, such as 'copying the model'.
      patience_s: time limit between two messages of the agent, seconds.
      do: the order, see `agent.serve`.
      content: the file that goes with it.
      **arguments: arguments of the order.

    Returns:
      The answer.

    Raises:
      ValueError: the order failed on the board or took too long, or the
        connection ended.
    """
    order = json.dumps({'do': do, **arguments}).encode() + b'\n'
    self._send(order, doing)
    for start in range(0, len(content), 1 << 20):
      self._send(content[start : start + (1 << 20)], doing)
    return self._answer(doing, patience_s)

  def _send(self, content: bytes, doing: str) -> None:
    try:
      self._stdin.write(content)
      self._stdin.flush()
    except OSError as error:
      raise self._ended(doing) from error

  def _answer(self, doing: str, patience_s: float) -> dict:
    """Returns the agent's answer; reports the progress before it."""
    now = time.monotonic()
    deadline, heartbeat = now + patience_s, now + agent.HEARTBEAT_S
    while True:
      line, end, rest = self._output.partition(b'\n')
      if end:
        self._output = rest
        message = self._message(line)
        if message is None:
          continue
        if 'result' in message:
          return message['result']
        if 'failed' in message:
          raise ValueError(
            error_messages.of_agent(self._address, message, doing)
          )
        self._report_line(f'{self._address} {message["progress"]}')
        deadline = time.monotonic() + patience_s
        continue
      now = time.monotonic()
      if now >= deadline:
        self._process.kill()
        raise ValueError(
          error_messages.silent(self._address, doing, patience_s)
        )
      if now >= heartbeat:
        self._send(b'\n', doing)
        heartbeat = now + agent.HEARTBEAT_S
      self._read(min(deadline, heartbeat) - now, doing)

  def _message(self, line: bytes) -> dict | None:
    """Returns the agent's message; None for a line that a shell printed."""
    _, mark, message = line.partition(agent.MARK.encode())
    if not mark:
      self._words = (self._words + line + b'\n')[-_MAX_WORDS_BYTES:]
      return None
    return json.loads(message)

  def _read(self, timeout_s: float, doing: str) -> None:
    """Waits for output on either stream."""
    with selectors.DefaultSelector() as selector:
      selector.register(self._stdout, selectors.EVENT_READ)
      selector.register(self._stderr, selectors.EVENT_READ)
      ready = {key.fileobj for key, _ in selector.select(timeout_s)}
    # stderr first: it explains why the connection ends.
    if self._stderr in ready:
      words = os.read(self._stderr.fileno(), 1 << 16)
      self._words = (self._words + words)[-_MAX_WORDS_BYTES:]
      if words:
        return
    if self._stdout in ready:
      output = os.read(self._stdout.fileno(), 1 << 16)
      if not output:
        raise self._ended(doing)
      self._output += output

  def _ended(self, doing: str) -> ValueError:
    """Returns the error for a connection that ended."""
    try:
      _, words = self._process.communicate(timeout=_END_S)
    except (subprocess.TimeoutExpired, ValueError):
      self._process.kill()
      words = b''
    text = (self._words + words).decode('utf-8', 'replace')
    if self.facts:
      return ValueError(error_messages.lost(self._address, text, doing))
    returncode = self._process.wait()
    return ValueError(error_messages.of_ssh(self._address, text, returncode))

  def _close(self) -> None:
    """Ends ssh: closes its input first, so that the agent clears up."""
    process = self._process
    with contextlib.suppress(OSError):
      self._stdin.close()
    try:
      process.wait(timeout=_END_S)
    except subprocess.TimeoutExpired:
      process.kill()
      process.wait()
    self._stdout.close()
    self._stderr.close()


def _start_command(python: str | None) -> str:
  """Returns the command that starts the agent in any log-in shell.

  Args:
    python: the interpreter to use; None to look for one.
  """
  source = pathlib.Path(agent.__file__).read_bytes()
  packed = base64.b64encode(zlib.compress(source, 9)).decode()
  # A named interpreter may be newer than the wheels.
  lowest = error_messages.PYTHON_FROM
  above = (9,) if python else error_messages.PYTHON_BELOW
  fits = f'sys.exit(not {lowest} <= sys.version_info[:2] < {above})'
  unpack = 'exec(zlib.decompress(base64.b64decode(sys.argv[1])))'
  failed = (
    f'echo "{agent.MARK}{{\\"failed\\": \\"%s\\", \\"text\\": \\"$v\\"}}"'
  )
  # No exclamation mark, quote or line break, because any shell may read this.
  # -I, because the home folder may contain a json.py.
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
