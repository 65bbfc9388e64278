# SPDX-License-Identifier: Apache-2.0
"""Measures one configuration (threads, XNNPACK) of one model.

Each configuration is measured in a process of its own, so that its memory is
its own and no thread pool or cache of another configuration is around. That
process runs this file: `python -m depth_mai.runtime.configuration JSON`.
"""

import json
import os
import subprocess
import sys

from depth_mai.runtime import delegation
from depth_mai.runtime import environment
from depth_mai.runtime import interpreter as interpreter_lib
from depth_mai.runtime import latency
from depth_mai.runtime import memory

# Marks the line with the result among whatever the runtime prints.
_RESULT = 'depth_mai-configuration '


def measure_configuration(
  path: str, num_threads: int, xnnpack: bool, warmup: int, runs: int
) -> dict:
  """Measures in this process; see `measure_in_child`.

  Args:
    path: a .tflite file.
    num_threads: threads for the kernels.
    xnnpack: whether the XNNPACK delegate may be used.
    warmup: runs that are not counted.
    runs: runs that are.

  Returns:
    dict, ready for JSON: device, runtime, runtime_version, threads, xnnpack,
    warmup, runs, the keys of `latency.summarise`, with_copies_median_ms,
    partitions, operators, operators_outside (None where the runtime does not
    tell), peak_rss_mb (the whole process), model_memory_mb (its growth from
    before loading to the peak), state_before, state_after.

  Raises:
    ValueError: the model cannot be loaded, or a number is out of range.
  """
  machine = environment.describe_machine()
  state_before = environment.describe_state()
  memory.reset_peak()
  before_mb = memory.resident_mb()
  interpreter = interpreter_lib.load_interpreter(path, num_threads, xnnpack)
  invoke_ms, with_copies_ms = latency.time_runs(interpreter, warmup, runs)
  peak_mb = memory.peak_resident_mb()
  taken = delegation.describe_delegation(interpreter)
  grown_mb = None
  if peak_mb is not None and before_mb is not None:
    grown_mb = max(0.0, peak_mb - before_mb)
  return {
    'device': machine['device'],
    'runtime': machine['runtime'],
    'runtime_version': machine['runtime_version'],
    'threads': num_threads,
    'xnnpack': xnnpack,
    'warmup': warmup,
    'runs': runs,
    **latency.summarise(invoke_ms),
    'with_copies_median_ms': latency.summarise(with_copies_ms)['median_ms'],
    'partitions': taken.partitions if taken else None,
    'operators': taken.operators if taken else None,
    'operators_outside': taken.outside if taken else None,
    'peak_rss_mb': peak_mb,
    'model_memory_mb': grown_mb,
    'state_before': state_before,
    'state_after': environment.describe_state(),
  }


def measure_in_child(
  path: str, num_threads: int, xnnpack: bool, warmup: int, runs: int
) -> dict:
  """Measures in a fresh process.

  Args, Returns: as `measure_configuration`.

  Raises:
    ValueError: as there, or the process died (out of memory, illegal
      instruction); its last words are in the message.
  """
  request = json.dumps(
    {
      'path': os.path.abspath(path),
      'num_threads': num_threads,
      'xnnpack': xnnpack,
      'warmup': warmup,
      'runs': runs,
    }
  )
  child = subprocess.run(
    [sys.executable, '-m', 'depth_mai.runtime.configuration', request],
    env={**os.environ, 'PYTHONPATH': _import_path()},
    capture_output=True,
    text=True,
    check=False,
  )
  for line in child.stdout.splitlines():
    if line.startswith(_RESULT):
      answer = json.loads(line[len(_RESULT) :])
      if 'error' in answer:
        raise ValueError(answer['error'])
      return answer
  last_words = '\n'.join(child.stderr.strip().splitlines()[-5:])
  raise ValueError(
    f'Measuring {path} with {num_threads} threads, XNNPACK '
    f'{"on" if xnnpack else "off"}: the process ended with code '
    f'{child.returncode} and no result. {last_words}'
  )


def _import_path() -> str:
  """Returns a PYTHONPATH under which the child finds what this process does."""
  package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
  return os.pathsep.join([os.path.dirname(package), *filter(None, sys.path)])


def _main(request: str) -> None:
  """Measures what the JSON request asks for; prints the result's line."""
  try:
    answer = measure_configuration(**json.loads(request))
  except ValueError as error:
    answer = {'error': str(error)}
  print(_RESULT + json.dumps(answer), flush=True)


if __name__ == '__main__':
  _main(sys.argv[1])
