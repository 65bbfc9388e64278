# SPDX-License-Identifier: Apache-2.0
"""Runs damaged inputs in several workers at once, with time limits."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from multiprocessing import connection
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
from typing import Any

from benchmarks.damage import kind as kind_lib
from benchmarks.damage import outcome

# Longest time to import TensorFlow and read the first input.
_START_S = 240.0
_BUILD_S = 600.0
_WORKER = 'benchmarks.damage.worker'
_MOST_MESSAGE = 4000


class Fault(Exception):  # noqa: N818, it is no error of the project
  """A fault of the program that damages, not of what it tests."""


class _Process:
  """A worker, and the input that it has."""

  def __init__(self, folder: pathlib.Path):
    self._folder = folder
    self._process: subprocess.Popen | None = None
    self._channel: connection.Connection | None = None
    self.task: tuple[str, int] | None = None
    self._what = ''
    self._limit_s = 0.0
    self.deadline_s = 0.0

  @property
  def case(self) -> pathlib.Path:
    """The folder of the input."""
    return self._folder / 'case'

  @property
  def channel(self) -> connection.Connection:
    """The channel to the process, which is started if necessary."""
    if self._channel is None:
      self._folder.mkdir(parents=True, exist_ok=True)
      self._channel, other = connection.Pipe()
      temporary = self._folder / 'tmp'
      temporary.mkdir(exist_ok=True)
      with (
        open(self._folder / 'out', 'w+b') as out,
        open(self._folder / 'log', 'w+b') as log,
      ):
        self._process = subprocess.Popen(
          [
            sys.executable,
            '-m',
            _WORKER,
            str(other.fileno()),
          ],
          stdin=subprocess.DEVNULL,
          stdout=out,
          stderr=log,
          pass_fds=[other.fileno()],
          start_new_session=True,
          env={
            **os.environ,
            'TMPDIR': str(temporary),
            'TF_CPP_MIN_LOG_LEVEL': '2',
            'DEPTH_MAI_RECORDS': str(self._folder / 'records'),
            'OMP_NUM_THREADS': '1',
          },
        )
      other.close()
    return self._channel

  def request(self, action: str, *arguments: Any) -> None:
    """Sends a request."""
    self.channel.send((action, arguments))

  def start(self, task: tuple[str, int], *request: Any) -> None:
    """Begins an input."""
    self.task, self._what = task, ''
    self.deadline_s = time.monotonic() + _START_S
    self.request('run', *request)

  def receive(self) -> outcome.Outcome | None:
    """Reads an answer; returns the outcome if the input is done.

    Raises:
      Fault: the worker itself failed.
    """
    kind, number = self.task or ('', -1)
    try:
      answer, content = self.channel.recv()
    except EOFError:
      return self._lost(kind, number)
    if answer == 'started':
      self._what, self._limit_s = content
      self.deadline_s = time.monotonic() + self._limit_s
      return None
    if answer == 'fault':
      raise Fault(f'{kind}:{number}: {content}')
    self.task = None
    return outcome.Outcome(kind, number, **content)

  def built(self) -> None:
    """Reads the answer to the request for undamaged inputs.

    Raises:
      Fault: there are none.
    """
    kind = (self.task or ('',))[0]
    try:
      answer, content = self.channel.recv()
    except EOFError as error:
      raise Fault(f'{kind}: the worker ended:\n{self._log()}') from error
    if answer != 'built':
      raise Fault(f'{kind}: {content}\n{self._log()[-_MOST_MESSAGE:]}')
    self.task = None

  def _lost(self, kind: str, number: int) -> outcome.Outcome:
    """Returns the outcome of an input with which the process ended."""
    assert self._process is not None
    code = self._process.wait()
    if not self._what:
      raise Fault(f'{kind}:{number}: the worker ended ({code}):\n{self._log()}')
    name = outcome.SIGNAL
    text = f'exit code {code}'
    if code < 0:
      text = signal.Signals(-code).name
    message = self._log()[-_MOST_MESSAGE:]
    self.stop()
    return outcome.Outcome(kind, number, name, self._what, message, text)

  def expire(self) -> outcome.Outcome:
    """Ends the process of an input that takes too long."""
    kind, number = self.task or ('', -1)
    if not self._what:
      raise Fault(f'{kind}:{number}: the worker did not start:\n{self._log()}')
    message = self._log()[-_MOST_MESSAGE:]
    self.stop()
    return outcome.Outcome(
      kind, number, outcome.HANG, self._what, message,
      f'no result after {self._limit_s:g} s', self._limit_s,
    )  # fmt: skip

  def _log(self) -> str:
    return (self._folder / 'log').read_text('utf-8', 'backslashreplace')

  def stop(self) -> None:
    """Ends the process and those that it started."""
    if self._process is not None:
      try:
        os.killpg(self._process.pid, signal.SIGKILL)
      except ProcessLookupError:
        pass
      self._process.wait()
    if self._channel is not None:
      self._channel.close()
    self._process = self._channel = self.task = None


class Pool:
  """Workers that share a folder."""

  def __init__(
    self,
    folder: pathlib.Path,
    workers: int,
    modules: Mapping[str, Mapping[str, float]] | None = None,
  ):
    """Prepares workers, which start when they are needed.

    Args:
      folder: for undamaged inputs and the folders of the workers.
      workers: number of processes.
      modules: kinds by module; `kind.KIND_MODULES` by default.
    """
    self._modules = modules or kind_lib.KIND_MODULES
    self._originals = folder / 'originals'
    self._processes = [_Process(folder / f'worker{i}') for i in range(workers)]

  def __enter__(self) -> 'Pool':
    return self

  def __exit__(self, *unused: object) -> None:
    for process in self._processes:
      process.stop()

  def build(self, kinds: Iterable[str]) -> None:
    """Writes the undamaged inputs of some kinds.

    Raises:
      Fault: they cannot be written, or their value is not the known one.
    """
    waiting = list(kinds)
    while waiting or any(process.task for process in self._processes):
      for process in self._processes:
        if process.task is None and waiting:
          # The last kinds take the longest.
          self._build(process, waiting.pop())
      busy = [process for process in self._processes if process.task]
      ready = connection.wait([one.channel for one in busy], _BUILD_S)
      if not ready:
        raise Fault(f'{busy[0].task}: no undamaged inputs after {_BUILD_S:g} s')
      for process in busy:
        if process.channel in ready:
          process.built()
    # The workers may have imported TensorFlow, which not all inputs need.
    for process in self._processes:
      process.stop()

  def _build(self, process: _Process, kind: str) -> None:
    folder = self._originals / kind
    shutil.rmtree(folder, ignore_errors=True)
    process.task = kind, -1
    module = kind_lib.module_of(kind, self._modules)
    process.request('build', module, kind, str(folder))

  def run(
    self, tasks: Iterable[tuple[str, int]], seed: int
  ) -> Iterator[tuple[outcome.Outcome, pathlib.Path]]:
    """Runs inputs; yields each outcome with the folder of its input.

    The folder is used again for the next input.

    Args:
      tasks: kind and number of each input; the kinds must have been built.
      seed: seed of all damage.

    Raises:
      Fault: a worker itself failed.
    """
    waiting = iter(tasks)
    while True:
      for process in self._processes:
        if process.task is None and (task := next(waiting, None)) is not None:
          self._start(process, task, seed)
      busy = [process for process in self._processes if process.task]
      if not busy:
        return
      first_s = min(process.deadline_s for process in busy) - time.monotonic()
      ready = connection.wait([one.channel for one in busy], max(0.0, first_s))
      for process in busy:
        if process.channel in ready:
          found = process.receive()
        elif time.monotonic() > process.deadline_s:
          found = process.expire()
        else:
          continue
        if found is not None:
          yield found, process.case

  def _start(self, process: _Process, task: tuple[str, int], seed: int) -> None:
    kind, number = task
    process.start(
      task,
      kind_lib.module_of(kind, self._modules),
      kind,
      str(self._originals / kind),
      str(process.case),
      seed,
      number,
    )
