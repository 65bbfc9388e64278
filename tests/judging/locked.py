# SPDX-License-Identifier: Apache-2.0
"""Runs a function in a process of its own that was locked before."""

from collections.abc import Callable
import faulthandler
import os


def attempt(
  action: Callable[[], object], lock: Callable[[], object]
) -> tuple[int, str]:
  """Runs an action behind a lock.

  Args:
    action: what to try.
    lock: is called first.

  Returns:
    (exit code, or minus the signal that ended the process; what the action
    returned, or the name of what it raised)
  """
  reading, writing = os.pipe()
  pid = os.fork()
  if pid == 0:
    try:
      # Its last words would be the test's.
      faulthandler.disable()
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
