# SPDX-License-Identifier: Apache-2.0
"""Finds out how many CPUs this process may use.

A container or a batch system often allows fewer than the machine has: by a set
of CPUs, or by a quota of CPU time.
"""

import math
import os
import pathlib

# Where the versions of control groups are mounted, and the files of a quota.
_GROUPS = 'sys/fs/cgroup'
_V1_FOLDERS = ('cpu', 'cpu,cpuacct')


def usable_cpus() -> list[int] | None:
  """Returns the numbers of the CPUs that this process may use, or None."""
  if not hasattr(os, 'sched_getaffinity'):
    return None
  return sorted(os.sched_getaffinity(0))


def quota(root: str | os.PathLike[str] = '/') -> float | None:
  """Returns how many CPUs' time this process gets; None without a limit.

  Args:
    root: the directory to use for '/'.
  """
  found = [
    number
    for folder in _group_folders(pathlib.Path(root))
    if (number := _quota_of(folder)) is not None
  ]
  return min(found, default=None)


def allowed(
  usable: int | None = None, cpu_quota: float | None = None
) -> int | None:
  """Returns how many CPUs a process can keep busy; None if unknown.

  Args:
    usable: the number of CPUs in the set that it may use; None for all.
    cpu_quota: result of `quota`.
  """
  known = usable or os.cpu_count()
  if cpu_quota is None or known is None:
    return known
  return max(1, min(known, math.ceil(cpu_quota)))


def thread_warning(threads: int, root: str | os.PathLike[str] = '/') -> str:
  """Returns a line on threads that have to share CPUs; '' if none have to.

  Args:
    threads: the number of threads, the value of --threads.
    root: the directory to use for '/'.
  """
  usable = usable_cpus()
  count = allowed(len(usable) if usable else None, quota(root))
  if count is None or threads <= count:
    return ''
  return (
    f'{threads} threads share {cpus_text(count)}, which makes them slower. '
    f'Choose at most --threads={count}.'
  )


def cpus_text(count: int) -> str:
  """Returns a number of CPUs as text."""
  return f'{count} logical CPU{"" if count == 1 else "s"}'


def _group_folders(root: pathlib.Path) -> list[pathlib.Path]:
  """Returns the folders of this process's control groups and their parents."""
  top = root / _GROUPS
  folders = [top, *(top / name for name in _V1_FOLDERS)]
  for line in _text(root / 'proc/self/cgroup').splitlines():
    _, _, rest = line.partition(':')
    controllers, _, path = rest.partition(':')
    if controllers and 'cpu' not in controllers.split(','):
      continue
    mount = top / controllers if controllers else top
    group = pathlib.PurePosixPath(path.strip('/'))
    folders += [mount / part for part in (group, *group.parents)]
  return folders


def _quota_of(folder: pathlib.Path) -> float | None:
  """Returns the quota in a folder of control groups of version 2 or 1."""
  words = _text(folder / 'cpu.max').split() or [
    *_text(folder / 'cpu.cfs_quota_us').split(),
    *_text(folder / 'cpu.cfs_period_us').split(),
  ]
  try:
    quota_us, period_us = map(int, words)
  except ValueError:  # 'max', or no such file.
    return None
  return quota_us / period_us if quota_us > 0 and period_us > 0 else None


def _text(path: pathlib.Path) -> str:
  try:
    return path.read_text(encoding='utf-8', errors='replace')
  except OSError:
    return ''
