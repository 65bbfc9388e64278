# SPDX-License-Identifier: Apache-2.0
"""Runs a function in a locked process."""

from collections.abc import Callable
import faulthandler
import gc
import os


def attempt(
  action: Callable[[], object], lock: Callable[[], object]
) -> tuple[int, str]:
  """Runs an action in a locked process.

  Args:
    action: the function to run.
    lock: locks the process first.

  Returns:
    (exit code, or minus the signal that ended the process; what the action
    returned, or the name of what it raised)
  """
  reading, writing = os.pipe()
  pid = os.fork()
  if pid == 0:
    try:
      # A crash must not print into the output of the test.
      faulthandler.disable()
      # Memory that the parent's garbage frees would count as allowed.
      gc.disable()
      lock()
      try:
        result = repr(action())
      except BaseException as error:
        result = type(error).__name__
      os.write(writing, result.encode())
    finally:
      os._exit(0)
  os.close(writing)
  with open(reading, 'rb') as stream:
    result = stream.read().decode()
  _, status = os.waitpid(pid, 0)
  return os.waitstatus_to_exitcode(status), result
