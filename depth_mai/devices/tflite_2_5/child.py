# SPDX-License-Identifier: Apache-2.0
"""Starts processes that run files in TFLite 2.5.0."""

from collections.abc import Sequence
import dataclasses
import json
import os
import subprocess
import tempfile

import numpy as np

from depth_mai import challenge
from depth_mai.devices.tflite_2_5 import installation as installation_lib
from depth_mai.devices.tflite_2_5 import runner
from depth_mai.files import printable
from depth_mai.runtime import configuration
from depth_mai.runtime import environment as environment_lib

RAN = f'loaded and ran in TFLite {installation_lib.RELEASE}'
_LEFT_OUT = ('LD_', 'PYTHON')
_TIMEOUT_S = 600.0
_LONGEST = 600


@dataclasses.dataclass(frozen=True)
class Result:
  """What became of a file.

  Attributes:
    ran: whether it loaded and ran.
    words: RAN, or the runtime's own words, printable.
    outputs: the outputs; empty if it did not run.
    facts: the answer of runner.py; {} if it did not run.
  """

  ran: bool
  words: str
  outputs: list[np.ndarray]
  facts: dict


def command(module: str, arguments: Sequence[str] = ()) -> list[str]:
  """Returns the arguments for the old Python that run a module.

  Neither its own packages nor its user's are seen.

  Args:
    module: a module of this project that runs in Python 3.8.
    arguments: its arguments.
  """
  return ['-s', '-S', '-B', '-m', module, *arguments]


def environment(
  installation: installation_lib.Installation,
) -> dict[str, str]:
  """Returns the variables that the old Python needs, and no others.

  Args:
    installation: the set-up.
  """
  folders = (installation.site, environment_lib.package_root())
  return {
    'PYTHONPATH': os.pathsep.join(folders),
    # NumPy's threads would be counted among those of the kernels.
    'OPENBLAS_NUM_THREADS': '1',
  }


def run(
  installation: installation_lib.Installation,
  path: str | os.PathLike[str],
  inputs: Sequence[np.ndarray],
  xnnpack: bool = True,
  threads: int = 1,
  timing: tuple[int, int] = (0, 0),
  cpus: Sequence[int] = (),
  timeout_s: float = _TIMEOUT_S,
) -> Result:
  """Runs a file in another process.

  Args:
    installation: the set-up.
    path: a .tflite file.
    inputs: one array for each input.
    xnnpack: whether the default delegates may take the graph.
    threads: threads for the kernels.
    timing: (runs that are not counted, runs that are); no timing if 0.
    cpus: CPUs to run on; empty for any.
    timeout_s: time limit in seconds.

  Returns:
    The result, also if the file crashes the runtime.

  Raises:
    subprocess.TimeoutExpired: the time limit passed; the process was ended.
  """
  with tempfile.TemporaryDirectory(prefix='tflite_2_5.') as folder:
    files = {
      name: os.path.join(folder, f'{name}.npz')
      for name in ('inputs', 'outputs')
    }
    np.savez(files['inputs'], *inputs)
    request = {
      'model': os.path.abspath(path),
      'threads': threads,
      'xnnpack': xnnpack,
      'size': challenge.IMAGE_SIZE,
      'warmup': timing[0],
      'runs': timing[1],
      'cpus': list(cpus),
      **files,
    }
    kept = {
      name: value
      for name, value in os.environ.items()
      if not name.startswith(_LEFT_OUT)
    }
    done = subprocess.run(
      [installation.python, *command(runner.__name__, [json.dumps(request)])],
      env=kept | environment(installation),
      stdin=subprocess.DEVNULL,
      capture_output=True,
      timeout=timeout_s,
      check=False,
    )
    answer = _answer(done)
    if 'error' in answer:
      words = printable.printable(answer['error'], _LONGEST)
      return Result(False, words, [], {})
    with np.load(files['outputs']) as outputs:
      arrays = [outputs[name] for name in outputs.files]
  return Result(True, RAN, arrays, answer)


def try_out(installation: installation_lib.Installation) -> None:
  """Checks that the runtime starts.

  Args:
    installation: a new set-up.

  Raises:
    ValueError: it does not.
  """
  done = subprocess.run(
    [installation.python, '-s', '-S', '-B', '-c', _TRIAL],
    env=environment(installation),
    stdin=subprocess.DEVNULL,
    capture_output=True,
    check=False,
  )
  if done.returncode:
    raise ValueError(
      f'TFLite {installation_lib.RELEASE} does not start in '
      f'{installation.python} ({done.returncode}): {_last_lines(done)}. Remove '
      f'{installation.root} and run this again, or give another --python.'
    )


_TRIAL = (
  'from depth_mai.devices.tflite_2_5 import old_interpreter; '
  'old_interpreter.load_library()'
)


def _answer(done: subprocess.CompletedProcess[bytes]) -> dict:
  """Returns the answer of a process, or how it ended, as its error."""
  for line in done.stdout.decode('utf-8', 'replace').splitlines():
    if line.startswith(runner.ANSWER):
      return json.loads(line[len(runner.ANSWER) :])
  how = f'code {done.returncode}'
  if done.returncode < 0:
    how = configuration.signal_name(-done.returncode)
  return {'error': f'It crashed with {how}. {_last_lines(done)}'.rstrip()}


def _last_lines(done: subprocess.CompletedProcess[bytes]) -> str:
  text = done.stderr.decode('utf-8', 'replace').strip()
  return printable.printable(' '.join(text.splitlines()[-3:]), _LONGEST)
