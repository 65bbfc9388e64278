# SPDX-License-Identifier: Apache-2.0
"""Measures one configuration (threads, XNNPACK, CPUs) of one model.

Each configuration is measured in a process of its own, so that its memory is
its own and no thread pool or cache of another configuration is around. That
process runs this file: `python -m depth_mai.runtime.configuration JSON`.
"""

from collections.abc import Sequence
import dataclasses
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
  path: str,
  num_threads: int,
  xnnpack: bool,
  warmup: int,
  runs: int,
  cpus: Sequence[int] = (),
) -> dict:
  """Measures in this process; see `measure_in_child`.

  Args:
    path: a .tflite file.
    num_threads: threads for the kernels.
    xnnpack: whether the XNNPACK delegate may be used.
    warmup: runs that are not counted.
    runs: runs that are.
    cpus: CPUs that this process stays on from now on; empty for as it is.

  Returns:
    dict, ready for JSON: device, runtime, runtime_version, threads, xnnpack,
    cpus (those the process may use; None where the system does not tell),
    warmup, runs, the keys of `latency.summarise`, with_copies_median_ms,
    partitions, operators, operators_outside (None where the runtime does not
    tell), peak_rss_mb (the whole process), model_memory_mb (its growth from
    before loading to the peak), state_before, state_after.

  Raises:
    ValueError: the model cannot be loaded, a number is out of range, or there
      is no such CPU.
  """
  # Before the interpreter starts its threads: they inherit it.
  environment.pin_to_cpus(cpus)
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
    'cpus': environment.usable_cpus(),
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


@dataclasses.dataclass(frozen=True)
class Request:
  """A configuration to measure in a process of its own, here or elsewhere.

  Attributes:
    path: the .tflite file, absolute, where the process runs.
    num_threads: threads for the kernels.
    xnnpack: whether the XNNPACK delegate may be used.
    warmup: runs that are not counted.
    runs: runs that are.
    cpus: CPUs to stay on; empty for any.
  """

  path: str
  num_threads: int
  xnnpack: bool
  warmup: int
  runs: int
  cpus: tuple[int, ...] = ()

  def __str__(self) -> str:
    """Returns what is measured, for messages."""
    return (
      f'Measuring {self.path} with {self.num_threads} threads, XNNPACK '
      f'{"on" if self.xnnpack else "off"}'
    )

  def arguments(self) -> list[str]:
    """Returns the arguments for the Python that shall measure."""
    request = json.dumps(dataclasses.asdict(self))
    return ['-m', 'depth_mai.runtime.configuration', request]

  def read_answer(self, returncode: int, stdout: str, stderr: str) -> dict:
    """Finds the result in what that process printed.

    Args:
      returncode: of the process; negative for a signal.
      stdout: what it printed.
      stderr: what it printed there.

    Returns:
      As `measure_configuration`.

    Raises:
      ValueError: what `measure_configuration` raised there, or the process died
        (out of memory, illegal instruction); its last words are in the message.
    """
    for line in stdout.splitlines():
      if line.startswith(_RESULT):
        answer = json.loads(line[len(_RESULT) :])
        if 'error' in answer:
          raise ValueError(answer['error'])
        return answer
    last_words = '\n'.join(stderr.strip().splitlines()[-5:])
    raise ValueError(
      f'{self}: the process ended with code {returncode} and no result. '
      f'{last_words}'
    )

  def took_too_long(self, timeout_s: float) -> str:
    """Returns the message for a process that was ended for its time.

    Args:
      timeout_s: seconds that it had.
    """
    return (
      f'{self}: it was not done after {timeout_s:g} s; allow more with '
      '--timeout_s, or measure less with --warmup and --runs.'
    )


def measure_in_child(
  path: str,
  num_threads: int,
  xnnpack: bool,
  warmup: int,
  runs: int,
  cpus: Sequence[int] = (),
  timeout_s: float | None = None,
) -> dict:
  """Measures in a fresh process.

  Args:
    path: a .tflite file.
    num_threads: threads for the kernels.
    xnnpack: whether the XNNPACK delegate may be used.
    warmup: runs that are not counted.
    runs: runs that are.
    cpus: CPUs to stay on; empty for any.
    timeout_s: seconds that it may take; None for any.

  Returns:
    As `measure_configuration`.

  Raises:
    ValueError: as there, or it took too long, or the process died.
  """
  request = Request(
    os.path.abspath(path), num_threads, xnnpack, warmup, runs, tuple(cpus)
  )
  try:
    child = subprocess.run(
      [sys.executable, *request.arguments()],
      env={**os.environ, 'PYTHONPATH': environment.import_path()},
      capture_output=True,
      text=True,
      timeout=timeout_s,
      check=False,
    )
  except subprocess.TimeoutExpired as error:
    raise ValueError(request.took_too_long(timeout_s)) from error
  return request.read_answer(child.returncode, child.stdout, child.stderr)


def _main(request: str) -> None:
  """Measures what the JSON request asks for; prints the result's line."""
  try:
    answer = measure_configuration(**json.loads(request))
  except ValueError as error:
    answer = {'error': str(error)}
  print(_RESULT + json.dumps(answer), flush=True)


if __name__ == '__main__':
  _main(sys.argv[1])
