# SPDX-License-Identifier: Apache-2.0
"""Checks that the sandbox is complete, as --require_sandbox demands."""

import contextlib
import time

from depth_mai.judging import launcher as launcher_lib
from depth_mai.judging import lockdown
from depth_mai.judging import placing
from depth_mai.judging import request as request_lib


def check_sandbox(
  request: request_lib.JudgeRequest,
  launcher: launcher_lib.Launcher | None = None,
) -> None:
  """Checks --require_sandbox before there is a file.

  Args:
    request: how files will be judged.
    launcher: starts the process that reports its layers; None starts a new one.

  Raises:
    ValueError: see `check`.
  """
  with contextlib.ExitStack() as stack:
    if launcher is None:
      launcher = stack.enter_context(launcher_lib.Launcher())
    deadline = time.monotonic() + request.limits.load_s
    with launcher.launch(request.limits, deadline) as box:
      check(request.device, box.protection)


def check(device: str, layers: dict[str, str]) -> None:
  """Checks that a file would run with the layers of `lockdown.REQUIRED`.

  Args:
    device: as --device names it.
    layers: see `lockdown.lock`.

  Raises:
    ValueError: a layer is missing, or the device runs files without them.
  """
  if device != placing.LOCAL:
    raise ValueError(
      f'--require_sandbox: --device={device} runs the file outside the '
      f'sandbox. Use --device={placing.LOCAL}.'
    )
  missing = [
    f'{layer} ({layers.get(layer, "not reported")})'
    for layer in lockdown.REQUIRED
    if layers.get(layer) != lockdown.IN_FORCE
  ]
  if missing:
    raise ValueError(
      '--require_sandbox: the sandbox is incomplete on this machine; missing: '
      f'{", ".join(missing)}. Use a Linux kernel from 5.13 on with Landlock '
      'and seccomp, or leave the flag out.'
    )
