# SPDX-License-Identifier: Apache-2.0
"""Reads addresses of the form `--device=ssh://USER@HOST:PORT?KEY=VALUE`."""

import dataclasses
import os
import re
import urllib.parse

# Keys that may follow the '?', each with an example of its value.
_KEYS = {
  'python': '/home/pi/venv/bin/python',
  'identity': '~/.ssh/board_ed25519',
  'known_hosts': '~/.ssh/known_hosts.board',
  'config': '~/.ssh/config.board',
}
# Neither may look like an option of ssh, nor contain what a shell would split.
_USER = re.compile(r'[A-Za-z0-9_][A-Za-z0-9_.-]*')
_HOST = re.compile(r'[A-Za-z0-9_][A-Za-z0-9_.-]*|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*')


@dataclasses.dataclass(frozen=True)
class Address:
  """The address of a board and how to log in.

  Attributes:
    host: name, address, or alias in ssh's configuration.
    user: user on the board; None for the one in ssh's configuration.
    port: port of its ssh server; None for the one in ssh's configuration.
    python: interpreter on the board, which is used with the packages that it
      has; None to make a virtual environment.
    identity: private key, a file on this machine.
    known_hosts: host keys, a file on this machine.
    config: ssh's configuration, a file on this machine.
  """

  host: str
  user: str | None = None
  port: int | None = None
  python: str | None = None
  identity: str | None = None
  known_hosts: str | None = None
  config: str | None = None

  def __str__(self) -> str:
    """Returns ssh://user@host:port, without the names of files."""
    host = f'[{self.host}]' if ':' in self.host else self.host
    port = f':{self.port}' if self.port else ''
    return f'ssh://{self.login(host)}{port}'

  def login(self, host: str | None = None) -> str:
    """Returns user@host, the form that ssh and ssh-copy-id take."""
    host = host or self.host
    return f'{self.user}@{host}' if self.user else host

  def file_options(self) -> list[str]:
    """Returns the options that all of OpenSSH's programs share."""
    options = []
    if self.config:
      options += ['-F', self.config]
    if self.identity:
      # Offer only this key: servers limit the number of tries.
      options += ['-o', 'IdentitiesOnly=yes']
    for name, path in (
      ('IdentityFile', self.identity),
      ('UserKnownHostsFile', self.known_hosts),
    ):
      if path:
        # ssh expands % and splits at spaces.
        quoted = path.replace('%', '%%')
        options += ['-o', f'{name}="{quoted}"']
    return options

  def ssh_options(self) -> list[str]:
    """Returns the arguments of ssh, the host last."""
    port = ['-p', str(self.port)] if self.port else []
    user = ['-l', self.user] if self.user else []
    return [*self.file_options(), *port, *user, self.host]


def parse(spec: str) -> Address:
  """Reads an address.

  Args:
    spec: ssh://[USER@]HOST[:PORT][?KEY=VALUE[&KEY=VALUE]...]; the keys are
      attributes of `Address`, and an IPv6 address is in brackets.

  Returns:
    The `Address`; ~ in the names of files is expanded.

  Raises:
    ValueError: `spec` is not of this form.
  """
  try:
    parts = urllib.parse.urlsplit(spec)
    user, host, port = parts.username, parts.hostname, parts.port
    pairs = urllib.parse.parse_qsl(
      parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)
    )
  except ValueError as error:
    raise _bad(spec, str(error)) from error
  if parts.scheme != 'ssh' or parts.path.strip('/') or parts.fragment:
    raise _bad(spec, 'an ssh address without a path is needed')
  if parts.password is not None:
    raise _bad(
      spec, 'it contains a password; set up a key with ssh-copy-id instead'
    )
  if not host or not _HOST.fullmatch(host):
    raise _bad(spec, f'the host {host!r} is not a name or an address')
  if user is not None and not _USER.fullmatch(user):
    raise _bad(spec, f'the user {user!r} is not a user name')
  if port == 0:
    raise _bad(spec, 'there is no port 0')
  # urlsplit makes the host lower case; aliases in ssh's configuration are not.
  start = spec.lower().find(host, len('ssh://') + len(user or ''))
  host = spec[start : start + len(host)]
  return Address(host, user, port, **_files(spec, pairs))


def _files(spec: str, pairs: list[tuple[str, str]]) -> dict[str, str]:
  """Returns the keys and values after the '?'."""
  files = {}
  for key, value in pairs:
    if key not in _KEYS:
      raise _bad(spec, f'the key {key} is none of {", ".join(_KEYS)}')
    if not value or key in files or re.search(r'[\x00-\x1f"]', value):
      raise _bad(spec, f'{key} needs one value, for example {_KEYS[key]}')
    files[key] = value if key == 'python' else os.path.expanduser(value)
    # ssh would only warn about a missing file, and fail later.
    if key in ('identity', 'config') and not os.path.exists(files[key]):
      raise _bad(spec, f'{key}={value}: there is no such file here')
  python = files.get('python')
  if python and not re.fullmatch(r'[A-Za-z0-9_./+~][A-Za-z0-9_./+-]*', python):
    raise _bad(spec, f'python={python} is not a path such as {_KEYS["python"]}')
  return files


def _bad(spec: str, why: str) -> ValueError:
  return ValueError(
    f'--device={spec}: {why}. Give ssh://USER@HOST[:PORT], with '
    f'?KEY=VALUE&KEY=VALUE for any of {", ".join(_KEYS)}.'
  )
