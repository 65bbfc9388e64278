# SPDX-License-Identifier: Apache-2.0
"""Defines a kind of input: its undamaged files, and the call that reads them.

A kind is given by a module of this package: `KIND_MODULES` says which.
"""

from collections.abc import Callable
from collections.abc import Mapping
import dataclasses
import importlib
import pathlib
from typing import Any

from benchmarks.damage import damage as damage_lib

Damager = damage_lib.Damager


class WrongValueError(Exception):
  """A call returned something that is known to be wrong."""


@dataclasses.dataclass(frozen=True)
class Original:
  """An undamaged input: a folder, of which one file will be damaged.

  Attributes:
    folder: name of its folder.
    file: path of the file, relative to the folder.
    damager: damages the structure of the file; None damages only bytes.
    truth: the value that the call must return for the undamaged folder; None
      where only the reader itself knows it, as for JPEG.
    checked: whether the format has checksums over all that counts, so that no
      other value than that of the undamaged file may be returned.
    sized: whether the format tells its size, so that a file without its end
      must be refused unless the value is right.
    argument: what else the call needs to know.
  """

  folder: str
  file: str
  damager: Damager | None = None
  truth: Any = None
  checked: bool = False
  sized: bool = False
  argument: str = ''


@dataclasses.dataclass(frozen=True)
class Case:
  """The folders of one input.

  Attributes:
    original: what was damaged.
    folder: the damaged copy of its folder.
    output: an empty folder for what the call writes.
  """

  original: Original
  folder: pathlib.Path
  output: pathlib.Path

  @property
  def path(self) -> pathlib.Path:
    """The damaged file."""
    return self.folder / self.original.file


def equal(case: Case, content: bytes, expected: Any, found: Any) -> bool:
  """Returns whether a value is that of the undamaged input."""
  del case, content
  return expected == found


@dataclasses.dataclass(frozen=True)
class Kind:
  """A kind of input.

  Attributes:
    name: its name.
    build: writes the undamaged inputs into a folder and returns them.
    call: reads the folder of a case as a program of the project does, and
      returns a value that JSON can express.
    right: whether a value is right although the file is damaged; takes the
      case, the undamaged content of the file, the value of the undamaged input
      and that of the damaged one. It and `call` raise a WrongValueError for
      what they know to be wrong.
    limit_s: the longest that the call may take, seconds.
    shares: how often each way of damaging is taken: bytes, structure, and
      something else in the file's place.
    keeps: whether the call must not change its input.
    scans: whether the call reads whatever files it finds, so that it cannot
      miss an absent one.
  """

  name: str
  build: Callable[[pathlib.Path], list[Original]]
  call: Callable[[Case], Any]
  right: Callable[[Case, bytes, Any, Any], bool] = equal
  limit_s: float = 30.0
  shares: tuple[float, float, float] = (0.5, 0.46, 0.04)
  keeps: bool = True
  scans: bool = False


# Module -> kind -> share of the inputs. The modules that import TensorFlow are
# the last, so that the others start quickly after a crash.
KIND_MODULES: Mapping[str, Mapping[str, float]] = {
  'benchmarks.damage.picture_kinds': {
    'picture': 10,
    'pair': 10,
    'batch': 3,
    'stream': 4,
  },
  'benchmarks.damage.depth_kinds': {'depth': 10, 'layout': 6, 'list': 4},
  'benchmarks.damage.store_kinds': {
    'measurements': 8,
    'metrics': 8,
    'verdict': 3,
  },
  'benchmarks.damage.model_kinds': {'summary': 12, 'predict': 20},
  'benchmarks.damage.records_kinds': {'records': 7},
  'benchmarks.damage.training_kinds': {
    'gin': 9,
    'training': 0.6,
    'versions': 2,
    'keras': 6,
    'checkpoint': 6,
    'weights': 6,
  },
  'benchmarks.damage.command_kinds': {'leaderboard': 1.5, 'command': 2.5},
}


def module_of(kind: str, modules: Mapping[str, Mapping] = KIND_MODULES) -> str:
  """Returns the module that defines a kind.

  Raises:
    ValueError: no module defines it.
  """
  for module, kinds in modules.items():
    if kind in kinds:
      return module
  known = ', '.join(name for kinds in modules.values() for name in kinds)
  raise ValueError(f'{kind!r} is not a kind of input; known are {known}.')


def load(module: str, name: str) -> Kind:
  """Imports a kind."""
  return next(
    kind for kind in importlib.import_module(module).KINDS if kind.name == name
  )


def counts(
  total: int, modules: Mapping[str, Mapping] = KIND_MODULES
) -> dict[str, int]:
  """Divides a number of inputs among the kinds, at least one each."""
  shares = {name: n for kinds in modules.values() for name, n in kinds.items()}
  whole = sum(shares.values())
  return {name: max(1, round(total * n / whole)) for name, n in shares.items()}


def chosen(count: int, only: list[str]) -> list[tuple[str, int]]:
  """Returns the kind and number of each input.

  Args:
    count: number of inputs of all kinds together.
    only: kinds and single inputs to choose; all inputs if empty.

  Raises:
    ValueError: a kind is unknown, or a number is not one.
  """
  numbers = counts(count)
  tasks = []
  for name in only or numbers:
    kind, _, number = name.partition(':')
    module_of(kind)
    if number and not number.isdecimal():
      raise ValueError(f'--only={name}: give KIND or KIND:NUMBER.')
    which = [int(number)] if number else range(numbers[kind])
    tasks += [(kind, one) for one in which]
  return tasks
