# SPDX-License-Identifier: Apache-2.0
"""Runs a file in TFLite 2.5.0, as a program.

It runs in Python 3.8 and 3.9, and so does everything that is imported here.
child.py starts it with a JSON object as its argument: model (the file),
threads, xnnpack, size ([height, width] of an open input), inputs and outputs
(.npz files to read and to write), warmup and runs (0 to run once), cpus
(numbers, empty for any). It prints the answer, a JSON object: error, the
runtime's own words; or operators (names), times_ms, with_copies_ms, before_mb
and peak_mb.
"""

from __future__ import annotations

import json
import os
import sys

import numpy as np

from depth_mai.devices.tflite_2_5 import old_interpreter
from depth_mai.runtime import latency
from depth_mai.runtime import open_sizes

# Marks the line with the answer in the output of the runtime.
ANSWER = 'depth_mai-tflite_2_5 '


def run(request: dict) -> dict:
  """Runs a file; returns the answer.

  Args:
    request: see the top of this file.

  Raises:
    ValueError: the runtime refuses the file, or a CPU cannot be used.
    RuntimeError: the runtime refuses the file.
  """
  cpus = set(request['cpus'])
  if not cpus <= os.sched_getaffinity(0):
    raise ValueError(
      f'This process may not use all of the CPUs {sorted(cpus)}.'
    )
  if cpus:
    os.sched_setaffinity(0, cpus)
  old_interpreter.load_library()
  before_mb = _status_mb('VmRSS')
  with open(request['model'], 'rb') as stream:
    content = stream.read()
  interpreter = old_interpreter.Interpreter(
    content, request['threads'], request['xnnpack']
  )
  open_sizes.close(interpreter, tuple(request['size']))
  with np.load(request['inputs']) as inputs:
    for place, detail in enumerate(interpreter.get_input_details()):
      interpreter.set_tensor(detail['index'], inputs[f'arr_{place}'])
  interpreter.invoke()
  details = interpreter.get_output_details()
  np.savez(
    request['outputs'],
    *[interpreter.get_tensor(detail['index']) for detail in details],
  )
  times_ms = with_copies_ms = np.zeros(0)
  if request['runs']:
    times_ms, with_copies_ms = latency.time_runs(
      interpreter, request['warmup'], request['runs']
    )
  return {
    'operators': interpreter.operator_names(),
    'times_ms': times_ms.tolist(),
    'with_copies_ms': with_copies_ms.tolist(),
    'before_mb': before_mb,
    'peak_mb': _status_mb('VmHWM'),
  }


def _status_mb(key: str) -> float:
  """Returns an entry of /proc/self/status, MB of 2^20 bytes."""
  with open('/proc/self/status', encoding='ascii') as stream:
    fields = dict(line.split(':', 1) for line in stream)
  return int(fields[key].split()[0]) / 1024


def main() -> None:
  """Carries out the request in the program's argument; prints the answer."""
  try:
    answer = run(json.loads(sys.argv[1]))
  except (ValueError, RuntimeError) as error:
    answer = {'error': ' '.join(str(error).split())}
  print('\n' + ANSWER + json.dumps(answer), flush=True)


if __name__ == '__main__':
  main()
