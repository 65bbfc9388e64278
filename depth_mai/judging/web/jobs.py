# SPDX-License-Identifier: Apache-2.0
"""Files that wait for their judgement, one of which is being judged.

One at a time: two runtimes measured side by side would disturb each other.
"""

import collections
from collections.abc import Callable
import dataclasses
import http
import threading
import time

from depth_mai.judging.web import refusal

WAITING, RUNNING = 'waiting', 'running'
# What a job can end as, beside what its work returns.
CANCELLED, FAILED = 'cancelled', 'failed'
# Of jobs that ended these many are remembered.
_REMEMBERED = 100
# Seconds for the job that runs, when all are to end.
_CLOSE_S = 15.0


class Cancelled(BaseException):
  """Ends a job that nobody wants any more.

  No Exception, so that work which survives errors does not survive this.
  """


@dataclasses.dataclass
class Job:
  """A file on its way to a verdict.

  Attributes:
    id: what it is called in addresses.
    name: of the file, fit to be shown.
    size: bytes.
    path: where the file lies while it is needed.
    options: how to judge it.
    created_s: when it came in, seconds since 1970.
    state: WAITING, RUNNING, CANCELLED, FAILED, or what its work returned.
    stage: what is done now.
    fraction: how much of all is done, 0..1.
    text: what is done now, in words.
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

  def report_progress(self, stage: str, fraction: float, text: str) -> None:
    """Notes how far the work is.

    Raises:
      Cancelled: if it is to end here.
    """
    if self.stopping.is_set():
      raise Cancelled
    self.stage, self.fraction, self.text = stage, fraction, text

  @property
  def ended(self) -> bool:
    """Whether nothing will change any more."""
    return self.state not in (WAITING, RUNNING)


class Jobs:
  """A queue with a limit, and a thread that works on its first entry."""

  def __init__(
    self,
    work: Callable[[Job], str],
    clear: Callable[[Job], object],
    most_waiting: int,
  ):
    """Starts the thread.

    Args:
      work: does a job and returns the state that it ends in; what it raises
        makes it FAILED, with the error's text, or CANCELLED.
      clear: called at the end of every job, whatever it was.
      most_waiting: jobs that may wait, beside the one that runs.
    """
    self._work, self._clear = work, clear
    self._most_waiting = most_waiting
    self._jobs = collections.OrderedDict()
    self._waiting = collections.deque()
    self._running = None
    self._closed = False
    self._changed = threading.Condition()
    self._thread = threading.Thread(target=self._run, name='judge', daemon=True)
    self._thread.start()

  def check_room(self) -> None:
    """Raises RefusedError if another job would be one too many."""
    with self._changed:
      self._check_room()

  def add(self, job: Job) -> None:
    """Lets a job wait for its turn.

    Raises:
      RefusedError: if too many wait already.
    """
    with self._changed:
      self._check_room()
      self._jobs[job.id] = job
      self._waiting.append(job)
      self._changed.notify_all()

  def get(self, job_id: str) -> Job | None:
    """Returns a job that waits, runs or ended a short while ago."""
    with self._changed:
      return self._jobs.get(job_id)

  def place(self, job: Job) -> int:
    """Returns how many jobs end before this one begins; 0 if it began."""
    with self._changed:
      if job not in self._waiting:
        return 0
      return self._waiting.index(job) + (self._running is not None)

  def open_jobs(self) -> list[Job]:
    """Returns the job that runs and those that wait, in order."""
    with self._changed:
      running = [] if self._running is None else [self._running]
      return [*running, *self._waiting]

  def cancel(self, job: Job) -> None:
    """Takes a job from the queue; one that runs ends at its next report."""
    with self._changed:
      job.stopping.set()
      if job not in self._waiting:
        return
      self._waiting.remove(job)
      job.state = CANCELLED
      self._forget()
    self._clear(job)

  def close(self) -> None:
    """Cancels all jobs, and waits a little for the one that runs."""
    with self._changed:
      self._closed = True
      waiting = list(self._waiting)
      if self._running is not None:
        self._running.stopping.set()
      self._changed.notify_all()
    for job in waiting:
      self.cancel(job)
    self._thread.join(_CLOSE_S)

  def _check_room(self):
    if self._closed or len(self._waiting) >= self._most_waiting:
      raise refusal.RefusedError(
        http.HTTPStatus.SERVICE_UNAVAILABLE,
        f'{len(self._waiting)} files wait for their verdict already, as many '
        'as may. Try again when one is done.',
        {'Retry-After': '30'},
      )

  def _run(self):
    while True:
      with self._changed:
        self._changed.wait_for(lambda: self._closed or self._waiting)
        if self._closed:
          return
        job = self._running = self._waiting.popleft()
        job.state = RUNNING
      try:
        state = self._work(job)
      except Cancelled:
        state = CANCELLED
      except Exception as error:  # Whatever it is, the next file has its turn.
        state, job.text = FAILED, f'{error}' or repr(error)
      self._clear(job)
      with self._changed:
        job.state = state
        self._running = None
        self._forget()

  def _forget(self):
    ended = [job_id for job_id, job in self._jobs.items() if job.ended]
    for job_id in ended[:-_REMEMBERED]:
      del self._jobs[job_id]
