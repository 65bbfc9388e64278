# SPDX-License-Identifier: Apache-2.0
"""Processes that take turns: each waits for a line, runs steps and answers.

Only one of them works at a time, and all do so in the same minutes. Other work
of the machine meets all of them, and the ratio of two neighbouring turns
depends less on it than either time does.

Needs only the standard library, as workers may run in another Python.
"""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
import json
import os
import pathlib
import subprocess
import sys
import time
from typing import Any
from typing import NamedTuple

_ROOT = pathlib.Path(__file__).absolute().parents[2]


class Turn(NamedTuple):
  """What the steps of a turn took.

  Attributes:
    elapsed_s: by the clock, for one step.
    cpu_s: processor time of all threads, for one step.
  """

  elapsed_s: float
  cpu_s: float


def serve(prepare: Callable[[], tuple[Callable[[], object], Any]]) -> None:
  """Runs a worker: answers lines on standard input until it ends.

  A line holds a number of steps. What libraries print goes to standard error.

  Args:
    prepare: returns the step, and what the worker reports first, as JSON holds
      it.
  """
  answers = os.fdopen(os.dup(sys.stdout.fileno()), 'w')
  os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

  def answer(value: Any) -> None:
    answers.write(json.dumps(value) + '\n')
    answers.flush()

  step, report = prepare()
  answer(report)
  for line in sys.stdin:
    steps = int(line)
    step()  # Brings its data back into the caches.
    elapsed_s, cpu_s = time.perf_counter(), time.process_time()
    for _ in range(steps):
      step()
    elapsed_s = time.perf_counter() - elapsed_s
    cpu_s = time.process_time() - cpu_s
    answer([elapsed_s / steps, cpu_s / steps])


class Worker:
  """A process that runs `serve`.

  Attributes:
    name: for messages and tables.
  """

  def __init__(
    self,
    name: str,
    command: Sequence[str],
    log: pathlib.Path,
    environment: Mapping[str, str] | None = None,
  ):
    """Starts the process.

    Args:
      name: see the attribute.
      command: the command line.
      log: file for its standard error.
      environment: variables to add to those of this process.
    """
    self.name = name
    self._log = log
    with open(log, 'w') as errors:
      self._process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        cwd=_ROOT,
        env={
          **os.environ,
          'PYTHONPATH': str(_ROOT),
          **(environment or {}),
        },
      )

  def answer(self) -> Any:
    """Waits for the next answer.

    Raises:
      ValueError: if the process ended.
    """
    assert self._process.stdout
    line = self._process.stdout.readline()
    if not line:
      code = self._process.wait()
      lines = self._log.read_text().strip().splitlines() or ['no message']
      raise ValueError(
        f'{self.name}: the process ended with the code {code}: {lines[-1]}'
      )
    return json.loads(line)

  def turn(self, steps: int) -> Turn:
    """Lets the process run.

    Args:
      steps: how many steps it is timed for.

    Raises:
      ValueError: if the process ended.
    """
    assert self._process.stdin
    try:
      self._process.stdin.write(f'{steps}\n')
      self._process.stdin.flush()
    except BrokenPipeError:
      pass  # `answer` says why.
    return Turn(*self.answer())

  def close(self) -> None:
    """Ends the process."""
    self._process.kill()
    self._process.communicate()


def race(workers: Sequence[Worker], turns: int, steps: int) -> list[list[Turn]]:
  """Lets workers take turns.

  Args:
    workers: what is compared.
    turns: turns of each. Each round starts with another worker, as the first
      one of a round may meet something else than the last one does.
    steps: steps of each turn.

  Returns:
    The turns of each worker.
  """
  taken: list[list[Turn]] = [[] for _ in workers]
  for number in range(turns):
    for place in range(len(workers)):
      index = (number + place) % len(workers)
      taken[index].append(workers[index].turn(steps))
  return taken
