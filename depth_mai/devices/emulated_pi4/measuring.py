# SPDX-License-Identifier: Apache-2.0
"""Counts one model in one configuration, in processes of the emulator."""

import dataclasses
import json
import os
import statistics
import subprocess

import numpy as np

from depth_mai.devices.emulated_pi4 import guest
from depth_mai.devices.emulated_pi4 import installation as installation_lib
from depth_mai.devices.emulated_pi4 import marks
from depth_mai.runtime import environment

_PROBE = 'depth_mai.devices.emulated_pi4.probe'
_LINES_OF_ERROR = 6


@dataclasses.dataclass(frozen=True)
class Run:
  """The results of one process.

  Attributes:
    facts: facts of probe.py.
    counters: counts of the inference with the median number of instructions.
    snapshots: all snapshots.
    marked: snapshots of the inference with snapshots of each operator; None if
      operators are not counted.
    outputs: outputs of the model.
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
    installation: the emulated Raspberry Pi 4.
    path: a .tflite file.
    inputs: inputs of the model.
    folder: an empty folder for files that the two processes exchange.
    xnnpack: whether XNNPACK may take the graph.
    inferences: number of counted inferences.
    operators: whether to count one more inference operator by operator.
    cache_model: whether to simulate the data caches.
    timeout_s: time limit in seconds.

  Returns:
    The results.

  Raises:
    ValueError: the process failed or took too long.
  """
  names = ('request.json', 'inputs.npz', 'outputs.npz', 'facts.json')
  files = {
    name.partition('.')[0]: os.path.join(folder, name)
    for name in (*names, 'counts.txt')
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
      pythonpath=[environment.package_root()],
      timeout_s=timeout_s,
      plugin_options=options,
    )
  except subprocess.TimeoutExpired as error:
    raise ValueError(
      f'{path} took more than {timeout_s:g} s on the emulated Raspberry Pi 4; '
      'allow more with --timeout_s.'
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
