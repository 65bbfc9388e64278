# SPDX-License-Identifier: Apache-2.0
"""Reads the origin of a network from the workdir of its training."""

import json
import pathlib

import keras

from depth_mai.files import metrics_log
from depth_mai.files import workdir as workdir_lib
from depth_mai.models import network_file


def config_text(workdir: str | pathlib.Path) -> str:
  """Returns a workdir's operative configuration as text.

  If there is none (yet), returns the configuration given to the training, and
  '' if there is none either.
  """
  return _read(workdir, workdir_lib.OPERATIVE_CONFIG) or given_config_text(
    workdir
  )


def given_config_text(workdir: str | pathlib.Path | None) -> str:
  """Returns the configuration given to a training, '' if there is none.

  It also contains the settings that training itself does not use.

  Args:
    workdir: folder of the training; None without one.
  """
  return _read(workdir, workdir_lib.CONFIG) if workdir else ''


def _read(workdir: str | pathlib.Path, name: str) -> str:
  path = pathlib.Path(workdir) / name
  return path.read_text(encoding='utf-8') if path.is_file() else ''


def training_commit(workdir: str | pathlib.Path) -> str:
  """Returns the git commit a workdir was trained with, or 'unknown'."""
  try:
    versions = json.loads(_read(workdir, workdir_lib.VERSIONS))
  except (ValueError, RecursionError):
    return 'unknown'
  commit = versions.get('git_commit') if isinstance(versions, dict) else None
  return commit if isinstance(commit, str) else 'unknown'


def load(
  workdir: str | pathlib.Path | None, model: str | pathlib.Path | None
) -> tuple[keras.Model, str, dict]:
  """Loads a network from a training, or from a file alone.

  Args:
    workdir: see `load_workdir`; None to load `model`.
    model: a .keras file.

  Returns:
    See `load_workdir`. For a file, the origin is only its name.

  Raises:
    ValueError: if there is no network.
  """
  if workdir:
    return load_workdir(workdir)
  if not model:
    raise ValueError('Give a network with --workdir or --model.')
  origin = {'source': pathlib.Path(model).name}
  return network_file.load_network(model), '', origin


def load_workdir(
  workdir: str | pathlib.Path,
) -> tuple[keras.Model, str, dict]:
  """Loads the best network of a training, and its origin.

  Args:
    workdir: folder of a training.

  Returns:
    The network, its configuration as text ('' if there is none), and its origin
    for the metadata.

  Raises:
    ValueError: if there is no best network (yet).
  """
  workdir = pathlib.Path(workdir)
  path = workdir / workdir_lib.BEST
  if not path.is_file():
    raise ValueError(
      f'{workdir} contains no {workdir_lib.BEST}: no validation has finished '
      'there, or the file was removed. Change --workdir, wait for the training '
      f'or run it again, or give --model={workdir / workdir_lib.LAST}.'
    )
  origin = {
    'source': workdir.resolve().name,
    'training_git_commit': training_commit(workdir),
    'metrics': metrics_log.best_validation(workdir),
  }
  return network_file.load_network(path), config_text(workdir), origin
