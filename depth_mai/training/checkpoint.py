# SPDX-License-Identifier: Apache-2.0
"""Saves and restores checkpoints: .npz files from which a run resumes.

The keys are the roles and numbers of variables; NumPy alone can read a file.
The position in the data and all random numbers are functions of the seed and
the step (data/pipeline.py), so only the step is stored, and the hash of the
configuration, which a checkpoint of another run does not have. A checksum
(files/checked_arrays.py) shows whether a file is whole; a damaged one is set
aside, and the one before it is used.
"""

import pathlib
import sys

import keras
import numpy as np

from depth_mai.files import atomic
from depth_mai.files import checked_arrays
from depth_mai.files import printable

_PATTERN = 'step_*.npz'
_COUNTERS = ('step', 'best')
_CONFIG = 'config'


def _named(variables: dict[str, list]) -> dict[str, keras.Variable]:
  named = {}
  for role, members in variables.items():
    for index, variable in enumerate(members):
      # Numbers, not paths: those depend on what the process built before.
      named[f'{role}/{index:04d}'] = variable
  return named


def save(
  directory: pathlib.Path,
  step: int,
  best: float,
  variables: dict[str, list],
  config_hash: str = '',
  keep: int = 2,
) -> pathlib.Path:
  """Writes a checkpoint atomically and removes all but the newest ones.

  Args:
    directory: folder of the checkpoints; created if absent.
    step: number of steps taken.
    best: best validation si-RMSE so far.
    variables: Keras variables by role, e.g. network, average, optimizer.
    config_hash: hash of the run's configuration; '' for none.
    keep: number of checkpoints to keep.

  Returns:
    The checkpoint's path.
  """
  arrays = {
    name: keras.ops.convert_to_numpy(variable.value)
    for name, variable in _named(variables).items()
  }
  counters = {'step': np.array(step), 'best': np.array(best)}
  if config_hash:
    counters[_CONFIG] = np.array(config_hash)
  path = directory / f'step_{step:08d}.npz'
  checked_arrays.save(path, {**counters, **arrays})
  for old in sorted(directory.glob(_PATTERN))[:-keep]:
    old.unlink()
  return path


def restore_newest(
  directory: pathlib.Path,
  variables: dict[str, list],
  config_hash: str = '',
) -> tuple[int, float] | None:
  """Assigns the newest whole checkpoint to the variables.

  Each damaged one is reported on stderr, and renamed so that `save` does not
  count it.

  Args:
    directory: folder of the checkpoints.
    variables: see `save`.
    config_hash: see `save`.

  Returns:
    The step and the best validation si-RMSE so far; None if there is no
    checkpoint.

  Raises:
    ValueError: if the checkpoint belongs to another network, optimizer or
      configuration, or there are only damaged ones.
  """
  damaged = []
  for path in sorted(directory.glob(_PATTERN), reverse=True):
    try:
      position = restore(path, variables, config_hash)
    except (checked_arrays.DamagedError, FileNotFoundError) as error:
      damaged.append(path)
      print(printable.printable(error), file=sys.stderr, flush=True)
      continue
    if damaged:
      print(f'Using {path}, the checkpoint before.', file=sys.stderr)
    for other in damaged:
      atomic.set_aside(other)
    return position
  if damaged:
    names = ', '.join(path.name for path in damaged)
    raise ValueError(
      f'No checkpoint in {directory} is whole: {names}. Copy a whole one there '
      'from a backup, or remove these to start the training from the beginning.'
    )
  return None


def restore(
  path: pathlib.Path, variables: dict[str, list], config_hash: str = ''
) -> tuple[int, float]:
  """Assigns a checkpoint to the variables, which stay as they were on an error.

  Args:
    path: path of the checkpoint.
    variables: see `save`.
    config_hash: see `save`; where it or that of the file is absent, they are
      not compared.

  Returns:
    The step and the best validation si-RMSE so far.

  Raises:
    DamagedError: (a ValueError) if the file is not whole.
    ValueError: if the checkpoint belongs to another network, optimizer or
      configuration.
  """
  arrays, has_checksum = checked_arrays.load(path)
  stored_hash = str(arrays.pop(_CONFIG, ''))
  named = _named(variables)
  different = _difference(path, arrays, named)
  if different and not has_checksum:
    raise checked_arrays.DamagedError(path, f'no checksum, and {different}')
  if different:
    raise ValueError(
      f'{path} belongs to another network or optimizer: {different}. Choose '
      'another --workdir, or remove this one.'
    )
  if config_hash and stored_hash not in ('', config_hash):
    raise ValueError(
      f'{path} is from a run with another configuration. Remove it, or resume '
      'that run in its own --workdir. To start from the network of that run, '
      'set train.initial_network to its best.keras.'
    )
  for name, variable in named.items():
    variable.assign(arrays[name])
  return int(arrays['step']), float(arrays['best'])


def _difference(
  path: pathlib.Path,
  arrays: dict[str, np.ndarray],
  named: dict[str, keras.Variable],
) -> str:
  """Returns how a file's arrays differ from the variables, or ''."""
  different = sorted(set(arrays) ^ {*_COUNTERS, *named})
  if different:
    return f'{len(different)} variables differ, the first is {different[0]}'
  for name in _COUNTERS:
    if arrays[name].shape or arrays[name].dtype.kind not in 'if':
      return f'{name} is {arrays[name].dtype} {arrays[name].shape}'
  for name, variable in named.items():
    shape, kind = tuple(variable.shape), arrays[name].dtype.kind
    if arrays[name].shape != shape or kind not in 'biufV':
      return (
        f'{name} has shape {arrays[name].shape} and type {arrays[name].dtype}, '
        f'this network needs shape {shape} and type {variable.dtype}'
      )
  return ''
