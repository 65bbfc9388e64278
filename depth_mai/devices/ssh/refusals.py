# SPDX-License-Identifier: Apache-2.0
"""Says what went wrong between here and a board, and what helps."""

import shlex

from depth_mai.devices.ssh import address as address_lib

# Of the board's Python; as setup.cfg has it.
PYTHON_FROM, PYTHON_BELOW = (3, 11), (3, 14)

_MB = 1e6


def of_ssh(address: address_lib.Address, words: str, returncode: int) -> str:
  """Says why ssh ended before anything ran.

  Args:
    address: where to.
    words: what ssh, or the board's shell, printed.
    returncode: of ssh; 255 is ssh's own.
  """
  for signs, describe in _OF_SSH:
    if any(sign in words for sign in signs):
      return f'{address}: {describe(address, words)}'
  last = _last(words) or 'nothing'
  if returncode == 255:
    return f'{address}: ssh cannot connect; it says: {last}'
  return (
    f'{address}: its shell ended with code {returncode} before anything ran; '
    f'it says: {last}. Try: {_by_hand(address)} true'
  )


def lost(address: address_lib.Address, words: str, doing: str) -> str:
  """Says that the connection ended in the middle.

  Args:
    address: where to.
    words: what ssh printed.
    doing: what was under way.
  """
  last = _last(words)
  return (
    f'{address}: the connection was lost while {doing}'
    f'{f" ({last})" if last else ""}. What ran there ends, and what was '
    'unfinished there is removed, at the latest at the next run. Run this '
    'again.'
  )


def silent(address: address_lib.Address, doing: str, timeout_s: float) -> str:
  """Says that nothing was heard for too long.

  Args:
    address: where to.
    doing: what was under way.
    timeout_s: for how long.
  """
  return (
    f'{address}: no answer for {timeout_s:g} s while {doing}; the connection '
    f'was ended. See whether {_by_hand(address)} true answers, and run this '
    'again.'
  )


def of_agent(address: address_lib.Address, answer: dict, doing: str) -> str:
  """Says what could not be done on the board.

  Args:
    address: where.
    answer: the agent's: failed (the kind) and text; more for some kinds.
    doing: what was under way.
  """
  kind, text = answer['failed'], answer.get('text', '')
  describe = _OF_AGENT.get(kind, lambda *_: f'{kind} {text}')
  return f'{address}, {doing}: {describe(address, text, answer)}'


def _last(words):
  """Returns the end of it: before that stand banners and warnings."""
  return ' '.join(' '.join(words.strip().splitlines()[-3:]).split())


def _by_hand(address):
  return shlex.join(['ssh', *address.ssh_options()])


def _known_hosts(address):
  if address.known_hosts:
    return shlex.quote(address.known_hosts)
  return '~/.ssh/known_hosts'


def _entry(address):
  return f'[{address.host}]:{address.port}' if address.port else address.host


def _changed_key(address, words):
  return (
    'its host key is another than the one that is known. Either the board was '
    'set up anew, or something else answers in its place: look at the board '
    'with: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub. If it was set up '
    f'anew, forget the old key: ssh-keygen -f {_known_hosts(address)} -R '
    f'{shlex.quote(_entry(address))}, and then: {_by_hand(address)}'
  )


def _unknown_key(address, words):
  port = f'-p {address.port} ' if address.port else ''
  return (
    'its host key is not known. Connect once by hand and compare the '
    'fingerprint with the one that the board itself shows (ssh-keygen -lf '
    f'/etc/ssh/ssh_host_ed25519_key.pub): {_by_hand(address)}. Or, in a '
    f'network that you trust: ssh-keyscan {port}{address.host} >> '
    f'{_known_hosts(address)}'
  )


def _denied(address, words):
  key = f'-i {shlex.quote(address.identity)} ' if address.identity else ''
  port = f'-p {address.port} ' if address.port else ''
  return (
    'it does not let you in: no key is accepted (and a password is never asked '
    f'for, nor taken). Put your key there: ssh-copy-id {key}{port}'
    f'{address.login()}. A key with a passphrase must be in ssh-agent '
    f'(ssh-add). ssh says: {_last(words)}'
  )


def _no_name(address, words):
  return (
    f'there is no host {address.host}. Give its address (on the board: '
    'hostname -I), or HOSTNAME.local in the same network.'
  )


def _refused(address, words):
  return (
    f'nothing listens on port {address.port or 22}. Turn ssh on there (sudo '
    'raspi-config, Interface Options, SSH), or give the right port.'
  )


def _unreachable(address, words):
  return (
    'it does not answer. See that it is on and in this network (ping '
    f'{address.host}). ssh says: {_last(words)}'
  )


def _no_ssh_option(address, words):
  return (
    f'this ssh cannot be used: {_last(words)}. OpenSSH 7.6 or newer is needed.'
  )


# Words of OpenSSH (sshconnect.c, ssh.c; LC_ALL=C) and what they mean; the first
# that fits counts.
_OF_SSH = (
  (('REMOTE HOST IDENTIFICATION HAS CHANGED',), _changed_key),
  (('Host key verification failed', 'host key is known for'), _unknown_key),
  (('Permission denied (', 'Too many authentication failures'), _denied),
  (('Could not resolve hostname',), _no_name),
  (('Connection refused',), _refused),
  (
    (
      'Connection timed out',
      'Operation timed out',
      'No route to host',
      'Network is unreachable',
      'Host is down',
    ),
    _unreachable,
  ),
  (('Bad configuration option', 'command-line line 0'), _no_ssh_option),
)


def _no_python(address, text, answer):
  if address.python:
    return (
      f'there is no {address.python}. Give ?python= the path of an '
      'interpreter there, or leave it out.'
    )
  return 'there is no python3. On the board: sudo apt-get install python3'


def _other_python(address, text, answer):
  lowest, above = ('.'.join(map(str, v)) for v in (PYTHON_FROM, PYTHON_BELOW))
  return (
    f'its Python is {", ".join(text.split()) or "broken"}; {lowest} or newer, '
    f'below {above}, is needed. Raspberry Pi OS has one from Bookworm (12) on; '
    'put that on the card, or give ?python= the path of another interpreter.'
  )


def _full(address, text, answer):
  return (
    f'its disk is full: {text}; {answer["free_bytes"] / _MB:.1f} MB are free '
    f'in {answer["folder"]}. Nothing half-written stays. Free some there (df '
    '-h; sudo apt-get clean).'
  )


def _no_venv(address, text, answer):
  return (
    'its Python cannot make virtual environments. On the board: sudo apt-get '
    'install python3-venv'
  )


def _pip_failed(address, text, answer):
  return (
    f'pip cannot install what is needed: {text}\nThe board needs the network '
    'this once. Or install ai-edge-litert and numpy there yourself and give '
    '?python= that interpreter.'
  )


def _too_slow(address, text, answer):
  return (
    'setting up took too long and was ended. See whether the board reaches '
    'pypi.org, and run this again.'
  )


_OF_AGENT = {
  'no_python': _no_python,
  'other_python': _other_python,
  'full': _full,
  'no_venv': _no_venv,
  'venv_failed': lambda address, text, answer: (
    f'its virtual environment cannot be made: {text}'
  ),
  'pip_failed': _pip_failed,
  'venv_slow': _too_slow,
  'pip_slow': _too_slow,
  'busy': lambda *_: (
    'another measurement runs there and does not end. Wait for it.'
  ),
  'damaged': lambda *_: 'a file arrived damaged. Run this again.',
  'os_error': lambda address, text, answer: f'its system says: {text}.',
}
