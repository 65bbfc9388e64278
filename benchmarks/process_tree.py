# SPDX-License-Identifier: Apache-2.0
"""Runs a command and records the memory and the time of it and its children."""

from collections.abc import Sequence
import dataclasses
import os
import pathlib
import subprocess
import time

_MB = 2**20
_PAGE = os.sysconf('SC_PAGE_SIZE')
_TICKS = os.sysconf('SC_CLK_TCK')
_PROC = pathlib.Path('/proc')


@dataclasses.dataclass(frozen=True)
class Record:
  """What a command took.

  Attributes:
    exit_code: exit code of the command.
    seconds: wall-clock time.
    cpu_seconds: CPU time of all processes, but for that of the last moment of
      each since a sample was taken.
    samples: (seconds since the start, MB of 2^20 bytes); resident memory of all
      processes together. What they share counts in each.
  """

  exit_code: int
  seconds: float
  cpu_seconds: float
  samples: list[tuple[float, float]]


def run(
  command: Sequence[str],
  log: str | os.PathLike[str],
  every_s: float = 1.0,
  environment: dict[str, str] | None = None,
) -> Record:
  """Runs a command.

  Args:
    command: the program and its arguments.
    log: file for its output.
    every_s: time between two samples.
    environment: variables to add.

  Returns:
    Its record.
  """
  started = time.monotonic()
  samples = []
  cpu_s: dict[int, float] = {}
  with open(log, 'wb') as output:
    process = subprocess.Popen(
      command,
      stdout=output,
      stderr=subprocess.STDOUT,
      env={**os.environ, **(environment or {})},
    )
    while process.poll() is None:
      processes = tree(process.pid)
      resident = sum(map(_resident_mb, processes))
      cpu_s |= {pid: _cpu_s(pid) or cpu_s.get(pid, 0.0) for pid in processes}
      if resident:
        samples.append(
          (round(time.monotonic() - started, 2), round(resident, 1))
        )
      time.sleep(every_s)
  seconds = time.monotonic() - started
  return Record(process.returncode, seconds, sum(cpu_s.values()), samples)


def tree(pid: int) -> list[int]:
  """Returns a process and all that it started, as far as they still run."""
  parents = {}
  for entry in _PROC.iterdir():
    if entry.name.isdigit():
      try:
        stat = (entry / 'stat').read_text()
      except OSError:  # It has ended.
        continue
      # A name in brackets may contain spaces and brackets.
      parents[int(entry.name)] = int(stat.rpartition(')')[2].split()[1])
  found = [pid] if pid in parents else []
  for one in found:  # It grows while it is read.
    found += [child for child, parent in parents.items() if parent == one]
  return found


def _resident_mb(pid: int) -> float:
  try:
    pages = int((_PROC / str(pid) / 'statm').read_text().split()[1])
  except (OSError, IndexError):
    return 0.0
  return pages * _PAGE / _MB


def _cpu_s(pid: int) -> float:
  try:
    stat = (_PROC / str(pid) / 'stat').read_text()
  except OSError:
    return 0.0
  # The fields after the name in brackets begin with the third one.
  user, system = stat.rpartition(')')[2].split()[11:13]
  return (int(user) + int(system)) / _TICKS
