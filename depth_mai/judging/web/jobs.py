# SPDX-License-Identifier: Apache-2.0
"""The queue of files to judge.

Files are judged one at a time: two measurements at once would disturb each
other.
"""

import collections
from collections.abc import Callable
import dataclasses
import hmac
import secrets
import threading
import time

from depth_mai.files import printable

WAITING, RUNNING = 'waiting', 'running'
# States in which a job ends without a verdict.
CANCELLED, FAILED = 'cancelled', 'failed'
# Number of ended jobs to remember.
_REMEMBERED = 100
# Seconds to wait for the running job when the queue is closed.
_CLOSE_S = 15.0


class Cancelled(BaseException):
  """Ends a cancelled job.

  Not an Exception, so that code which handles errors does not catch it.
  """


class QueueFullError(ValueError):
  """The queue is full."""


@dataclasses.dataclass
class Job:
  """A file on its way to a verdict.

  Attributes:
    id: its id in addresses.
    name: the file's name, safe to show.
    size: the file's size, bytes.
    path: the file, which is deleted when the job ends.
    options: fields of `JudgeRequest`.
    created_s: time of the upload, seconds since 1970.
    state: WAITING, RUNNING, CANCELLED, FAILED, or the verdict.
    stage: the judge's current stage.
    fraction: part of the stage that is done, 0..1.
    text: describes the progress, or the error of a FAILED job.
    stopping: set when the job must be cancelled.
    key: secret of the uploader, who alone may cancel it.
  """

  id: str
  name: str
  size: int
  path: str
  options: dict[str, str]
  created_s: float = dataclasses.field(default_factory=time.time)
  state: str = WAITING
  stage: str = 'received'
  fraction: float = 0.0
  text: str = ''
  stopping: threading.Event = dataclasses.field(default_factory=threading.Event)
  key: str = dataclasses.field(
    default_factory=secrets.token_urlsafe, repr=False
  )

  def may_cancel(self, key: str) -> bool:
    """Returns whether a key is that of the uploader."""
    return hmac.compare_digest(
      key.encode('utf-8', 'surrogatepass'), self.key.encode()
    )

  def report_progress(self, stage: str, fraction: float, text: str) -> None:
    """Records the progress.

    Raises:
      Cancelled: if the job was cancelled.
    """
    if self.stopping.is_set():
      raise Cancelled
    self.stage, self.fraction, self.text = stage, fraction, text

  @property
  def ended(self) -> bool:
    """Whether the job neither waits nor runs."""
    return self.state not in (WAITING, RUNNING)


class Jobs:
  """A bounded queue, and a thread that works through it."""

  def __init__(
    self,
    work: Callable[[Job], str],
    clear: Callable[[Job], object],
    most_waiting: int,
  ):
    """Starts the thread.

    Args:
      work: does a job and returns its final state. An error makes the job
        FAILED, with the error's text; `Cancelled` makes it CANCELLED.
      clear: called at the end of every job.
      most_waiting: jobs that may wait in addition to the running one.
    """
    self._work, self._clear = work, clear
    self._most_waiting = most_waiting
    self._jobs: dict[str, Job] = {}
    self._waiting: collections.deque[Job] = collections.deque()
    self._running: Job | None = None
    self._closed = False
    self._changed = threading.Condition()
    self._thread = threading.Thread(target=self._run, name='judge', daemon=True)
    self._thread.start()

  def check_room(self) -> None:
    """Raises QueueFullError if no further job can wait."""
    with self._changed:
      self._check_room()

  def add(self, job: Job) -> None:
    """Adds a job to the queue.

    Raises:
      QueueFullError: if too many wait already.
    """
    with self._changed:
      self._check_room()
      self._jobs[job.id] = job
      self._waiting.append(job)
      self._changed.notify_all()

  def get(self, job_id: str) -> Job | None:
    """Returns a waiting, running or recently ended job; else None."""
    with self._changed:
      return self._jobs.get(job_id)

  def place(self, job: Job) -> int:
    """Returns how many jobs are ahead of this one; 0 if it has begun."""
    with self._changed:
      if job not in self._waiting:
        return 0
      return self._waiting.index(job) + (self._running is not None)

  def open_jobs(self) -> list[Job]:
    """Returns the running job and the waiting ones, in order."""
    with self._changed:
      running = [] if self._running is None else [self._running]
      return [*running, *self._waiting]

  def cancel(self, job: Job) -> None:
    """Removes a job from the queue; a running one ends at its next report."""
    with self._changed:
      job.stopping.set()
      if job not in self._waiting:
        return
      self._waiting.remove(job)
      job.state = CANCELLED
      self._forget()
    self._clear(job)

  def close(self) -> None:
    """Cancels all jobs, and waits a few seconds for the running one."""
    with self._changed:
      self._closed = True
      waiting = list(self._waiting)
      if self._running is not None:
        self._running.stopping.set()
      self._changed.notify_all()
    for job in waiting:
      self.cancel(job)
    self._thread.join(_CLOSE_S)

  def _check_room(self) -> None:
    if self._closed or len(self._waiting) >= self._most_waiting:
      raise QueueFullError(
        f'The queue is full: {len(self._waiting)} files wait for their '
        'verdict. Try again when one is done.'
      )

  def _run(self) -> None:
    while True:
      with self._changed:
        self._changed.wait_for(lambda: self._closed or bool(self._waiting))
        if self._closed:
          return
        job = self._running = self._waiting.popleft()
        job.state = RUNNING
      try:
        state = self._work(job)
      except Cancelled:
        state = CANCELLED
      except Exception as error:  # The next job must run in any case.
        state = FAILED
        job.text = printable.printable(f'{error}' or repr(error))
      self._clear(job)
      with self._changed:
        job.state = state
        self._running = None
        self._forget()

  def _forget(self) -> None:
    ended = [job_id for job_id, job in self._jobs.items() if job.ended]
    for job_id in ended[:-_REMEMBERED]:
      del self._jobs[job_id]
