# SPDX-License-Identifier: Apache-2.0
"""Sets up a board, once, and runs Python on it."""

import hashlib
import json

from depth_mai.devices.ssh import address as address_lib
from depth_mai.devices.ssh import connection as connection_lib
from depth_mai.devices.ssh import device_package
from depth_mai.devices.ssh import error_messages

# Time limit of the first installation: slow network, slow card.
_SETUP_S = 1800.0
# Time limit of quick answers, and extra time of the others on a busy board.
_ANSWER_S = 60.0

_DESCRIBE = (
  'import json; from depth_mai.runtime import environment; '
  'print(json.dumps(environment.describe_machine()))'
)


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
      doing: what is being done, for messages.
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
    files = device_package.package_files()
    name = f'packages/{device_package.key(files)}'
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
      requirements = device_package.requirements(facts)
    except ValueError as error:
      raise ValueError(f'{self._address}: {error}') from error
    # Another Python, for example after an update, needs another environment.
    about = (requirements, facts['executable'], facts['python'], facts['bits'])
    name = f'venvs/{device_package.key(about)}'
    found = self._session.order(
      'looking for files', _ANSWER_S, 'has', name=name
    )
    if found['there']:
      return found['path']
    problem = None
    if not facts['has_venv']:
      problem = {'failed': 'no_venv'}
    elif facts['free_bytes'] < device_package.NEEDED_BYTES:
      problem = {
        'failed': 'full',
        'text': f'{device_package.NEEDED_BYTES / 1e6:.0f} MB are needed',
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
      requirements=requirements,
      timeout_s=_SETUP_S,
    )
    return made['path']
