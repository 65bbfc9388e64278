# SPDX-License-Identifier: Apache-2.0
"""Drops permanently every right that running a network does not need.

The layers are independent: where a kernel lacks one, another may still deny the
same. The result lists the layers in force, and why others are not.
"""

from __future__ import annotations

from collections.abc import Callable
import ctypes
import os
import resource
import signal

from depth_mai.judging import landlock
from depth_mai.judging import seccomp

IN_FORCE = 'in force'
# The layers without which a file could read files or open connections.
_NO_FILES, _FILTER = 'no files (Landlock)', 'system call filter'
REQUIRED = (_NO_FILES, _FILTER)

# linux/prctl.h
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
# The user "nobody", which owns no files.
_NOBODY = 65534
_MB = 1 << 20


def lock(memory_mb: float, cpu_s: float, threads: int) -> dict[str, str]:
  """Locks this process, which must have one thread.

  Args:
    memory_mb: memory in addition to its current use, MB of 2^20 bytes.
    cpu_s: CPU seconds of all threads together.
    threads: number of threads that it will have.

  Returns:
    Name of each layer -> IN_FORCE, or why it is not in force.
  """
  size = _virtual_bytes() + int(memory_mb * _MB)
  seconds = max(1, round(cpu_s))
  report = {
    'first to end when memory runs out': _attempt(_be_killed_first),
    'not root': _attempt(_leave_root),
  }
  for layer, option, value in (
    ('no new privileges', _PR_SET_NO_NEW_PRIVS, 1),
    ('closed to debuggers', _PR_SET_DUMPABLE, 0),
    # After leaving root: a change of user clears it.
    ('ends with the judge', _PR_SET_PDEATHSIG, signal.SIGKILL),
  ):
    report[layer] = _attempt(_prctl, option, value)
  # Before the limit on open files, because Landlock opens one.
  report[_NO_FILES] = _attempt(landlock.deny_everything)
  report['no TCP (Landlock)'] = report[_NO_FILES]
  if report['no TCP (Landlock)'] == IN_FORCE and landlock.version() < 4:
    report['no TCP (Landlock)'] = 'the kernel is older than 6.7'
  for layer, which, soft, hard in (
    ('memory limit', resource.RLIMIT_AS, size, size),
    ('data limit', resource.RLIMIT_DATA, size, size),
    ('CPU time limit', resource.RLIMIT_CPU, seconds, seconds + 1),
    ('no writing of files', resource.RLIMIT_FSIZE, 0, 0),
    ('no opening of files', resource.RLIMIT_NOFILE, 0, 0),
    ('no core dump', resource.RLIMIT_CORE, 0, 0),
  ):
    report[layer] = _attempt(_limit, which, soft, hard)
  if threads == 1:
    report['no new processes'] = _attempt(_limit, resource.RLIMIT_NPROC, 0, 0)
  report[_FILTER] = _attempt(seccomp.install)
  return report


def limit_device(data_mb: float, cpu_s: float, folder: str) -> None:
  """Restricts a process that runs other programs, such as an emulator.

  It and its children may read files, write in one folder, and open no TCP
  connection. Layers that the kernel lacks are skipped.

  Args:
    data_mb: memory of each process, MB of 2^20 bytes.
    cpu_s: CPU seconds of each process.
    folder: the folder in which they may write.
  """
  data, seconds = int(data_mb * _MB), max(1, round(cpu_s))
  _attempt(_prctl, _PR_SET_NO_NEW_PRIVS, 1)
  _attempt(_limit, resource.RLIMIT_DATA, data, data)
  _attempt(_limit, resource.RLIMIT_CPU, seconds, seconds + 1)
  _attempt(_limit, resource.RLIMIT_CORE, 0, 0)
  _attempt(landlock.deny_writing, folder)


def _attempt(step: Callable[..., object], *arguments: object) -> str:
  """Runs a step; returns IN_FORCE, or why it failed."""
  try:
    step(*arguments)
  except (OSError, ValueError) as error:
    return getattr(error, 'strerror', None) or str(error)
  return IN_FORCE


def _limit(which: int, soft: int, hard: int) -> None:
  """Sets a resource limit; a lower existing limit stays."""
  _, most = resource.getrlimit(which)
  if most != resource.RLIM_INFINITY:
    soft, hard = min(soft, most), min(hard, most)
  resource.setrlimit(which, (soft, hard))


def _be_killed_first() -> None:
  """Makes the kernel kill this process first when memory runs out."""
  with open('/proc/self/oom_score_adj', 'w', encoding='ascii') as stream:
    stream.write('1000')


def _leave_root() -> None:
  if os.geteuid() != 0:
    return
  os.setgroups([])
  os.setresgid(_NOBODY, _NOBODY, _NOBODY)
  os.setresuid(_NOBODY, _NOBODY, _NOBODY)


def _prctl(option: int, value: int) -> None:
  libc = ctypes.CDLL(None, use_errno=True)
  rest = [ctypes.c_ulong(0)] * 3
  landlock.checked(libc.prctl(option, ctypes.c_ulong(value), *rest))


def _virtual_bytes() -> int:
  """Returns the size of the address space in use."""
  with open('/proc/self/statm', encoding='ascii') as stream:
    pages = int(stream.read().split()[0])
  return pages * resource.getpagesize()
