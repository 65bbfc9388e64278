# SPDX-License-Identifier: Apache-2.0
"""Runs a file in a process that locks itself before it receives the file.

It answers one request after another (see `_Worker`). It never receives the true
depth or the purpose of a run.
"""

from collections.abc import Sequence
import socket

from depth_mai import challenge
from depth_mai.judging import served_file
from depth_mai.judging import serving
from depth_mai.judging import static_check
from depth_mai.runtime import delegation
from depth_mai.runtime import interpreter as interpreter_lib
from depth_mai.runtime import latency


def serve(
  connection: socket.socket, memory_mb: float, cpu_s: float, threads: int
) -> None:
  """Locks this process, reports the layers, and answers requests.

  Returns when the connection is closed.

  Args:
    connection: to the judge.
    memory_mb: see `lockdown.lock`.
    cpu_s: see `lockdown.lock`.
    threads: number of threads for the kernels.
  """
  serving.serve(connection, _Worker(threads), memory_mb, cpu_s, threads)


class _Worker(served_file.ServedFile):
  """A file and its interpreter of LiteRT."""

  def __init__(self, threads: int):
    super().__init__()
    self._threads = threads

  def check(self, blob: bytearray, target_runtime: str) -> tuple[dict, bytes]:
    """Returns the result of `static_check.check`."""
    del blob
    return static_check.check(self._content, target_runtime), b''

  def load(
    self,
    blob: bytearray,
    xnnpack: bool,
    size: Sequence[int] = challenge.IMAGE_SIZE,
  ) -> tuple[dict, bytes]:
    """Loads the file; returns descriptions of its inputs and outputs."""
    del blob
    height, width = size
    return self._loaded(
      interpreter_lib.load_interpreter(
        self._content, self._threads, xnnpack, (height, width)
      )
    )

  def time(self, blob: bytearray, warmup: int, runs: int) -> tuple[dict, bytes]:
    """Times the file; returns XNNPACK's share, and [runs] milliseconds."""
    del blob
    times_ms, _ = latency.time_runs(self._interpreter, warmup, runs)
    taken = delegation.describe_delegation(self._interpreter)
    return {
      'partitions': taken and taken.partitions,
      'operators': taken and taken.operators,
    }, times_ms.astype('<f8').tobytes()
