# SPDX-License-Identifier: Apache-2.0
"""Accepts files, judges them in a queue, and stores the verdicts.

The output folder contains `verdicts/` (see `archive`), `lock`, and `incoming/`
with the files that are not judged yet, which is emptied at every start. A file
is deleted after its verdict.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
import contextlib
import dataclasses
import datetime
import fcntl
import json
import os
import pathlib
import secrets
import shutil
import threading
import typing
import unicodedata

from depth_mai.files import printable
from depth_mai.judging import request as request_lib
from depth_mai.judging import stages
from depth_mai.judging import verdict as verdict_lib
from depth_mai.judging.web import archive as archive_lib
from depth_mai.judging.web import jobs as jobs_lib

Judge = Callable[
  [request_lib.JudgeRequest, stages.ReportProgress], verdict_lib.Verdict
]
_LONGEST_NAME = 100
_UNNAMED = 'unnamed.tflite'


class Choice(typing.NamedTuple):
  """An option that an upload may set.

  Attributes:
    field: its name in `JudgeRequest` and in the form.
    label: its name on the page.
    values: the allowed values, the default first.
  """

  field: str
  label: str
  values: tuple[str, ...]


class Clerk:
  """Accepts files and returns jobs; their verdicts go to its archive."""

  def __init__(
    self,
    judge: Judge,
    request: request_lib.JudgeRequest,
    output_dir: str | os.PathLike[str],
    devices: tuple[str, ...] = (),
    most_waiting: int = 8,
    report_line: Callable[[str], object] = print,
    retry_s: float = 30.0,
  ):
    """Opens the folder and starts the queue.

    Args:
      judge: `stages.judge`.
      request: settings for every file; its model_path is ignored.
      output_dir: folder for the verdicts.
      devices: devices offered in addition to the request's own.
      most_waiting: most files in the queue.
      report_line: takes lines for the server's terminal.
      retry_s: seconds between attempts to store a verdict on a full disk.

    Raises:
      ValueError: if another server uses the folder.
      OSError: if the folder cannot be written.
    """
    self._judge, self._request = judge, request
    self._report_line = report_line
    output_dir = pathlib.Path(output_dir).expanduser()
    output_dir.mkdir(parents=True, exist_ok=True)
    self._lock = _locked(output_dir / 'lock')
    self._incoming = output_dir / 'incoming'
    shutil.rmtree(self._incoming, ignore_errors=True)
    self._incoming.mkdir()
    self.archive = archive_lib.Archive(output_dir / 'verdicts', report_line)
    self._closed, self._changed = False, threading.Event()
    self._retry_s = retry_s
    self._retrying = threading.Thread(
      target=self._retry, name='archive', daemon=True
    )
    self._retrying.start()
    self.jobs = jobs_lib.Jobs(self._work, self._clear, most_waiting)
    self.choices = (
      self._choice('unit', 'Unit of the depth', request_lib.UNITS),
      self._choice('layout', 'Layout of the input', request_lib.LAYOUTS),
      self._choice(
        'input_range',
        'Input range, black to white',
        request_lib.INPUT_RANGES,
      ),
      Choice(
        'device',
        'Device for the runtime',
        tuple(dict.fromkeys((request.device, *devices))),
      ),
    )

  @property
  def most_bytes(self) -> int:
    """The largest file that is accepted, bytes."""
    return int(self._request.limits.file_mb * 2**20)

  @property
  def data(self) -> dict:
    """The data on which errors are measured: data_dir_name, split, limit."""
    return {
      'data_dir_name': pathlib.Path(self._request.data_dir).name,
      'split': self._request.split,
      'limit': self._request.limit,
    }

  def admit(
    self, content: typing.BinaryIO, name: str, options: Mapping[str, str]
  ) -> jobs_lib.Job:
    """Accepts a file and adds it to the queue.

    Args:
      content: the file.
      name: its name as the client sent it; used for display only.
      options: values of `choices` by field; the default where absent.

    Returns:
      The job.

    Raises:
      QueueFullError: if too many files wait.
      ValueError: if an option is not offered.
      OSError: if the file cannot be written; it is then removed.
    """
    self.jobs.check_room()
    options = self._checked(options)
    job_id = secrets.token_hex(8)
    path = self._incoming / f'{job_id}.tflite'
    job = jobs_lib.Job(job_id, shown_name(name), 0, os.fspath(path), options)
    try:
      with open(path, 'xb') as stream:
        shutil.copyfileobj(content, stream)
      job.size = path.stat().st_size
      self.jobs.add(job)
    except BaseException:
      self._clear(job)
      raise
    return job

  def close(self) -> None:
    """Ends the running job, and deletes everything except the verdicts."""
    self.jobs.close()
    self._closed = True
    self._changed.set()
    self._retrying.join()
    shutil.rmtree(self._incoming, ignore_errors=True)
    # Removing the files may have made room.
    for verdict_id in self.archive.retry():
      self._report_line(
        f'This verdict could not be stored '
        f'({self.archive.why_unsaved(verdict_id)}): '
        f'{json.dumps(self.archive.get(verdict_id))}'
      )
    self._lock.close()

  def _choice(self, field: str, label: str, values: Iterable[str]) -> Choice:
    """Returns a choice with the request's value as the default."""
    default = getattr(self._request, field)
    allowed = dict.fromkeys((default, request_lib.AUTO, *values))
    return Choice(field, label, tuple(allowed))

  def _checked(self, options: Mapping[str, str]) -> dict[str, str]:
    """Returns all options; raises ValueError for one that is not offered."""
    allowed = {choice.field: choice.values for choice in self.choices}
    for field, value in options.items():
      if field not in allowed:
        raise ValueError(
          f'There is no option {field[:50]!r}; the options are '
          f'{", ".join(allowed)}.'
        )
      if value not in allowed[field]:
        raise ValueError(
          f'{field} is {value[:50]!r}; it must be one of '
          f'{", ".join(allowed[field])}.'
        )
    return {
      field: options.get(field, values[0]) for field, values in allowed.items()
    }

  def _work(self, job: jobs_lib.Job) -> str:
    """Judges a file, stores the verdict; returns 'accepted' or 'rejected'."""
    changes: dict[str, typing.Any] = {
      'model_path': job.path,
      'pictures_dir': self._pictures_dir(job),
      **job.options,
    }
    request = dataclasses.replace(self._request, **changes)
    try:
      verdict = self._judge(request, job.report_progress).to_json()
      # Instead of the name of the temporary file.
      verdict['file']['name'] = job.name
      finished = datetime.datetime.now(datetime.UTC)
      stored = self.archive.store(
        {
          'id': job.id,
          'name': job.name,
          'size': job.size,
          'finished': finished.isoformat(timespec='seconds'),
          'options': job.options,
          'data': self.data,
          'verdict': verdict,
        },
        request.pictures_dir,
      )
    except Exception as error:
      self._report_line(f'{job.name}: no verdict: {printable.printable(error)}')
      raise
    self._report_line(f'{job.name}: {verdict["verdict"]}')
    if not stored:
      self._report_line(
        f'{job.name}: its verdict cannot be stored '
        f'({self.archive.why_unsaved(job.id)}); it is kept in memory and tried '
        'again.'
      )
      self._changed.set()
    return verdict['verdict']

  def _retry(self) -> None:
    """Tries to store the verdicts that are not on disk, until the end."""
    while not self._closed:
      # Woken by the first one, and at the end.
      self._changed.wait()
      self._changed.clear()
      while not self._closed and self.archive.retry():
        self._changed.wait(self._retry_s)
        self._changed.clear()

  def _pictures_dir(self, job: jobs_lib.Job) -> pathlib.Path:
    return self._incoming / f'{job.id}_pictures'

  def _clear(self, job: jobs_lib.Job) -> None:
    with contextlib.suppress(OSError):
      os.remove(job.path)
    shutil.rmtree(self._pictures_dir(job), ignore_errors=True)


def shown_name(name: str) -> str:
  """Returns the last part of a path without invisible characters.

  Control and formatting characters are dropped, among them those that reverse
  the direction of writing: 'etilft.x' must not read as 'x.tflite'. werkzeug's
  secure_filename would drop all but ASCII, which display does not require.

  Args:
    name: the name as the client sent it; some systems include folders.

  Returns:
    At most 100 characters; 'unnamed.tflite' if nothing is left.
  """
  name = name.replace('\\', '/').rpartition('/')[2]
  name = ''.join(
    letter
    for letter in name
    if unicodedata.category(letter)[0] not in 'CZ' or letter == ' '
  ).strip()
  if len(name) > _LONGEST_NAME:
    half = _LONGEST_NAME // 2
    name = f'{name[: half - 1]}…{name[-half:]}'
  return name or _UNNAMED


def _locked(path: pathlib.Path) -> typing.IO:
  """Returns an open file with an exclusive lock that ends when it is closed."""
  stream = open(path, 'w')
  try:
    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
  except OSError as error:
    stream.close()
    raise ValueError(
      f'{path.parent} is used by another server. Stop that server, or choose '
      'another --output_dir.'
    ) from error
  return stream
