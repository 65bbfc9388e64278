# SPDX-License-Identifier: Apache-2.0
"""Measures one configuration (threads, XNNPACK, CPUs) of one model.

Each configuration is measured in a fresh process, which runs this file:
`python -m depth_mai.runtime.configuration JSON`. So thread pools and caches of
other configurations affect neither its memory nor its speed.
"""

import dataclasses
import json
import signal
import subprocess
import sys

from depth_mai.runtime import cpus
from depth_mai.runtime import delegation
from depth_mai.runtime import environment
from depth_mai.runtime import interpreter as interpreter_lib
from depth_mai.runtime import latency

_MODULE = 'depth_mai.runtime.configuration'
# Marks the line with the result in the output of the runtime.
_RESULT = 'depth_mai-configuration '


@dataclasses.dataclass(frozen=True)
class Request:
  """A configuration to measure in a fresh process, here or on a device.

  Attributes:
    path: the .tflite file, as the measuring process finds it.
    num_threads: threads for the kernels.
    xnnpack: whether the XNNPACK delegate may be used.
    warmup: number of warm-up runs, which are not counted.
    runs: number of counted runs.
    cpus: CPUs to pin the process to; empty for any.
  """

  path: str
  num_threads: int
  xnnpack: bool
  warmup: int
  runs: int
  cpus: tuple[int, ...] = ()

  def __str__(self) -> str:
    """Returns a description for messages."""
    return (
      f'Measuring {self.path} with {self.num_threads} threads, XNNPACK '
      f'{"on" if self.xnnpack else "off"}'
    )

  def arguments(self) -> list[str]:
    """Returns the arguments for the Python of the measuring process."""
    return ['-m', _MODULE, json.dumps(dataclasses.asdict(self))]

  def read_answer(self, returncode: int, stdout: str, stderr: str) -> dict:
    """Finds the result in the output of the measuring process.

    Args:
      returncode: exit code of the process; negative for a signal.
      stdout: its standard output.
      stderr: its standard error.

    Returns:
      The result of `measure_configuration`.

    Raises:
      ValueError: `measure_configuration` raised one, or the process died (out
        of memory, illegal instruction); the message has the end of `stderr`.
    """
    for line in stdout.splitlines():
      if line.startswith(_RESULT):
        answer = json.loads(line[len(_RESULT) :])
        if 'error' in answer:
          raise ValueError(answer['error'])
        return answer
    last_lines = '\n'.join(stderr.strip().splitlines()[-5:])
    if returncode < 0:
      raise ValueError(
        f'{self}: the process was ended by {signal_name(-returncode)}. The '
        'file is damaged or hostile, or memory ran out; depth_mai.judge judges '
        f'files of strangers. {last_lines}'
      )
    raise ValueError(
      f'{self}: the process ended with code {returncode} and no result. '
      f'{last_lines}'
    )

  def took_too_long(self, timeout_s: float) -> str:
    """Returns the message for a process that was ended after its time limit.

    Args:
      timeout_s: the time limit, seconds.
    """
    return (
      f'{self}: it was not done after {timeout_s:g} s; allow more with '
      '--timeout_s, or measure less with --warmup and --runs.'
    )


def signal_name(number: int) -> str:
  """Returns 'SIGSEGV' and the like.

  Args:
    number: number of a signal.
  """
  try:
    return signal.Signals(number).name
  except ValueError:  # A signal of another system.
    return f'signal {number}'


def measure_configuration(request: Request) -> dict:
  """Measures in this process; see `measure_in_child`.

  Args:
    request: the configuration; its CPUs stay set after the measurement.

  Returns:
    dict, ready for JSON: device, runtime, runtime_version, threads, xnnpack,
    cpus (those the process may use; None where unknown), warmup, runs, the keys
    of `latency.summarise`, with_copies_median_ms, partitions, operators,
    operators_outside (None where the runtime does not report them), peak_rss_mb
    (the whole process), model_memory_mb (its growth from before loading to the
    peak), state_before, state_after.

  Raises:
    ValueError: the model cannot be loaded, a number is out of range, or a CPU
      does not exist.
  """
  # Before the interpreter starts its threads, because they inherit it.
  environment.pin_to_cpus(request.cpus)
  machine = environment.describe_machine()
  state_before = environment.describe_state()
  environment.reset_peak_memory()
  before_mb = environment.resident_mb()
  interpreter = interpreter_lib.load_interpreter(
    request.path, request.num_threads, request.xnnpack
  )
  invoke_ms, with_copies_ms = latency.time_runs(
    interpreter, request.warmup, request.runs
  )
  peak_mb = environment.peak_resident_mb()
  taken = delegation.describe_delegation(interpreter)
  grown_mb = None
  if peak_mb is not None and before_mb is not None:
    grown_mb = max(0.0, peak_mb - before_mb)
  return {
    'device': machine['device'],
    'runtime': machine['runtime'],
    'runtime_version': machine['runtime_version'],
    'threads': request.num_threads,
    'xnnpack': request.xnnpack,
    'cpus': cpus.usable_cpus(),
    'warmup': request.warmup,
    'runs': request.runs,
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


def measure_in_child(request: Request, timeout_s: float | None = None) -> dict:
  """Measures in a fresh process of this machine.

  Args:
    request: the configuration.
    timeout_s: time limit in seconds; None for no limit.

  Returns:
    The result of `measure_configuration`.

  Raises:
    ValueError: `measure_configuration` raised one, the time limit passed, or
      the process died.
  """
  try:
    child = environment.run_python(request.arguments(), timeout_s)
  except subprocess.TimeoutExpired as error:
    raise ValueError(request.took_too_long(error.timeout)) from error
  return request.read_answer(child.returncode, child.stdout, child.stderr)


def _main(request: str) -> None:
  """Measures the configuration in a JSON text; prints the result."""
  try:
    answer = measure_configuration(Request(**json.loads(request)))
  except ValueError as error:
    answer = {'error': str(error)}
  print(_RESULT + json.dumps(answer), flush=True)


if __name__ == '__main__':
  _main(sys.argv[1])
