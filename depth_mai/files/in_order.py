# SPDX-License-Identifier: Apache-2.0
"""Applies a function to many items in threads and keeps their order."""

from collections import deque
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from concurrent import futures
import os
from typing import TypeVar

_Item = TypeVar('_Item')
_Result = TypeVar('_Result')


def mapped(
  function: Callable[[_Item], _Result],
  items: Iterable[_Item],
  workers: int | None = None,
) -> Iterator[_Result]:
  """Applies a function to items, some of them ahead of time.

  Args:
    function: runs in threads, so it should spend its time in NumPy, Pillow or
      files, which let other threads run.
    items: taken one after the other, in the caller's thread.
    workers: number of threads; None for one on each core.

  Yields:
    The results in the order of the items. At most twice as many items as
    threads are taken before their result is asked for, so memory is bounded.

  Raises:
    Exception: what the function raises, in the place of its result. The threads
      have ended then, as after the last result or when the iterator is closed.
  """
  workers = workers or os.cpu_count() or 1
  pending: deque[futures.Future] = deque()
  with futures.ThreadPoolExecutor(workers) as pool:
    try:
      for item in items:
        pending.append(pool.submit(function, item))
        if len(pending) >= 2 * workers:
          yield pending.popleft().result()
      while pending:
        yield pending.popleft().result()
    finally:
      pool.shutdown(wait=True, cancel_futures=True)
