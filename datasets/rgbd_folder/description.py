# SPDX-License-Identifier: Apache-2.0
"""What a folder of recordings looks like: a small TOML file.

docs/own_data.md explains every key; `LAYOUTS` in layouts.py are examples.
"""

from collections.abc import Mapping
import dataclasses
import difflib
import math
import os
import pathlib
import tomllib
from typing import Any

from depth_mai.datasets.rgbd_folder import pattern
from depth_mai.files import problems as problems_lib

# Units of depth by name: how many make a metre.
UNITS = {'m': 1, 'cm': 100, 'mm': 1000, 'kitti': 256, 'tum': 5000}
PAIRINGS = ('name', 'timestamp')
# Units of time stamps in file names: how many make a second.
TIMESTAMP_UNITS = {'s': 1, 'ms': 10**3, 'us': 10**6, 'ns': 10**9}
# The largest depth that uint16 millimetres hold.
LARGEST_M = 65.535

_CROP_KEYS = ('left', 'top', 'right', 'bottom')


def _listed(names):
  return ', '.join(names)


def _is_number(value):
  return isinstance(value, int | float) and not isinstance(value, bool)


def _is_positive(value):
  return _is_number(value) and math.isfinite(value) and value > 0


def _check_integer(name, value, least):
  if isinstance(value, bool) or not isinstance(value, int) or value < least:
    raise ValueError(
      f'{name} is {value!r}; allowed: a whole number of {least} or more'
    )


@dataclasses.dataclass(frozen=True)
class Crop:
  """A border to cut off, in pixels of the picture."""

  left: int = 0
  top: int = 0
  right: int = 0
  bottom: int = 0

  def __post_init__(self):
    """Raises a ValueError for what is no number of pixels."""
    for name in _CROP_KEYS:
      _check_integer(f'crop.{name}', getattr(self, name), 0)

  def __bool__(self) -> bool:
    return any(dataclasses.astuple(self))


@dataclasses.dataclass(frozen=True)
class Split:
  """Which frames go where; train gets what the others leave.

  Attributes:
    train: names of sequences (`*` stands for anything), or the name of a list
      file; None for all that is left. Where the pattern has {split}, names of
      its folders (None for the usual ones).
    validation: the same, or a share of the training frames (0..1); None for a
      tenth, where the pattern has no {split}.
    test: the same; None for no test frames.
    divide_sequences: whether a share is the end of each sequence; by default
      it is made of whole sequences if there are several.
  """

  train: str | tuple[str, ...] | None = None
  validation: float | str | tuple[str, ...] | None = None
  test: float | str | tuple[str, ...] | None = None
  divide_sequences: bool = False

  def __post_init__(self):
    """Turns lists into tuples; raises a ValueError for anything else."""
    for name in ('train', 'validation', 'test'):
      value = getattr(self, name)
      if isinstance(value, list | tuple) and value:
        if all(isinstance(item, str) for item in value):
          object.__setattr__(self, name, tuple(value))
          continue
      is_share = name != 'train' and _is_number(value) and 0 <= value < 1
      is_list_file = isinstance(value, str) and value
      if value is not None and not is_share and not is_list_file:
        share = '' if name == 'train' else ', a share such as 0.1'
        raise ValueError(
          f'split.{name} is {value!r}; allowed: a list of names such as '
          f'["{name}_*"], the name of a list file{share}'
        )
    if not isinstance(self.divide_sequences, bool):
      raise ValueError(
        f'split.divide_sequences is {self.divide_sequences!r}; allowed: true '
        'or false'
      )


@dataclasses.dataclass(frozen=True)
class Description:
  """A folder of recordings.

  Attributes:
    rgb: pattern of the pictures (see pattern.py).
    depth: pattern of the depth maps.
    depth_unit: a name in `UNITS`, or how many units make a metre.
    mask: pattern of files that are 0 where depth is unknown; '' for none.
    invalid: values of depth, in the files' unit, that mean "unknown". 0,
      negative values, NaN and infinity always do.
    min_depth_m: what is nearer becomes unknown, metres.
    max_depth_m: what is farther becomes unknown, metres.
    pairing: 'name' (equal names) or 'timestamp' (nearest in time).
    timestamp_unit: a name in `TIMESTAMP_UNITS`, the unit of {id}.
    tolerance_s: largest distance in time within a pair, seconds.
    every: use every nth frame of a sequence.
    crop: border to cut off the picture and its depth.
    max_width: wider pictures are shrunk to this width, pixels; 0 for none.
    split: which frames are for validation and test.
  """

  rgb: str
  depth: str
  depth_unit: str | float
  mask: str = ''
  invalid: tuple[float, ...] = ()
  min_depth_m: float = 0.0
  max_depth_m: float = LARGEST_M
  pairing: str = 'name'
  timestamp_unit: str = 's'
  tolerance_s: float = 0.02
  every: int = 1
  crop: Crop = Crop()
  max_width: int = 0
  split: Split = Split()

  def __post_init__(self):
    """Raises a ValueError that says which key is wrong, and what may be."""
    for name in ('rgb', 'depth', 'mask'):
      value = getattr(self, name)
      if not isinstance(value, str):
        raise ValueError(f'{name} is {value!r}; allowed: a pattern')
      if value or name != 'mask':
        try:
          pattern.check(value)
        except ValueError as error:
          raise ValueError(f'{name}: {error}') from error
    unit = self.depth_unit
    if unit not in UNITS if isinstance(unit, str) else not _is_positive(unit):
      raise ValueError(
        f'depth_unit is {unit!r}; allowed: {_listed(UNITS)}, or how many units '
        'make a metre, such as 1000'
      )
    if not isinstance(self.invalid, list | tuple) or not all(
      map(_is_number, self.invalid)
    ):
      raise ValueError(
        f'invalid is {self.invalid!r}; allowed: a list of numbers such as '
        '[65535]'
      )
    object.__setattr__(self, 'invalid', tuple(self.invalid))
    for name in ('min_depth_m', 'max_depth_m', 'tolerance_s'):
      value = getattr(self, name)
      if not (_is_positive(value) or (value == 0 and name == 'min_depth_m')):
        raise ValueError(f'{name} is {value!r}; allowed: a positive number')
    if self.min_depth_m >= self.max_depth_m:
      raise ValueError(
        f'min_depth_m is {self.min_depth_m} and max_depth_m '
        f'{self.max_depth_m}; the first must be the smaller one'
      )
    for name, allowed in (
      ('pairing', PAIRINGS),
      ('timestamp_unit', TIMESTAMP_UNITS),
    ):
      value = getattr(self, name)
      if not isinstance(value, str) or value not in allowed:
        raise ValueError(f'{name} is {value!r}; allowed: {_listed(allowed)}')
    _check_integer('every', self.every, 1)
    _check_integer('max_width', self.max_width, 0)

  @property
  def units_per_metre(self) -> float:
    """How many units of the depth files make a metre."""
    return float(UNITS.get(self.depth_unit, self.depth_unit))

  @property
  def unit_name(self) -> str:
    """The unit in words: 'mm', or '1/5000 m'."""
    names = {UNITS[name]: name for name in ('m', 'cm', 'mm')}
    return names.get(self.units_per_metre, f'1/{self.units_per_metre:g} m')


def read(path: str | os.PathLike[str]) -> Description:
  """Reads a description file.

  Args:
    path: TOML file; its keys are the attributes of `Description`.

  Returns:
    The description.

  Raises:
    BadInputError: (a ValueError) if the file cannot be read, or a key or value
      is not understood.
  """
  path = pathlib.Path(path).expanduser()
  try:
    with path.open('rb') as stream:
      return from_table(tomllib.load(stream))
  except OSError as error:
    what = f'the description cannot be read ({error.strerror})'
    cure = 'check the path; --write_description=FILE writes one to start from'
  except tomllib.TOMLDecodeError as error:
    what = f'no TOML file: {error}'
    cure = 'text needs quotation marks: rgb = "color/{id}.jpg"'
  except ValueError as error:
    what, cure = str(error), 'change this key; docs/own_data.md explains all'
  raise problems_lib.BadInputError([problems_lib.Problem(path, what, cure)])


def from_table(table: Mapping[str, Any]) -> Description:
  """Makes a description of the table that a TOML file holds.

  Args:
    table: values by key; those of `crop` and `split` are tables, too.

  Returns:
    The description.

  Raises:
    ValueError: if a key is unknown or missing, or a value is not allowed.
  """
  table = dict(table)
  for name, cls in (('crop', Crop), ('split', Split)):
    if name in table:
      if not isinstance(table[name], Mapping):
        raise ValueError(f'{name} is {table[name]!r}; allowed: a table')
      table[name] = cls(**_known(table[name], cls, f'{name}.'))
  missing = [key for key in ('rgb', 'depth', 'depth_unit') if key not in table]
  if missing:
    raise ValueError(
      f'there is no {", ".join(missing)}; rgb, depth and depth_unit are needed'
    )
  return Description(**_known(table, Description, ''))


def _known(table, cls, prefix):
  """Returns the table, or names the keys that are nearest to unknown ones."""
  names = [field.name for field in dataclasses.fields(cls)]
  for key in table:
    if key not in names:
      near = difflib.get_close_matches(key, names, 1)
      meant = f' (meant: {prefix}{near[0]}?)' if near else ''
      if prefix and key in {
        field.name for field in dataclasses.fields(Description)
      }:
        meant = f' ({key} belongs above the line [{prefix[:-1]}])'
      raise ValueError(
        f'there is no key {prefix}{key}{meant}; allowed: {_listed(names)}'
      )
  return table
