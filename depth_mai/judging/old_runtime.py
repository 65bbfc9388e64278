# SPDX-License-Identifier: Apache-2.0
"""Runs an untrusted file in TFLite 2.5.0, with the same sandbox as LiteRT."""

from collections.abc import Iterator
import contextlib
import signal
import subprocess

import numpy as np

from depth_mai import challenge
from depth_mai.devices.tflite_2_5 import child
from depth_mai.devices.tflite_2_5 import installation as installation_lib
from depth_mai.devices.tflite_2_5 import target
from depth_mai.judging import fidelity
from depth_mai.judging import old_worker
from depth_mai.judging import request as request_lib
from depth_mai.judging import sandbox
from depth_mai.judging import verdict
from depth_mai.runtime import model_interface
from depth_mai.runtime import target_run


class OldLauncher:
  """Starts sandboxes in which TFLite 2.5.0 runs, one process for each."""

  def __init__(self, installation: installation_lib.Installation):
    """Uses a set-up of TFLite 2.5.0."""
    self._installation = installation
    self._processes: dict[int, subprocess.Popen] = {}

  @contextlib.contextmanager
  def launch(
    self, limits: request_lib.Limits, deadline: float
  ) -> Iterator[sandbox.Sandbox]:
    """Starts a sandbox, and ends its process afterwards; see sandbox.started.

    Args:
      limits: the most that its process may use.
      deadline: time.monotonic() by which it must be done.

    Yields:
      The sandbox; it can take, load and run a file.
    """
    arguments = (limits.memory_mb, limits.time_s + 1)

    def start(connection: int, printing: int) -> int:
      process = subprocess.Popen(
        [
          self._installation.python,
          *child.command(
            old_worker.__name__, list(map(str, (connection, *arguments)))
          ),
        ],
        pass_fds=[connection],
        env=sandbox.environment() | child.environment(self._installation),
        stdin=subprocess.DEVNULL,
        stdout=printing,
        stderr=printing,
        start_new_session=True,
      )
      self._processes[process.pid] = process
      return process.pid

    with sandbox.started(self, start, limits, deadline) as box:
      yield box

  def end(self, pid: int, patience_s: float) -> int:
    """Waits for a process to end, then kills it.

    Args:
      pid: the process.
      patience_s: seconds to wait.

    Returns:
      Its exit code, or minus the number of the signal that ended it.
    """
    process = self._processes.pop(pid)
    try:
      return process.wait(patience_s)
    except subprocess.TimeoutExpired:
      process.send_signal(signal.SIGKILL)
      return process.wait()


def find(target_runtime: str) -> OldLauncher | None:
  """Returns a launcher; None if the target is another release or not set up.

  Args:
    target_runtime: the release that files must run on.
  """
  installation = target.installation_of(target_runtime)
  return OldLauncher(installation) if installation else None


def run(
  box: sandbox.Sandbox,
  content: bytes,
  size: tuple[int, int] = challenge.IMAGE_SIZE,
  interface: model_interface.ModelInterface | None = None,
  picture: np.ndarray | None = None,
  today_mm: np.ndarray | None = None,
) -> target_run.TargetRun:
  """Loads a file, and runs it if its interface is known.

  Args:
    box: a sandbox of TFLite 2.5.0.
    content: the file.
    size: (height, width) of an input that the file leaves open.
    interface: its interface; None to load it only.
    picture: [H, W, 3] bytes, to run it on.
    today_mm: [h, w] the depth that today's runtime predicts for the picture.
  """
  release = installation_lib.RELEASE
  try:
    box.take(content)
    box.load(size=size)
    if interface is None or picture is None:
      return target_run.TargetRun(release, False, only_loaded=True)
    found_mm = fidelity.SandboxedPredictor(box, interface).predict(picture)
  except verdict.FileFaultError as fault:
    return target_run.TargetRun(release, False, words=str(fault))
  difference = None
  if today_mm is not None and np.isfinite([found_mm, today_mm]).all():
    largest = max(float(np.abs(today_mm).max()), 1e-30)
    difference = float(np.abs(found_mm - today_mm).max()) / largest
  return target_run.TargetRun(release, True, relative_difference=difference)
