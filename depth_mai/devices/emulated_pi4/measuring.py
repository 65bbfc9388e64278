# SPDX-License-Identifier: Apache-2.0
"""Counts one model in one configuration, in processes of the emulator."""

import dataclasses
import json
import os
import statistics
import subprocess
import sys

import numpy as np

from depth_mai.devices.emulated_pi4 import guest
from depth_mai.devices.emulated_pi4 import installation as installation_lib
from depth_mai.devices.emulated_pi4 import marks

_PROBE = 'depth_mai.devices.emulated_pi4.probe'
_LINES_OF_ERROR = 6


@dataclasses.dataclass(frozen=True)
class Run:
  """What one process gave.

  Attributes:
    facts: of probe.py.
    counters: dict, of the inference with the median of instructions.
    snapshots: all of them.
    marked: snapshots of the inference whose operators are marked; None without.
    outputs: of the model.
  """

  facts: dict
  counters: dict[str, int]
  snapshots: list[marks.Snapshot]
  marked: list[marks.Snapshot] | None
  outputs: list[np.ndarray]


def run_probe(
  installation: installation_lib.Installation,
  path: str,
  inputs: list[np.ndarray],
  folder: str,
  *,
  xnnpack: bool,
  inferences: int,
  operators: bool,
  cache_model: bool,
  timeout_s: float,
) -> Run:
  """Runs a model in one process of the emulator.

  Args:
    installation: what `setup` made.
    path: a .tflite file.
    inputs: for the model.
    folder: an empty one, for the files that go to and fro.
    xnnpack: whether XNNPACK may take the graph.
    inferences: how many are counted.
    operators: whether one more is counted operator by operator.
    cache_model: whether the data caches are simulated.
    timeout_s: seconds until it is stopped.

  Returns:
    What it gave.

  Raises:
    ValueError: if it failed or took too long.
  """
  files = {
    name: os.path.join(folder, f'{name}{suffix}')
    for name, suffix in (
      ('request', '.json'),
      ('inputs', '.npz'),
      ('outputs', '.npz'),
      ('facts', '.json'),
      ('counts', '.txt'),
    )
  }
  np.savez(files['inputs'], *inputs)
  request = {
    'model': os.path.abspath(path),
    'xnnpack': xnnpack,
    'inferences': inferences,
    'operators': operators,
    **{name: files[name] for name in ('inputs', 'outputs', 'facts')},
  }
  with open(files['request'], 'w', encoding='utf-8') as stream:
    json.dump(request, stream)
  options = [f'out={files["counts"]}'] + ['cache=on'] * cache_model
  try:
    done = guest.run_guest(
      installation,
      ['-m', _PROBE, files['request']],
      pythonpath=[_package_root()],
      timeout_s=timeout_s,
      plugin_options=options,
    )
  except subprocess.TimeoutExpired as error:
    raise ValueError(
      f'{path} took more than {timeout_s:g} s on the emulated Raspberry Pi 4; '
      'raise --timeout_s.'
    ) from error
  if done.returncode:
    said = ' '.join(done.stderr.strip().splitlines()[-_LINES_OF_ERROR:])
    raise ValueError(
      f'{path} cannot be run on the emulated Raspberry Pi 4 (exit code '
      f'{done.returncode}): {said}'
    )
  return _read(files, operators)


def _read(files: dict[str, str], operators: bool) -> Run:
  snapshots = marks.read_snapshots(files['counts'])
  found = marks.inferences(snapshots)
  marked = found.pop() if operators else None
  counted = [marks.counted(inference) for inference in found]
  middle = statistics.median_low([one['instructions'] for one in counted])
  with open(files['facts'], encoding='utf-8') as stream:
    facts = json.load(stream)
  with np.load(files['outputs']) as outputs:
    arrays = [outputs[name] for name in outputs.files]
  counters = next(one for one in counted if one['instructions'] == middle)
  return Run(facts, counters, snapshots, marked, arrays)


def _package_root() -> str:
  """Returns the folder that holds the package depth_mai."""
  package = sys.modules['depth_mai']
  return os.path.dirname(os.path.dirname(os.path.abspath(package.__file__)))
