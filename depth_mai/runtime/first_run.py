# SPDX-License-Identifier: Apache-2.0
"""Runs a file once in a process of its own, before this process loads it.

`load_check` finds what is wrong with the structure of a file. A graph of sound
structure can still end the process: the kernels trust many of the numbers that
describe an operator. This costs one more load and one more inference. It is no
sandbox; judging/ has one, for files of strangers.
"""

import contextlib
import faulthandler
import os
import pathlib
import select
import signal
import sys
import typing

import numpy as np

from depth_mai import challenge
from depth_mai.runtime import interpreter as interpreter_lib

# Seconds for the load and one inference, far more than any depth network needs.
_LONGEST_S = 120.0


def check(
  path_or_bytes: interpreter_lib.ModelSource,
  xnnpack: bool = True,
  input_size: tuple[int, int] = challenge.IMAGE_SIZE,
  longest_s: float = _LONGEST_S,
) -> None:
  """Checks that a file does not end the process that runs it.

  An error that the runtime reports is left to the caller's own load. Without
  fork (Windows, macOS), nothing is checked.

  Args:
    path_or_bytes: a .tflite file (str or os.PathLike) or its content (bytes).
    xnnpack: whether the XNNPACK delegate may be used.
    input_size: (height, width) of the pictures if the file leaves it open.
    longest_s: seconds for the load and one inference.

  Raises:
    ValueError: it crashed, or was not done in time.
  """
  if sys.platform != 'linux':
    return
  name = interpreter_lib.check_is_tflite(path_or_bytes)
  interpreter_lib.find_runtime()  # Imported once, for the child, too.
  for stream in (sys.stdout, sys.stderr):
    # Some programs close them.
    with contextlib.suppress(AttributeError, OSError, ValueError):
      stream.flush()
  ended, open_in_child = os.pipe()
  try:
    try:
      pid = os.fork()
    except OSError:  # No further process is allowed.
      os.close(open_in_child)
      return
    if pid == 0:
      _run(path_or_bytes, xnnpack, input_size)
    os.close(open_in_child)
    code = _wait(pid, ended, longest_s)
  finally:
    os.close(ended)
  if code is None:
    raise ValueError(
      f'{name} was not done with one picture after {longest_s:g} s: it never '
      'ends, or is far too large. depth_mai.judge judges files of strangers.'
    )
  if code < 0:
    raise ValueError(
      f'{name} crashes the runtime ({signal.Signals(-code).name}): it is '
      'damaged or hostile. Convert it again; depth_mai.judge judges files of '
      'strangers in a sandbox.'
    )


def _wait(pid: int, ended: int, longest_s: float) -> int | None:
  """Returns the exit code of a child; None if it was late and was ended."""
  poll = select.poll()
  poll.register(ended)
  done = poll.poll(1000 * longest_s)
  try:
    if not done:
      os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
  except (ProcessLookupError, ChildProcessError):
    # The program ignores SIGCHLD, so that nobody knows how the child ended.
    status = 0
  return os.waitstatus_to_exitcode(status) if done else None


def _run(
  path_or_bytes: interpreter_lib.ModelSource,
  xnnpack: bool,
  input_size: tuple[int, int],
) -> typing.NoReturn:
  """Runs the file in this process, which it ends."""
  try:
    import resource  # Windows lacks it.

    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    faulthandler.disable()
    with contextlib.suppress(OSError):  # If memory runs out, only this ends.
      pathlib.Path('/proc/self/oom_score_adj').write_text('1000')
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    loaded = interpreter_lib.load_interpreter(
      path_or_bytes, 1, xnnpack, input_size
    )
    for detail in loaded.get_input_details():
      loaded.set_tensor(
        detail['index'], np.zeros(detail['shape'], detail['dtype'])
      )
    loaded.invoke()
    for detail in loaded.get_output_details():
      loaded.get_tensor(detail['index'])
  except BaseException:  # The caller meets the same error, and reports it.
    pass
  finally:
    os._exit(0)
