# SPDX-License-Identifier: Apache-2.0
"""Sets up a board, once, and runs Python on it.

The modules that measure are copied to the board: those that
`runtime.configuration` imports, a few dozen kilobytes. There they and the
virtual environment are named after the hash of their content and of their
requirements, so that each is made once.
"""

import ast
import hashlib
import json
import pathlib

from depth_mai.devices.ssh import address as address_lib
from depth_mai.devices.ssh import connection as connection_lib
from depth_mai.devices.ssh import error_messages
from depth_mai.runtime import configuration
from depth_mai.runtime import environment

# Time limit of the first installation: slow network, slow card.
_SETUP_S = 1800.0
# Time limit of quick answers, and extra time of the others on a busy board.
_ANSWER_S = 60.0

_DESCRIBE = (
  'import json; from depth_mai.runtime import environment; '
  'print(json.dumps(environment.describe_machine()))'
)

_ROOT = pathlib.Path(environment.package_root())

# The same as in setup.cfg. tflite-runtime was the last with wheels for 32-bit
# ARM.
_64_BIT = ('ai-edge-litert>=2.3,<3', 'numpy>=1.24,<3')
_32_BIT_ARM = ('tflite-runtime==2.14.0', 'numpy>=1.24,<2')
_32_BIT_PYTHON = '3.11.'

# Size of the virtual environment with pip, and some space for unpacking.
NEEDED_BYTES = 300e6


class Board:
  """A board that is ready to measure, until its connection ends."""

  def __init__(
    self, session: connection_lib.Connection, address: address_lib.Address
  ):
    """Copies and installs what the board lacks.

    Args:
      session: the connection.
      address: the board's address.

    Raises:
      ValueError: it cannot be set up; says what to do.
    """
    self._session = session
    self._address = address
    self._package = self._make_package()
    self._python = session.facts['executable']
    if not address.python:
      self._python = f'{self._make_environment()}/bin/python'

  def describe_machine(self) -> dict:
    """Returns the board's `environment.describe_machine`.

    Raises:
      ValueError: its Python lacks a package, or the connection ended.
    """
    done = self.run(['-c', _DESCRIBE], 'asking for its description', _ANSWER_S)
    if done['returncode'] == 0:
      return json.loads(done['stdout'].splitlines()[-1])
    words = (done['stderr'].strip().splitlines() or ['nothing'])[-1]
    if self._address.python:
      cure = (
        'Install ai-edge-litert and numpy for it, or leave out ?python= to '
        'have a virtual environment made.'
      )
    else:
      folder = self._python.removesuffix('/bin/python')
      cure = f'Remove {folder} on the board, so that it is made again.'
    raise ValueError(
      f'{self._address}: {self._python} cannot measure; it says: {words} {cure}'
    )

  def put(self, name: str, content: bytes) -> str:
    """Copies a file to the board; it is removed when the connection ends.

    Args:
      name: name of the file, for messages.
      content: content of the file.

    Returns:
      Its path on the board.

    Raises:
      ValueError: the disk is full, or the connection ended.
    """
    done = self._session.order(
      f'copying {name}',
      _ANSWER_S,
      'put',
      content,
      name='model.tflite',
      size=len(content),
      sha256=hashlib.sha256(content).hexdigest(),
    )
    return done['path']

  def run(self, arguments: list[str], doing: str, timeout_s: float) -> dict:
    """Runs Python on the board.

    Args:
      arguments: arguments of the interpreter.
      doing: the action, for messages.
      timeout_s: time limit in seconds.

    Returns:
      dict: returncode, stdout and stderr (the end of each), timed_out.

    Raises:
      ValueError: it cannot be started, or the connection ended.
    """
    return self._session.order(
      doing,
      timeout_s + _ANSWER_S,
      'run',
      command=[self._python, *arguments],
      environment={'PYTHONPATH': self._package},
      timeout_s=timeout_s,
    )

  def _make_package(self) -> str:
    """Copies the modules that measure, once; returns their folder."""
    files = package_files()
    name = f'packages/{key(files)}'
    found = self._session.order(
      'looking for files', _ANSWER_S, 'has', name=name
    )
    if not found['there']:
      content = json.dumps(files).encode()
      found = self._session.order(
        'copying the device package',
        _ANSWER_S,
        'put_package',
        content,
        name=name,
        size=len(content),
      )
    return found['path']

  def _make_environment(self) -> str:
    """Makes the virtual environment, once; returns its folder."""
    facts = self._session.facts
    try:
      wanted = requirements(facts)
    except ValueError as error:
      raise ValueError(f'{self._address}: {error}') from error
    # Another Python, for example after an update, needs another environment.
    about = (wanted, facts['executable'], facts['python'], facts['bits'])
    name = f'venvs/{key(about)}'
    found = self._session.order(
      'looking for files', _ANSWER_S, 'has', name=name
    )
    if found['there']:
      return found['path']
    problem = None
    if not facts['has_venv']:
      problem = {'failed': 'no_venv'}
    elif facts['free_bytes'] < NEEDED_BYTES:
      problem = {
        'failed': 'full',
        'text': f'{NEEDED_BYTES / 1e6:.0f} MB are needed',
        'free_bytes': facts['free_bytes'],
        'folder': facts['root'],
      }
    doing = 'setting up its virtual environment'
    if problem:
      raise ValueError(error_messages.of_agent(self._address, problem, doing))
    made = self._session.order(
      doing,
      _SETUP_S + _ANSWER_S,
      'make_venv',
      name=name,
      requirements=wanted,
      timeout_s=_SETUP_S,
    )
    return made['path']


def package_files() -> dict[str, str]:
  """Returns the modules that measure, a dict from paths to texts.

  Raises:
    OSError: a module cannot be read.
  """
  files, wanted = {}, [configuration.__name__]
  while wanted:
    path = _path(wanted.pop())
    if path is None or path in files:
      continue
    files[path] = (_ROOT / path).read_text(encoding='utf-8')
    parts = pathlib.PurePosixPath(path).parts[:-1]
    wanted += ['.'.join(parts[:end]) for end in range(1, len(parts) + 1)]
    for node in ast.walk(ast.parse(files[path])):
      if isinstance(node, ast.ImportFrom) and node.module:
        wanted += [f'{node.module}.{alias.name}' for alias in node.names]
  return dict(sorted(files.items()))


def requirements(facts: dict) -> list[str]:
  """Returns the requirements that pip installs on a board.

  Args:
    facts: facts about the board, see `agent.facts`.

  Raises:
    ValueError: there are no packages for this board; says which board or system
      has them.
  """
  machine, bits = facts['machine'], facts['bits']
  what = f'a {bits}-bit Python {facts["python"]} on {machine}'
  if facts['system'] != 'Linux' or not facts['libc'].startswith('glibc'):
    raise ValueError(
      f'LiteRT has wheels only for Linux with glibc, not for {what}, '
      f'{facts["system"]}, {facts["libc"] or "another C library"}. Put '
      'Raspberry Pi OS (64-bit) on the board.'
    )
  if bits == 64 and machine in ('aarch64', 'x86_64'):
    return list(_64_BIT)
  # A 32-bit system with a 64-bit kernel reports the machine aarch64.
  if bits == 32 and machine in ('aarch64', 'armv7l', 'armv8l'):
    if facts['python'].startswith(_32_BIT_PYTHON):
      return list(_32_BIT_ARM)
    raise ValueError(
      'tflite-runtime is the last runtime with wheels for 32-bit ARM, but only '
      f'for Python 3.11, not for {what}. Put Raspberry Pi OS (64-bit) on the '
      'board, or the 32-bit one of Bookworm (12).'
    )
  raise ValueError(
    f'LiteRT has no wheels for {what}. Put Raspberry Pi OS (64-bit) on a '
    'Raspberry Pi 3 or newer.'
  )


def key(content: object) -> str:
  """Returns the hash of a content, which serves as its name on the board.

  Args:
    content: anything that json can write.
  """
  text = json.dumps(content, sort_keys=True)
  return hashlib.sha256(text.encode()).hexdigest()[:16]


def _path(module: str) -> str | None:
  """Returns the path of a module of depth_mai; None for any other module."""
  if module.split('.')[0] != 'depth_mai':
    return None
  path = module.replace('.', '/')
  for name in (f'{path}.py', f'{path}/__init__.py'):
    if (_ROOT / name).is_file():
      return name
  return None
