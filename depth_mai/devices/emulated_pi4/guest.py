# SPDX-License-Identifier: Apache-2.0
"""Runs Python and models in the emulated Raspberry Pi 4."""

from collections.abc import Sequence
import dataclasses
import json
import os
import signal
import statistics
import subprocess

import numpy as np

from depth_mai.devices.emulated_pi4 import installation as installation_lib
from depth_mai.devices.emulated_pi4 import marks
from depth_mai.runtime import environment as environment_lib

# Variables that change how QEMU, the loader or Python behave.
_PREFIXES_LEFT_OUT = ('QEMU_', 'LD_', 'PYTHON')
# One thread, because instructions of waiting threads would be counted as well.
_ENVIRONMENT = {
  'OPENBLAS_NUM_THREADS': '1',
  'PYTHONHASHSEED': '0',
  'PYTHONDONTWRITEBYTECODE': '1',
  'PYTHONUNBUFFERED': '1',
}
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


def run_guest(
  installation: installation_lib.Installation,
  args: Sequence[str],
  pythonpath: Sequence[str] = (),
  timeout_s: float | None = None,
  environment: dict[str, str] | None = None,
  plugin_options: Sequence[str] | None = None,
  capture: bool = True,
  cwd: str | None = None,
) -> subprocess.CompletedProcess:
  """Runs the emulated Python, which sees the host's files.

  Programs that it starts with sys.executable run emulated as well.

  Args:
    installation: the emulated Raspberry Pi 4.
    args: arguments of Python, e.g. ['-m', 'depth_mai.predict', '--help'].
    pythonpath: folders with more packages, which precede the installed ones.
    timeout_s: time limit in seconds; None for no limit.
    environment: variables to add to those of this process.
    plugin_options: options of the plugin that counts instructions, such as
      ['out=FILE', 'cache=on']; None to run without the plugin.
    capture: whether to capture the output instead of printing it.
    cwd: folder to run in.

  Returns:
    A CompletedProcess with stdout and stderr as texts, and any return code.

  Raises:
    subprocess.TimeoutExpired: the time limit passed; the process and its
      children were ended.
  """
  command = [installation.launcher]
  if plugin_options is not None:
    plugin = ','.join([installation.plugin, *plugin_options])
    command = [*installation.emulation, '-plugin', plugin]
    command += [installation.python, '-S']
  variables = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(_PREFIXES_LEFT_OUT)
  }
  variables |= _ENVIRONMENT | (environment or {})
  folders = [os.path.abspath(folder) for folder in pythonpath]
  variables['PYTHONPATH'] = ':'.join([*folders, installation.site])
  pipe = subprocess.PIPE if capture else None
  with subprocess.Popen(
    [*command, *args],
    stdout=pipe,
    stderr=pipe,
    stdin=subprocess.DEVNULL if capture else None,
    text=True,
    env=variables,
    cwd=cwd,
    start_new_session=True,
  ) as process:
    try:
      stdout, stderr = process.communicate(timeout=timeout_s)
    except BaseException:
      os.killpg(process.pid, signal.SIGKILL)
      raise
  return subprocess.CompletedProcess(
    process.args, process.returncode, stdout, stderr
  )


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
  files = {
    name: os.path.join(folder, f'{name}.npz') for name in ('inputs', 'outputs')
  }
  files['facts'] = os.path.join(folder, 'facts.json')
  np.savez(files['inputs'], *inputs)
  request = {
    'model': os.path.abspath(path),
    'xnnpack': xnnpack,
    'inferences': inferences,
    'operators': operators,
    **files,
  }
  snapshots = count(
    installation,
    _PROBE,
    request,
    folder,
    ['cache=on'] * cache_model,
    timeout_s,
  )
  found = marks.inferences(snapshots)
  marked = found.pop() if operators else None
  with open(files['facts'], encoding='utf-8') as stream:
    facts = json.load(stream)
  with np.load(files['outputs']) as outputs:
    arrays = [outputs[name] for name in outputs.files]
  return Run(facts, middle(found), snapshots, marked, arrays)


def count(
  installation: installation_lib.Installation,
  program: str,
  request: dict,
  folder: str,
  plugin_options: Sequence[str],
  timeout_s: float,
) -> list[marks.Snapshot]:
  """Runs one of the emulator's programs while the plugin counts.

  Args:
    installation: the emulated Raspberry Pi 4, or its 32-bit system.
    program: name of the module.
    request: what the program reads; 'model' is the file's path.
    folder: a folder for files that the two processes exchange.
    plugin_options: see `run_guest`; 'out' is added.
    timeout_s: time limit in seconds.

  Returns:
    The snapshots.

  Raises:
    ValueError: the process failed or took too long.
  """
  asked, counts = (
    os.path.join(folder, name) for name in ('request.json', 'counts.txt')
  )
  with open(asked, 'w', encoding='utf-8') as stream:
    json.dump(request, stream)
  path = request['model']
  try:
    done = run_guest(
      installation,
      ['-m', program, asked],
      pythonpath=[environment_lib.package_root()],
      timeout_s=timeout_s,
      plugin_options=[f'out={counts}', *plugin_options],
    )
  except subprocess.TimeoutExpired as error:
    raise ValueError(
      f'{path} took more than {timeout_s:g} s on the emulated Raspberry Pi 4; '
      'allow more with --timeout_s.'
    ) from error
  if done.returncode:
    words = ' '.join(done.stderr.strip().splitlines()[-_LINES_OF_ERROR:])
    raise ValueError(
      f'{path} cannot be run on the emulated Raspberry Pi 4 (exit code '
      f'{done.returncode}): {words}'
    )
  return marks.read_snapshots(counts)


def middle(inferences: list[list[marks.Snapshot]]) -> dict[str, int]:
  """Returns the counts of the inference with the median count.

  Args:
    inferences: the snapshots of each.
  """
  counted = [marks.counted(one) for one in inferences]
  median = statistics.median_low([one['instructions'] for one in counted])
  return next(one for one in counted if one['instructions'] == median)
