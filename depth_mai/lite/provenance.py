# SPDX-License-Identifier: Apache-2.0
"""Reads the origin of a network from the workdir of its training."""

import json
import pathlib

import keras

from depth_mai.files import workdir as workdir_lib
from depth_mai.models import network_file

_CONFIGS = (workdir_lib.OPERATIVE_CONFIG, workdir_lib.CONFIG)


def config_text(workdir: str | pathlib.Path) -> str:
  """Returns a workdir's configuration as text, '' if there is none."""
  for name in _CONFIGS:
    path = pathlib.Path(workdir) / name
    if path.is_file():
      return path.read_text(encoding='utf-8')
  return ''


def given_config_text(workdir: str | pathlib.Path | None) -> str:
  """Returns the configuration given to a training, '' if there is none.

  It also contains the settings that training itself does not use.

  Args:
    workdir: folder of the training; None without one.
  """
  if workdir is None:
    return ''
  path = pathlib.Path(workdir) / workdir_lib.CONFIG
  return path.read_text(encoding='utf-8') if path.is_file() else ''


def best_metrics(workdir: str | pathlib.Path) -> dict:
  """Returns the validation metrics of a workdir's best network.

  Args:
    workdir: of a training.

  Returns:
    The 'validation' line of metrics.jsonl with the smallest si_rmse; {} if
    there is none.
  """
  path = pathlib.Path(workdir) / workdir_lib.METRICS
  if not path.is_file():
    return {}
  best = {}
  for line in path.read_text(encoding='utf-8').splitlines():
    try:
      record = json.loads(line)
    except ValueError:
      continue  # A line that an interruption cut short.
    if record.get('split') != 'validation' or 'si_rmse' not in record:
      continue
    if not best or record['si_rmse'] < best['si_rmse']:
      best = record
  return best


def training_commit(workdir: str | pathlib.Path) -> str:
  """Returns the git commit a workdir was trained with, or 'unknown'."""
  path = pathlib.Path(workdir) / workdir_lib.VERSIONS
  try:
    versions = json.loads(path.read_text(encoding='utf-8'))
    return versions.get('git_commit', 'unknown')
  except (OSError, ValueError):
    return 'unknown'


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
      'there. Change --workdir, wait for the training, or give '
      '--model=FILE.keras.'
    )
  origin = {
    'source': workdir.resolve().name,
    'training_git_commit': training_commit(workdir),
    'metrics': best_metrics(workdir),
  }
  return network_file.load_network(path), config_text(workdir), origin
