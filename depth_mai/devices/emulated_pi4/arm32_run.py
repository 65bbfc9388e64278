# SPDX-License-Identifier: Apache-2.0
"""Runs a model in TFLite 2.5.0 in the emulated 32-bit system."""

import collections
import os

import numpy as np

from depth_mai.devices.emulated_pi4 import arm32
from depth_mai.devices.emulated_pi4 import guest
from depth_mai.devices.emulated_pi4 import marks
from depth_mai.runtime import graph as graph_lib
from depth_mai.runtime import interpreter as interpreter_lib

_PROBE = 'depth_mai.devices.emulated_pi4.arm32_probe'


def run(
  system: arm32.Arm32,
  path: str,
  inputs: list[np.ndarray],
  folder: str,
  *,
  inferences: int,
  operators: bool,
  timeout_s: float,
) -> guest.Run:
  """Runs a model in one process.

  Args:
    system: the 32-bit system.
    path: a .tflite file whose inputs have fixed sizes.
    inputs: inputs of the model.
    folder: an empty folder for files that the two processes exchange.
    inferences: number of counted inferences.
    operators: whether to count each operator.
    timeout_s: time limit in seconds.

  Returns:
    The results. Only instructions are counted, and all inferences are marked.

  Raises:
    ValueError: the process failed or took too long.
  """
  loaded = interpreter_lib.load_interpreter(path)
  files: dict[str, dict[int, str]] = {
    kind: {
      int(detail['index']): os.path.join(folder, f'{kind}_{detail["index"]}')
      for detail in details
    }
    for kind, details in (
      ('inputs', loaded.get_input_details()),
      ('outputs', loaded.get_output_details()),
    )
  }
  for name, values in zip(files['inputs'].values(), inputs, strict=True):
    values.tofile(name)
  request = {
    'library': system.library,
    'model': os.path.abspath(path),
    'inferences': inferences,
    'operators': operators,
    **files,
  }
  snapshots = guest.count(system, _PROBE, request, folder, [], timeout_s)
  found = marks.inferences(snapshots)
  outputs = [
    np.fromfile(name, detail['dtype']).reshape(detail['shape'])
    for name, detail in zip(
      files['outputs'].values(), loaded.get_output_details(), strict=True
    )
  ]
  return guest.Run(
    _facts(path),
    guest.middle(found),
    snapshots,
    found[-1] if operators else None,
    outputs,
  )


def _facts(path: str) -> dict:
  """Returns what probe.py asks LiteRT for; here nothing takes the graph."""
  names = collections.Counter(
    operator.name for operator in graph_lib.read_graph(path).main.operators
  )
  return {
    'machine': {'runtime_version': arm32.RELEASE},
    'partitions': 0,
    'operators': sum(names.values()),
    'operators_outside': dict(names),
    'delegates': [],
  }
