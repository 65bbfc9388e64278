# SPDX-License-Identifier: Apache-2.0
"""Sets a board up, once, and runs Python on it."""

import hashlib
import json

from depth_mai.devices.ssh import address as address_lib
from depth_mai.devices.ssh import connection as connection_lib
from depth_mai.devices.ssh import device_package
from depth_mai.devices.ssh import refusals

# A first installation over a slow network onto a slow card.
_SETUP_S = 1800.0
# For answers that take no time, and for what a busy board adds to others.
_ANSWER_S = 60.0

_DESCRIBE = (
  'import json; from depth_mai.runtime import environment; '
  'print(json.dumps(environment.describe_machine()))'
)


class Board:
  """A board that is set up, as long as its connection lasts."""

  def __init__(
    self, session: connection_lib.Connection, address: address_lib.Address
  ):
    """Brings there what is not there yet.

    Args:
      session: the connection.
      address: of the board.

    Raises:
      ValueError: it cannot be set up; names the cure.
    """
    self._session = session
    self._address = address
    self._package = self._make_package()
    self._python = session.facts['executable']
    if not address.python:
      self._python = f'{self._make_environment()}/bin/python'

  def describe_machine(self) -> dict:
    """Returns `environment.describe_machine` of the board.

    Raises:
      ValueError: its Python lacks a package, or the connection ended.
    """
    done = self.run(['-c', _DESCRIBE], 'asking what it is', _ANSWER_S)
    if done['returncode'] == 0:
      return json.loads(done['stdout'].splitlines()[-1])
    words = (done['stderr'].strip().splitlines() or ['nothing'])[-1]
    if self._address.python:
      cure = (
        'Install ai-edge-litert and numpy for it, or leave ?python= out: then '
        'a virtual environment is made.'
      )
    else:
      folder = self._python.removesuffix('/bin/python')
      cure = f'Remove {folder} on the board: it is made again.'
    raise ValueError(
      f'{self._address}: {self._python} cannot measure. It says: {words} {cure}'
    )

  def put(self, name: str, content: bytes) -> str:
    """Copies a file there; it is removed when the connection ends.

    Args:
      name: of the file, for messages.
      content: of the file.

    Returns:
      Its path there.

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
    """Runs Python there.

    Args:
      arguments: for it.
      doing: what it is, for messages.
      timeout_s: seconds that it may take.

    Returns:
      dict: returncode, stdout and stderr (their ends), timed_out.

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
    """Copies the modules that measure; returns their folder."""
    files = device_package.package_files()
    name = f'packages/{device_package.key(files)}'
    found = self._session.order('looking around', _ANSWER_S, 'has', name=name)
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
    """Makes the virtual environment; returns its folder."""
    facts = self._session.facts
    try:
      requirements = device_package.requirements(facts)
    except ValueError as error:
      raise ValueError(f'{self._address}: {error}') from error
    # Another Python, say after an update of the system, is another one.
    about = (requirements, facts['executable'], facts['python'], facts['bits'])
    name = f'venvs/{device_package.key(about)}'
    found = self._session.order('looking around', _ANSWER_S, 'has', name=name)
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
      raise ValueError(refusals.of_agent(self._address, problem, doing))
    made = self._session.order(
      doing,
      _SETUP_S + _ANSWER_S,
      'make_venv',
      name=name,
      requirements=requirements,
      timeout_s=_SETUP_S,
    )
    return made['path']
