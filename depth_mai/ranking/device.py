# SPDX-License-Identifier: Apache-2.0
"""Where the runtimes of a leaderboard are measured."""

import os

from depth_mai.runtime import benchmark_report
from depth_mai.runtime import environment

# What --device may name.
DEVICES = ('local',)

# Changes with every update of the system, and says nothing of its speed.
_NOT_IN_KEY = ('os', 'note')


class LocalDevice:
  """The machine that this runs on."""

  def __init__(self, threads: int = 1, warmup: int = 10, runs: int = 50):
    """Describes the machine.

    Args:
      threads: for the kernels, at least 1.
      warmup: runs of each file that are not counted, at least 1.
      runs: runs of each file that are, at least 1.

    Raises:
      ValueError: if a number is below 1, or no interpreter is installed.
    """
    for flag, value in (
      ('threads', threads),
      ('warmup', warmup),
      ('runs', runs),
    ):
      if value < 1:
        raise ValueError(f'--{flag} must be at least 1, got {value}.')
    self._settings = {'threads': threads, 'warmup': warmup, 'runs': runs}
    machine = environment.describe_machine()
    self._machine = {
      'kind': 'local',
      'name': machine['device'],
      **{
        key: machine[key]
        for key in (
          'architecture',
          'cpu_count',
          'os',
          'is_raspberry_pi',
          'runtime',
          'runtime_version',
        )
      },
      'note': benchmark_report.machine_note(machine),
    }

  @property
  def threads(self) -> int:
    """Threads for the kernels."""
    return self._settings['threads']

  def describe(self) -> dict:
    """Returns what leaderboard.json says of it, see standings.py."""
    return {**self._machine, **self._settings}

  def time_key(self) -> dict:
    """Returns what a runtime depends on, beside the file."""
    return {
      key: value
      for key, value in self.describe().items()
      if key not in _NOT_IN_KEY
    }

  def metrics_key(self) -> dict:
    """Returns what predictions depend on, beside the file and the data.

    Kernels of another version or architecture round otherwise; threads change
    nothing.
    """
    return {
      key: self._machine[key]
      for key in ('architecture', 'runtime', 'runtime_version')
    }

  def time(self, path: str | os.PathLike[str]) -> dict:
    """Times a file with XNNPACK and without, each in a fresh process.

    Args:
      path: a .tflite file.

    Returns:
      dict: runtime_ms and runtime_ms_no_xnnpack, medians; partitions, None
      where the runtime does not tell; load_average before the first run, None
      where it is not known.

    Raises:
      ValueError: if the file cannot be measured.
    """
    report = benchmark_report.measure_model(
      os.fspath(path),
      (self.threads,),
      warmup=self._settings['warmup'],
      runs=self._settings['runs'],
    )
    with_xnnpack, without = report['configurations']
    return {
      'runtime_ms': with_xnnpack['median_ms'],
      'runtime_ms_no_xnnpack': without['median_ms'],
      'partitions': with_xnnpack['partitions'],
      'load_average': with_xnnpack['state_before']['load_average'],
    }
