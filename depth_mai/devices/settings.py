# SPDX-License-Identifier: Apache-2.0
"""Settings of a measurement, the same for all devices."""

import dataclasses

from depth_mai.runtime import interpreter


@dataclasses.dataclass(frozen=True)
class Settings:
  """How to measure.

  Attributes:
    threads: numbers of threads to measure with, each at least 1, no repeats.
    warmup: runs of each configuration that are not counted, at least 1.
    runs: runs of each configuration that are counted, at least 1.
    cpus: numbers of the CPUs to use; empty for all.
    timeout_s: time limit of one configuration, seconds.
    litert_benchmark: whether to run LiteRT's own benchmark as well, where it is
      installed (device 'local').
    adb_benchmark: TensorFlow Lite's benchmark_model for Android, a file; empty
      to go without (device 'adb').
  """

  threads: tuple[int, ...] = (1,)
  warmup: int = 10
  runs: int = 50
  cpus: tuple[int, ...] = ()
  timeout_s: float = 600.0
  litert_benchmark: bool = False
  adb_benchmark: str = ''

  def __post_init__(self):
    """Checks the settings."""
    if (
      not self.threads
      or min(self.threads) < 1
      or max(self.threads) > interpreter.MOST_THREADS
      or len(set(self.threads)) != len(self.threads)
    ):
      raise ValueError(
        '--threads must list different whole numbers from 1 to '
        f'{interpreter.MOST_THREADS}, got {list(self.threads)}; for example '
        '--threads=1,2,4.'
      )
    for flag in ('warmup', 'runs'):
      if getattr(self, flag) < 1:
        raise ValueError(
          f'--{flag} must be at least 1, got {getattr(self, flag)}.'
        )
    if any(cpu < 0 for cpu in self.cpus):
      raise ValueError(
        f'--cpus must list numbers of CPUs from 0, got {list(self.cpus)}.'
      )
    if not 0 < self.timeout_s < float('inf'):
      raise ValueError(
        f'--timeout_s must be positive and finite, got {self.timeout_s}.'
      )
