# SPDX-License-Identifier: Apache-2.0
"""Locks that keep two programs from writing the same file or folder.

The operating system releases a lock when its process ends, even if it is
killed, so no lock has to be removed by hand.
"""

from collections.abc import Iterator
import contextlib
import fcntl
import os


@contextlib.contextmanager
def locked(path: str | os.PathLike[str], wait: bool = True) -> Iterator[None]:
  """Holds the lock of a file, for programs and threads alike.

  Args:
    path: the lock file; it is created if it is absent, and never removed,
      because another program may be waiting for it.
    wait: whether to wait until the lock is free.

  Yields:
    None, with the lock held.

  Raises:
    BlockingIOError: (an OSError) another program holds the lock, and `wait` is
      False.
    OSError: the lock file cannot be opened, or the file system has no locks.
  """
  descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
  try:
    fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    yield
  finally:
    os.close(descriptor)
