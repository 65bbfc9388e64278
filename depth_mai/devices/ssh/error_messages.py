# SPDX-License-Identifier: Apache-2.0
"""Messages for what goes wrong with a board or its connection, and the cures.

The texts in the tables are format strings. The fields {words}, {text},
{free_mb} and {folder} come from ssh or the agent, all others from `_fields`.
"""

import shlex

from depth_mai.devices.ssh import address as address_lib

# Versions of the board's Python, the same as in setup.cfg.
PYTHON_FROM, PYTHON_BELOW = (3, 11), (3, 14)

# (what OpenSSH prints [sshconnect.c, ssh.c; LC_ALL=C], our message); the first
# line that fits counts.
_OF_SSH = (
  (
    ('REMOTE HOST IDENTIFICATION HAS CHANGED',),
    'its host key differs from the known one. Either the board was set up '
    'again, or another machine answers in its place. Look at the board with: '
    'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub. If it was set up again, '
    'remove the old key: ssh-keygen -f {known_hosts} -R {entry}, and then: '
    '{by_hand}',
  ),
  (
    ('Host key verification failed', 'host key is known for'),
    'its host key is not known. Connect once by hand and compare the '
    'fingerprint with the one that the board itself shows (ssh-keygen -lf '
    '/etc/ssh/ssh_host_ed25519_key.pub): {by_hand}. Or, in a network that you '
    'trust: ssh-keyscan {port_option}{host} >> {known_hosts}',
  ),
  (
    ('Permission denied (', 'Too many authentication failures'),
    'it accepts none of your keys (and passwords are not used). Put your key '
    'there: ssh-copy-id {key_option}{port_option}{login}. A key with a '
    'passphrase must be in ssh-agent (ssh-add). ssh says: {words}',
  ),
  (
    ('Could not resolve hostname',),
    'there is no host {host}. Give its address (on the board: hostname -I), or '
    'HOSTNAME.local in the same network.',
  ),
  (
    ('Connection refused',),
    'nothing listens on port {port}. Turn on ssh there (sudo raspi-config, '
    'Interface Options, SSH), or give the right port.',
  ),
  (
    (
      'Connection timed out',
      'Operation timed out',
      'No route to host',
      'Network is unreachable',
      'Host is down',
    ),
    'it does not answer. Check that it is on and in this network (ping '
    '{host}). ssh says: {words}',
  ),
  (
    ('Bad configuration option', 'command-line line 0'),
    'this ssh cannot be used: {words}. OpenSSH 7.6 or newer is needed.',
  ),
)

# By the kind of failure that the agent reports.
_OF_AGENT = {
  'no_python': 'there is no python3. On the board: sudo apt-get install '
  'python3',
  'no_given_python': 'there is no {python}. Give ?python= the path of an '
  'interpreter there, or leave it out.',
  'other_python': 'its Python is {text}; {python_from} or newer, below '
  '{python_below}, is needed. Raspberry Pi OS has one since Bookworm (12); '
  'install that on the card, or give ?python= the path of another interpreter.',
  'full': 'its disk is full: {text}; {free_mb:.1f} MB are free in {folder}. '
  'Nothing half-written stays. Free some space there (df -h; sudo apt-get '
  'clean).',
  'no_venv': 'its Python cannot make virtual environments. On the board: sudo '
  'apt-get install python3-venv',
  'venv_failed': 'its virtual environment cannot be made: {text}',
  'pip_failed': 'pip cannot install the packages: {text}\nThe board needs the '
  'network this once. Or install ai-edge-litert and numpy there yourself and '
  'give ?python= that interpreter.',
  'venv_slow': 'the set-up took too long and was ended. Check that the board '
  'reaches pypi.org, and run this again.',
  'busy': 'another measurement runs there and does not end. Wait for it.',
  'damaged': 'a file arrived damaged. Run this again.',
  'os_error': 'its system says: {text}.',
}
_OF_AGENT['pip_slow'] = _OF_AGENT['venv_slow']


def of_ssh(address: address_lib.Address, words: str, returncode: int) -> str:
  """Returns the message for an ssh that ended before the agent started.

  Args:
    address: the board's address.
    words: what ssh, or the board's shell, printed.
    returncode: exit code of ssh; 255 is ssh's own.
  """
  fields = _fields(address) | {'words': _last(words)}
  for signs, message in _OF_SSH:
    if any(sign in words for sign in signs):
      return f'{address}: {message.format_map(fields)}'
  last = _last(words) or 'nothing'
  if returncode == 255:
    return f'{address}: ssh cannot connect; it says: {last}'
  return (
    f'{address}: its shell ended with code {returncode} before anything ran; '
    f'it says: {last}. Try: {fields["by_hand"]} true'
  )


def lost(address: address_lib.Address, words: str, doing: str) -> str:
  """Returns the message for a connection that ended in the middle.

  Args:
    address: the board's address.
    words: what ssh printed.
    doing: the current action, such as 'copying the model'.
  """
  last = _last(words)
  return (
    f'{address}: the connection was lost while {doing}'
    f'{f" ({last})" if last else ""}. The processes on the board end and '
    'unfinished files there are removed, at the latest when the next '
    'measurement starts. Run this again.'
  )


def silent(address: address_lib.Address, doing: str, timeout_s: float) -> str:
  """Returns the message for an agent that did not answer.

  Args:
    address: the board's address.
    doing: the current action, such as 'copying the model'.
    timeout_s: how long it did not answer, seconds.
  """
  return (
    f'{address}: no answer for {timeout_s:g} s while {doing}; the connection '
    f'was ended. Check whether {_fields(address)["by_hand"]} true answers, and '
    'run this again.'
  )


def of_agent(address: address_lib.Address, answer: dict, doing: str) -> str:
  """Returns the message for a failure on the board.

  Args:
    address: the board's address.
    answer: the agent's: failed (the kind) and text; for a full disk also
      free_bytes and folder.
    doing: the current action, such as 'copying the model'.
  """
  kind, text = answer['failed'], answer.get('text', '')
  if kind == 'no_python' and address.python:
    kind = 'no_given_python'
  if kind == 'other_python':
    text = ', '.join(text.split()) or 'broken'
  message = _OF_AGENT.get(kind, f'{kind} {{text}}').format_map(
    _fields(address)
    | {
      'text': text,
      'free_mb': answer.get('free_bytes', 0) / 1e6,
      'folder': answer.get('folder'),
    }
  )
  return f'{address}, {doing}: {message}'


def _last(words: str) -> str:
  """Returns the end of a text, which follows banners and warnings."""
  return ' '.join(' '.join(words.strip().splitlines()[-3:]).split())


def _fields(address: address_lib.Address) -> dict[str, object]:
  """Returns the fields of the messages that depend on the address only."""
  host, port, identity = address.host, address.port, address.identity
  known_hosts = address.known_hosts
  return {
    'host': host,
    'port': port or 22,
    'login': address.login(),
    'python': address.python,
    'by_hand': shlex.join(['ssh', *address.ssh_options()]),
    'known_hosts': (
      shlex.quote(known_hosts) if known_hosts else '~/.ssh/known_hosts'
    ),
    'entry': shlex.quote(f'[{host}]:{port}' if port else host),
    'port_option': f'-p {port} ' if port else '',
    'key_option': f'-i {shlex.quote(identity)} ' if identity else '',
    'python_from': '.'.join(map(str, PYTHON_FROM)),
    'python_below': '.'.join(map(str, PYTHON_BELOW)),
  }
