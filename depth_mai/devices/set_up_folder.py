# SPDX-License-Identifier: Apache-2.0
"""A folder that one command sets up, whole or not at all.

stamp.json is written last; it has the versions of the parts, and a fingerprint
of what was asked for.
"""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import dataclasses
import fcntl
import json
import os
from typing import Any
from typing import Protocol
from typing import TypeVar

from depth_mai.files import atomic
from depth_mai.files import default_places

STAMP = 'stamp.json'


class _Installation(Protocol):
  @property
  def needed_files(self) -> tuple[str, ...]:
    """The files without which it does not run."""


_Found = TypeVar('_Found', bound=_Installation)


@dataclasses.dataclass(frozen=True)
class SetUpFolder:
  """What is set up, and how.

  Attributes:
    name: its name, for messages.
    command: the command that sets it up.
    cost: what the command costs, for messages.
    variable: environment variable with another folder than the default one.
    default: the default folder.
    fingerprint: returns a hash of what is asked for.
  """

  name: str
  command: str
  cost: str
  variable: str
  default: str
  fingerprint: Callable[[], str]

  @property
  def place(self) -> str:
    """The default folder, for the help of a flag."""
    return f'${self.variable}, or else {self.default}'

  def default_root(self) -> str:
    """Returns the folder that the variable names, or else the default one."""
    place = os.environ.get(self.variable) or self.default
    cure = f'Name its folder in ${self.variable}.'
    return os.path.abspath(default_places.expanded(place, cure))

  def open(
    self, root: str | None, make: Callable[[str, dict[str, Any]], _Found]
  ) -> _Found:
    """Opens what the command has set up.

    Args:
      root: its folder; None for the default.
      make: makes the result of the folder and the content of its stamp.

    Returns:
      The result; it is complete and of this version.

    Raises:
      ValueError: there is none, it is of another version, or it is damaged.
    """
    root = os.path.abspath(root or self.default_root())
    cure = f'Run "{self.command} --dir={root}"'
    path = os.path.join(root, STAMP)
    try:
      with open(path, encoding='utf-8') as stream:
        stamp = json.load(stream)
      found = make(root, stamp)
      same = stamp['fingerprint'] == self.fingerprint()
    except FileNotFoundError as error:
      raise ValueError(
        f'{self.name} is not set up in {root}. {cure} ({self.cost}), or name '
        f'its folder in ${self.variable}.'
      ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
      raise ValueError(f'{path} cannot be read ({error}). {cure}.') from error
    if not same:
      raise ValueError(
        f'{self.name} in {root} was set up by another version of depth_mai. '
        f'{cure} to update it.'
      )
    for needed in found.needed_files:
      if not os.path.exists(needed):
        raise ValueError(f'{needed} is missing. Remove {path}. Then {cure}.')
    return found

  def write_stamp(self, root: str, **content: Any) -> None:
    """Writes the stamp, atomically.

    Args:
      root: the folder.
      **content: what `make` reads, in addition to the fingerprint.
    """
    stamp = {'fingerprint': self.fingerprint(), **content}
    text = json.dumps(stamp, indent=2) + '\n'
    atomic.write_text(os.path.join(root, STAMP), text)


def remove_stamp(root: str) -> None:
  """Removes the stamp, if there is one, before anything changes."""
  with contextlib.suppress(FileNotFoundError):
    os.remove(os.path.join(root, STAMP))


@contextlib.contextmanager
def only_one(root: str) -> Iterator[None]:
  """Locks the folder against a second setup.

  Args:
    root: the folder; it exists.

  Yields:
    None.

  Raises:
    ValueError: another setup runs there.
  """
  with open(os.path.join(root, 'lock'), 'w') as stream:
    try:
      fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
      raise ValueError(
        f'Another setup runs in {root}: wait for it, or give --dir another '
        'folder.'
      ) from error
    yield
