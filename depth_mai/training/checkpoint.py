# SPDX-License-Identifier: Apache-2.0
"""Saves and restores checkpoints: .npz files from which a run resumes.

The keys are the roles and numbers of variables; NumPy alone can read a file.
The position in the data and all random numbers are functions of the seed and
the step (data/pipeline.py), so only the step is stored.
"""

import pathlib

import keras
import numpy as np

from depth_mai.files import atomic

_PATTERN = 'step_*.npz'


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
  keep: int = 2,
) -> pathlib.Path:
  """Writes a checkpoint atomically and removes all but the newest ones.

  Args:
    directory: folder of the checkpoints; created if absent.
    step: number of steps taken.
    best: best validation si-RMSE so far.
    variables: Keras variables by role, e.g. network, average, optimizer.
    keep: number of checkpoints to keep.

  Returns:
    The checkpoint's path.
  """
  directory.mkdir(parents=True, exist_ok=True)
  arrays = {
    name: keras.ops.convert_to_numpy(variable.value)
    for name, variable in _named(variables).items()
  }
  path = directory / f'step_{step:08d}.npz'
  with atomic.atomic_path(path) as temporary:
    np.savez(temporary, step=step, best=best, **arrays)
  for old in sorted(directory.glob(_PATTERN))[:-keep]:
    old.unlink()
  return path


def newest(directory: pathlib.Path) -> pathlib.Path | None:
  """Returns the newest checkpoint, or None."""
  return max(directory.glob(_PATTERN), default=None)


def restore(
  path: pathlib.Path, variables: dict[str, list]
) -> tuple[int, float]:
  """Assigns a checkpoint to the variables.

  Args:
    path: path of the checkpoint.
    variables: see `save`.

  Returns:
    The step and the best validation si-RMSE so far.

  Raises:
    ValueError: if the checkpoint belongs to another network or optimizer.
  """
  with np.load(path) as arrays:
    named = _named(variables)
    stored = set(arrays.files) - {'step', 'best'}
    if stored != set(named):
      different = sorted(stored ^ set(named))
      raise ValueError(
        f'{path} belongs to another network or optimizer: {len(different)} '
        f'variables differ, the first is {different[0]}. Choose another '
        '--workdir, or remove this one.'
      )
    for name, variable in named.items():
      if tuple(variable.shape) != arrays[name].shape:
        raise ValueError(
          f'{path}: {name} has shape {arrays[name].shape}, this network '
          f'needs {tuple(variable.shape)}. Choose another --workdir.'
        )
      variable.assign(arrays[name])
    return int(arrays['step']), float(arrays['best'])
