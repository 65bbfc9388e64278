# SPDX-License-Identifier: Apache-2.0
"""Reads what a folder states about the interfaces of its files.

The leaderboard's flags hold for every file. A folder with files of several
kinds has interfaces.toml, whose entries win over the flags for one file:

  ["midas/small.tflite"]
  input_range = "imagenet"
  unit = "m"
"""

import dataclasses
import os
import pathlib
import tomllib

from depth_mai.files import regular_files
from depth_mai.runtime import interface_evidence

NAME = 'interfaces.toml'
# Devices time an open input at one size only.
_KEYS = ('unit', 'input_range', 'layout', 'output_tensor')


def read(
  models_dir: str | os.PathLike[str],
  flags: interface_evidence.Declared = interface_evidence.NOTHING,
) -> dict[str, interface_evidence.Declared]:
  """Reads interfaces.toml.

  Args:
    models_dir: folder of models.
    flags: what the flags state about every file.

  Returns:
    From the path of a file, relative to the folder, to what is stated about it;
    only the files that interfaces.toml names. Empty without that file.

  Raises:
    ValueError: if it is not TOML, names a file that is not there, or has
      another key or value than allowed.
  """
  folder = pathlib.Path(models_dir).expanduser()
  path = folder / NAME
  try:
    tables = tomllib.loads(regular_files.read_text(path))
  except FileNotFoundError:
    return {}
  except (OSError, ValueError, RecursionError) as error:
    raise ValueError(f'{path} cannot be read as TOML: {error}.') from error
  return {
    file: _declared(path, file, table, flags) for file, table in tables.items()
  }


def _declared(
  path: pathlib.Path,
  file: str,
  table: object,
  flags: interface_evidence.Declared,
) -> interface_evidence.Declared:
  if not (path.parent / file).is_file():
    raise ValueError(
      f'{path} has an entry ["{file}"], but there is no such file in '
      f'{path.parent}.'
    )
  if (
    not isinstance(table, dict)
    or not set(table) <= set(_KEYS)
    or not all(isinstance(value, str) for value in table.values())
  ):
    raise ValueError(
      f'{path}: the entry ["{file}"] is {table}; it may have {list(_KEYS)}, '
      'each a string.'
    )
  try:
    return dataclasses.replace(flags, **table)
  except ValueError as error:
    raise ValueError(f'{path}, ["{file}"]: {error}') from error
