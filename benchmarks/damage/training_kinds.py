# SPDX-License-Identifier: Apache-2.0
"""Configurations, networks, checkpoints and weights."""

import json
import pathlib
from typing import Any

from absl import logging
import keras
import numpy as np

from benchmarks.damage import containers
from benchmarks.damage import kind as kind_lib
from benchmarks.damage import networks
from benchmarks.damage import picture_kinds
from benchmarks.damage import samples
from benchmarks.damage import texts
from depth_mai import gin_registry
from depth_mai.files import workdir
from depth_mai.lite import provenance
from depth_mai.models import compact_weights
from depth_mai.models import network_file
from depth_mai.training import checkpoint

Case = kind_lib.Case
Kind = kind_lib.Kind
Original = kind_lib.Original

# Files of gin_configs/ that make one configuration.
_CONFIGURATION = ('tcl.gin', 'base/small_data.gin', 'base/int8.gin')
_INCLUDE = 'base/plain_colours.gin'
# Settings that make a training one step of a small network.
_ONE_STEP = (
  'train.epochs = 1',
  'train.batch_size = 2',
  'train.evaluations = 1',
  'train.train_eval_images = 0',
  'TclOptions.input_size = (32, 32)',
)


def _build_gin(root: pathlib.Path) -> list[Original]:
  place = root / 'configs'
  place.mkdir()
  configs = pathlib.Path(gin_registry.__file__).parents[1] / 'gin_configs'
  lines = [
    line
    for name in _CONFIGURATION
    for line in (configs / name).read_text().splitlines(keepends=True)
    if not line.startswith(('include', '#'))
  ]
  (place / 'damaged.gin').write_text(
    ''.join([*lines, f"include '{configs / _INCLUDE}'\n"])
  )
  return [Original('configs', 'damaged.gin', texts.damaged_gin)]


def _parse(case: Case) -> dict[str, str]:
  """Parses a configuration as converting does."""
  logging.set_verbosity(logging.WARNING)
  gin_registry.parse([str(case.path)])
  text = gin_registry.config_text()
  return {'text': text, 'int8': str(gin_registry.parsed_quantisation())}


def _build_training(root: pathlib.Path) -> list[Original]:
  (original,) = _build_gin(root)
  samples.write_challenge_folder(
    root / original.folder / 'data', {'train': 2, 'validation': 1}
  )
  return [original]


def _train(case: Case) -> list[str]:
  """Trains one step with a configuration; returns the files of the run."""
  logging.set_verbosity(logging.WARNING)
  run = case.output / 'run'
  records_dir = f"train.records_dir = '{case.output}'"
  gin_registry.parse([str(case.path)], [*_ONE_STEP, records_dir])
  gin_registry.train(
    workdir=str(run),
    data_dir=str(case.folder / 'data'),
    config=gin_registry.config_text(),
  )
  return [path.name for path in sorted(run.glob('*.keras'))]


def _build_versions(root: pathlib.Path) -> list[Original]:
  place = root / 'run'
  place.mkdir()
  versions = {'git_commit': 'abc', 'command': ['x'], 'packages': {'keras': '3'}}
  (place / workdir.VERSIONS).write_text(json.dumps(versions))
  return [Original('run', workdir.VERSIONS, texts.damaged_json, 'abc')]


def _read_versions(case: Case) -> str:
  return provenance.training_commit(case.folder)


def _commit_is_right(
  case: Case, content: bytes, expected: Any, found: Any
) -> bool:
  """Returns whether a commit is that of the run, or said to be unknown."""
  del case, content
  return found in (expected, 'unknown')


def _build_keras(root: pathlib.Path) -> list[Original]:
  place = root / 'run'
  networks.write_keras(place / workdir.BEST)
  return [
    Original(
      'run', workdir.BEST, networks.damaged_keras, checked=True, sized=True
    )
  ]


def _predicted(network: keras.Model) -> list[float]:
  """Returns the depths that a network predicts, metres."""
  rgb = samples.rgb(1)[None, :16, :24].astype(np.float32)
  depth_m = np.asarray(network(rgb, training=False), np.float64)
  return [round(float(value), 4) for value in depth_m.ravel()[:50]]


def _load_keras(case: Case) -> list[float]:
  return _predicted(network_file.load_network(case.path))


_NETWORK: list[keras.Model] = []


def _network() -> keras.Model:
  """Returns the network of this process, all of its weights 0.25."""
  if not _NETWORK:
    _NETWORK.append(networks.small_network())
  for variable in _NETWORK[0].variables:
    variable.assign(np.full(variable.shape, 0.25))
  return _NETWORK[0]


def _values(network: keras.Model) -> list[str]:
  return [
    picture_kinds.digest(keras.ops.convert_to_numpy(variable.value))
    for variable in network.variables
  ]


def _build_checkpoint(root: pathlib.Path) -> list[Original]:
  place, truths = root / 'checkpoints', []
  saved = networks.small_network()
  for step in (10, 20):
    for variable in saved.variables:
      variable.assign(variable.value * 2)
    path = checkpoint.save(place, step, 1 / step, {'network': saved.variables})
    truths.append({'step': step, 'best': 1 / step, 'values': _values(saved)})
  return [
    Original(
      'checkpoints',
      path.name,
      containers.damaged_own_npz,
      truths[1],
      checked=True,
      sized=True,
      argument=json.dumps(truths[0]),
    )
  ]


def _restore(case: Case) -> dict[str, Any] | None:
  """Restores the newest whole checkpoint, as a resumed training does."""
  network = _network()
  found = checkpoint.restore_newest(case.folder, {'network': network.variables})
  if found is None:
    return None
  return {'step': found[0], 'best': found[1], 'values': _values(network)}


def _checkpoint_is_right(
  case: Case, content: bytes, expected: Any, found: Any
) -> bool:
  """Returns whether the newest is restored; if not, it is the one before."""
  del content
  if found not in (expected, json.loads(case.original.argument)):
    raise kind_lib.WrongValueError(f'neither checkpoint, but {found}'[:200])
  return found == expected


def _build_weights(root: pathlib.Path) -> list[Original]:
  place = root / 'weights'
  saved = networks.small_network()
  compact_weights.save(place / 'small.npz', saved)
  return [
    Original(
      'weights',
      'small.npz',
      containers.damaged_own_npz,
      checked=True,
      sized=True,
    )
  ]


def _load_weights(case: Case) -> list[str]:
  network = _network()
  compact_weights.load(case.path, network)
  return _values(network)


_BINARY = (0.45, 0.51, 0.04)
KINDS = (
  Kind('gin', _build_gin, _parse, limit_s=30.0, shares=(0.2, 0.76, 0.04)),
  Kind(
    'training', _build_training, _train, limit_s=180.0, shares=(0.1, 0.9, 0.0)
  ),
  Kind(
    'versions',
    _build_versions,
    _read_versions,
    _commit_is_right,
    shares=(0.4, 0.56, 0.04),
  ),
  Kind('keras', _build_keras, _load_keras, limit_s=30.0, shares=_BINARY),
  # A damaged checkpoint is set aside under another name.
  Kind(
    'checkpoint',
    _build_checkpoint,
    _restore,
    _checkpoint_is_right,
    limit_s=30.0,
    shares=_BINARY,
    keeps=False,
    scans=True,
  ),
  Kind('weights', _build_weights, _load_weights, limit_s=30.0, shares=_BINARY),
)
