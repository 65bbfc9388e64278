# SPDX-License-Identifier: Apache-2.0
"""Describes a folder of recordings; reads and writes descriptions as TOML.

docs/own_data.md explains every key; `LAYOUTS` describes well-known data sets.
"""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import difflib
import json
import math
import os
import pathlib
import tomllib
from typing import Any

from depth_mai import challenge
from depth_mai.datasets.rgbd_folder import encodings
from depth_mai.datasets.rgbd_folder import pattern
from depth_mai.files import problems as problems_lib
from depth_mai.files import regular_files

ENCODINGS = encodings.ENCODINGS
PAIRINGS = ('name', 'timestamp')
# Unit of time stamps in file names -> number of units in a second.
TIMESTAMP_UNITS = {'s': 1, 'ms': 10**3, 'us': 10**6, 'ns': 10**9}
# The largest depth in uint16 millimetres; the next number, 65535, stands for
# unknown depth.
LARGEST_M = (challenge.MAX_DEPTH_MM - 1) / challenge.MM_PER_M


def _is_number(value: Any) -> bool:
  return isinstance(value, int | float) and not isinstance(value, bool)


def _is_positive(value: Any) -> bool:
  return _is_number(value) and 0 < value < math.inf


def _is_positive_or_0(value: Any) -> bool:
  return _is_positive(value) or (_is_number(value) and value == 0)


def _is_rule(value: Any) -> bool:
  """Returns whether a value is None, a list file or a list of names."""
  if isinstance(value, list | tuple):
    return bool(value) and all(isinstance(item, str) for item in value)
  return value is None or (isinstance(value, str) and value != '')


def _is_rule_or_share(value: Any) -> bool:
  return (_is_number(value) and 0 <= value < 1) or _is_rule(value)


def _is_list_of_numbers(value: Any) -> bool:
  return isinstance(value, list | tuple) and all(map(_is_number, value))


def _whole_number(least: int) -> tuple[Callable[[Any], bool], str]:
  return (
    lambda value: (
      _is_number(value) and isinstance(value, int) and value >= least
    ),
    f'a whole number of {least} or more',
  )


_NAMES = 'a list of names such as ["{}_*"], the name of a list file'
_SHARE = ', a share such as 0.1'
# Key -> check, and the allowed values in words.
_CROP_CHECKS = dict.fromkeys(
  ('left', 'top', 'right', 'bottom'), _whole_number(0)
)
_SPLIT_CHECKS = {
  'train': (_is_rule, _NAMES.format('train')),
  'validation': (_is_rule_or_share, _NAMES.format('validation') + _SHARE),
  'test': (_is_rule_or_share, _NAMES.format('test') + _SHARE),
  'divide_sequences': (lambda value: isinstance(value, bool), 'true or false'),
}
_CHECKS = {
  'depth_unit': (
    lambda value: _is_positive(value) or value in tuple(ENCODINGS),
    f'{", ".join(ENCODINGS)}, or the number of units in a metre, such as 1000',
  ),
  'baseline_m': (_is_positive_or_0, '0 or a positive number'),
  'focal_px': (_is_positive_or_0, '0 or a positive number'),
  'invalid': (_is_list_of_numbers, 'a list of numbers such as [65535]'),
  'min_depth_m': (_is_positive_or_0, '0 or a positive number'),
  'max_depth_m': (_is_positive, 'a positive number'),
  'tolerance_s': (_is_positive, 'a positive number'),
  'pairing': (PAIRINGS.__contains__, ', '.join(PAIRINGS)),
  'timestamp_unit': (
    tuple(TIMESTAMP_UNITS).__contains__,
    ', '.join(TIMESTAMP_UNITS),
  ),
  'every': _whole_number(1),
  'max_width': _whole_number(0),
}


def _check(values: Any, checks: Mapping[str, tuple], prefix: str = '') -> None:
  """Raises a ValueError for the first value that is not allowed.

  Lists become tuples, so that `values` is hashable.
  """
  for name, (is_allowed, allowed) in checks.items():
    value = getattr(values, name)
    if not is_allowed(value):
      raise ValueError(f'{prefix}{name} is {value!r}; allowed: {allowed}')
    if isinstance(value, list):
      object.__setattr__(values, name, tuple(value))


@dataclasses.dataclass(frozen=True)
class Crop:
  """Border to cut off, in pixels of the picture."""

  left: int = 0
  top: int = 0
  right: int = 0
  bottom: int = 0

  def __post_init__(self):
    """Raises a ValueError for a value that is not a number of pixels."""
    _check(self, _CROP_CHECKS, 'crop.')


@dataclasses.dataclass(frozen=True)
class Split:
  """Assigns frames to splits; train gets the remaining frames.

  Attributes:
    train: names of sequences (`*` stands for any text), or the name of a list
      file; None for all remaining frames. If the pattern contains {split},
      names of its folders (None for the usual ones).
    validation: as `train`, or a share of the training frames (0..1); None for a
      tenth, unless the pattern contains {split}.
    test: as `validation`, but None for no test frames.
    divide_sequences: whether a share is the end of each sequence. Otherwise it
      consists of whole sequences if there are several.
  """

  train: str | tuple[str, ...] | None = None
  validation: float | str | tuple[str, ...] | None = None
  test: float | str | tuple[str, ...] | None = None
  divide_sequences: bool = False

  def __post_init__(self):
    """Raises a ValueError that names the bad key and its allowed values."""
    _check(self, _SPLIT_CHECKS, 'split.')


@dataclasses.dataclass(frozen=True)
class Description:
  """A folder of recordings.

  Attributes:
    rgb: pattern of the pictures (see pattern.py).
    depth: pattern of the depth maps.
    depth_unit: a name in `ENCODINGS`, or the number of units in a metre.
    baseline_m: distance of the two cameras of disparities, metres; 0 for depth.
    focal_px: focal length, pixels of the disparity map; 0 for depth.
    mask: pattern of files that are 0 where depth is unknown; '' for none.
    invalid: values of depth, in the files' unit, that mean "unknown". 0,
      negative values, NaN and infinity always do.
    min_depth_m: nearer depth becomes unknown, metres.
    max_depth_m: farther depth becomes unknown, metres.
    pairing: 'name' (equal names) or 'timestamp' (nearest in time).
    timestamp_unit: a name in `TIMESTAMP_UNITS`, the unit of {id}.
    tolerance_s: largest time difference within a pair, seconds.
    every: use every nth frame of a sequence.
    crop: border to cut off the picture and its depth.
    max_width: wider pictures are shrunk to this width, pixels; 0 for none.
    split: the frames for validation and test.
  """

  rgb: str
  depth: str
  depth_unit: str | float
  baseline_m: float = 0.0
  focal_px: float = 0.0
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
    """Raises a ValueError that names the bad key and its allowed values."""
    for name in ('rgb', 'depth', 'mask'):
      value = getattr(self, name)
      if not isinstance(value, str):
        raise ValueError(f'{name} is {value!r}; allowed: a pattern')
      if value or name != 'mask':
        try:
          pattern.check(value)
        except ValueError as error:
          raise ValueError(f'{name}: {error}') from error
    _check(self, _CHECKS)
    self._check_stereo()
    if self.min_depth_m >= self.max_depth_m:
      raise ValueError(
        f'min_depth_m is {self.min_depth_m} and max_depth_m '
        f'{self.max_depth_m}; min_depth_m must be smaller'
      )

  def _check_stereo(self) -> None:
    """Raises a ValueError unless disparities, and they alone, have a stereo."""
    given = bool(self.baseline_m), bool(self.focal_px)
    if self.encoding.inverse and not all(given):
      raise ValueError(
        f"depth_unit is '{self.depth_unit}', {self.encoding.meaning}; they "
        'become depth with the distance of the two cameras, baseline_m, and '
        'the '
        'focal length in pixels of the disparity map, focal_px. Cityscapes has '
        'baseline_m = 0.209313 and focal_px = 2262.52'
      )
    if not self.encoding.inverse and any(given):
      raise ValueError(
        f'baseline_m and focal_px belong to disparities, and depth_unit is '
        f'{self.depth_unit!r}; the units of disparities are '
        f'{", ".join(encodings.DISPARITIES)}'
      )

  @property
  def encoding(self) -> encodings.Encoding:
    """What the numbers of the depth files mean."""
    if self.depth_unit in tuple(ENCODINGS):
      return ENCODINGS[self.depth_unit]
    number = float(self.depth_unit)
    return encodings.Encoding(number, f'1/{number:g} m')

  @property
  def unit_name(self) -> str:
    """The unit in words: 'mm', '1/5000 m', or 'rgb24'."""
    encoding = self.encoding
    if not encoding.is_plain:
      return str(self.depth_unit)
    names = {
      ENCODINGS[name].units_per_metre: name for name in ('m', 'cm', 'mm')
    }
    number = encoding.units_per_metre
    return names.get(number, f'1/{number:g} m')


def read(path: str | os.PathLike[str]) -> Description:
  """Reads a description file.

  Args:
    path: TOML file; its keys are the attributes of `Description`.

  Returns:
    The description.

  Raises:
    BadInputError: (a ValueError) if the file cannot be read, or a key or value
      is not allowed.
  """
  path = pathlib.Path(path).expanduser()
  try:
    with regular_files.open_binary(path) as stream:
      return from_table(tomllib.load(stream))
  except OSError as error:
    what = f'the description cannot be read ({error.strerror})'
    cure = (
      'check the path; --write_description=FILE writes a file to start from'
    )
  except tomllib.TOMLDecodeError as error:
    what = f'the file is not valid TOML: {error}'
    cure = 'put text in quotation marks: rgb = "color/{id}.jpg"'
  except ValueError as error:
    what, cure = str(error), 'change this key; docs/own_data.md explains all'
  raise problems_lib.refusal(path, what, cure)


def from_table(table: Mapping[str, Any]) -> Description:
  """Makes a description from the table of a TOML file.

  Args:
    table: values by key; the values of `crop` and `split` are tables, too.

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


def _known(
  table: Mapping[str, Any], cls: type, prefix: str
) -> Mapping[str, Any]:
  """Returns the table; the error for an unknown key names the nearest key."""
  names, top = (
    [field.name for field in dataclasses.fields(c)] for c in (cls, Description)
  )
  for key in table:
    if key not in names:
      near = difflib.get_close_matches(key, names, 1)
      meant = f' (meant: {prefix}{near[0]}?)' if near else ''
      if prefix and key in top:
        meant = f' ({key} belongs above the line [{prefix[:-1]}])'
      raise ValueError(
        f'there is no key {prefix}{key}{meant}; allowed: {", ".join(names)}'
      )
  return table


def to_toml(
  description: Description,
  remarks: Mapping[str, str],
  choices: Mapping[str, Sequence[Any]] | None = None,
) -> str:
  """Returns a description as the text of a TOML file to edit.

  Args:
    description: the description.
    remarks: comments by key.
    choices: key -> values, one of which the user has to choose. Each becomes a
      comment, so that the file cannot be used before.

  Returns:
    The text; keys with their default value are comments.
  """
  lines = ['# Layout of recordings; docs/own_data.md explains the keys.']
  tables = []
  for field in dataclasses.fields(description):
    value = getattr(description, field.name)
    if dataclasses.is_dataclass(value):
      inner = dataclasses.fields(value)
      tables += ['', f'[{field.name}]', *(_toml_line(f, value) for f in inner)]
    else:
      lines += [f'# {remarks[field.name]}'] if field.name in remarks else []
      lines += [
        f'# {field.name} = {json.dumps(choice)}'
        for choice in (choices or {}).get(field.name, ())
      ] or [_toml_line(field, description)]
  return '\n'.join([*lines, *tables]) + '\n'


def _toml_line(field: dataclasses.Field, values: Any) -> str:
  """Returns the line of a key, as a comment if it has the default value."""
  value = getattr(values, field.name)
  is_default = value == field.default
  if value is None:
    value = ['name', 'other_*'] if field.name == 'train' else 0.1
  # JSON writes these strings, numbers, lists and booleans as TOML does.
  text = json.dumps(value, ensure_ascii=False)
  return f'{"# " * is_default}{field.name} = {text}'


# The known layouts by name: layouts/<name>.toml.
LAYOUTS = {
  path.stem: read(path)
  for path in sorted(pathlib.Path(__file__).parent.glob('layouts/*.toml'))
}
