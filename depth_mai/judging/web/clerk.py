# SPDX-License-Identifier: Apache-2.0
"""Between the page and the judge: takes files in, has them judged, keeps files.

In the output folder lie `verdicts/` (see `archive`), `incoming/` with the files
that are not judged yet, which is emptied at every start, and `lock`. A file is
removed when it has its verdict.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
import contextlib
import dataclasses
import datetime
import fcntl
import http
import os
import pathlib
import secrets
import shutil
import typing

from depth_mai.judging import request as request_lib
from depth_mai.judging import stages
from depth_mai.judging import verdict as verdict_lib
from depth_mai.judging.web import archive as archive_lib
from depth_mai.judging.web import jobs as jobs_lib
from depth_mai.judging.web import refusal
from depth_mai.judging.web import upload as upload_lib

Judge = Callable[
  [request_lib.JudgeRequest, stages.ReportProgress], verdict_lib.Verdict
]


class Choice(typing.NamedTuple):
  """Something that whoever uploads a file may say about it.

  Attributes:
    field: of `JudgeRequest`, and of the form.
    label: what it is called on the page.
    values: what may be said, the default first.
  """

  field: str
  label: str
  values: tuple[str, ...]


class Clerk:
  """Takes in files and gives out verdicts."""

  def __init__(
    self,
    judge: Judge,
    request: request_lib.JudgeRequest,
    output_dir: str | os.PathLike[str],
    devices: tuple[str, ...] = (),
    most_waiting: int = 8,
    report_line: Callable[[str], object] = print,
  ):
    """Opens the folder and starts to work.

    Args:
      judge: `stages.judge`.
      request: how to judge, for any file; its model_path is not looked at.
      output_dir: where verdicts are kept.
      devices: what may be chosen beside the request's own.
      most_waiting: files that may wait for their turn.
      report_line: takes what the one who started the server should know.

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
    self.jobs = jobs_lib.Jobs(self._work, self._clear, most_waiting)
    self.choices = (
      self._choice('unit', 'Unit of the depth', request_lib.UNITS),
      self._choice('layout', 'Layout of the input', request_lib.LAYOUTS),
      self._choice(
        'input_range', 'Black..white of the input', request_lib.INPUT_RANGES
      ),
      Choice(
        'device',
        'Runtime measured on',
        tuple(dict.fromkeys((request.device, *devices))),
      ),
    )

  @property
  def most_bytes(self) -> int:
    """How large a file may be."""
    return int(self._request.limits.file_mb * 2**20)

  @property
  def data(self) -> dict:
    """What the errors are measured on: data_dir_name, split, limit."""
    return {
      'data_dir_name': pathlib.Path(self._request.data_dir).name,
      'split': self._request.split,
      'limit': self._request.limit,
    }

  def admit(
    self,
    body: upload_lib.Body,
    content_type: str,
    query: Mapping[str, str],
  ) -> jobs_lib.Job:
    """Takes in a file and lets it wait for its turn.

    Args:
      body: of the request.
      content_type: of the request.
      query: of the request, see `upload.receive`.

    Returns:
      The job.

    Raises:
      RefusedError: if there is no file, or no room; nothing is left of it then.
    """
    self.jobs.check_room()
    job_id = secrets.token_hex(8)
    path = os.fspath(self._incoming / f'{job_id}.tflite')
    try:
      received = upload_lib.receive(
        body, content_type, query, path, self.most_bytes
      )
    except OSError as error:
      self._report_line(f'A file could not be kept: {error}')
      raise refusal.RefusedError(
        http.HTTPStatus.INSUFFICIENT_STORAGE,
        f'The server cannot keep the file: {error.strerror}.',
      ) from error
    job = jobs_lib.Job(job_id, received.name, received.size, path, {})
    try:
      job.options = self._checked(received.fields)
      self.jobs.add(job)
    except refusal.RefusedError:
      self._clear(job)
      raise
    return job

  def close(self) -> None:
    """Ends what runs, and leaves nothing but verdicts."""
    self.jobs.close()
    shutil.rmtree(self._incoming, ignore_errors=True)
    self._lock.close()

  def _choice(self, field: str, label: str, values: Iterable[str]) -> Choice:
    """Returns a choice whose default is what the request says."""
    default = getattr(self._request, field)
    values = dict.fromkeys((default, request_lib.AUTO, *values))
    return Choice(field, label, tuple(values))

  def _checked(self, fields: Mapping[str, str]) -> dict[str, str]:
    """Returns the options; raises RefusedError for one that is not offered."""
    allowed = {choice.field: choice.values for choice in self.choices}
    for field, value in fields.items():
      if field not in allowed:
        raise refusal.RefusedError(
          http.HTTPStatus.BAD_REQUEST,
          f'There is no option {field[:50]!r}; the options are '
          f'{", ".join(allowed)}.',
        )
      if value not in allowed[field]:
        raise refusal.RefusedError(
          http.HTTPStatus.BAD_REQUEST,
          f'{field} is {value[:50]!r}; it must be one of '
          f'{", ".join(allowed[field])}.',
        )
    return {
      field: fields.get(field, values[0]) for field, values in allowed.items()
    }

  def _work(self, job: jobs_lib.Job) -> str:
    """Has a file judged, keeps the verdict, and returns 'accepted' or not."""
    request = dataclasses.replace(
      self._request,
      model_path=job.path,
      pictures_dir=self._pictures_dir(job),
      **job.options,
    )
    try:
      verdict = self._judge(request, job.report_progress).to_json()
      # Where it lay here says nothing to anybody.
      verdict['file']['name'] = job.name
      self.archive.keep(
        {
          'id': job.id,
          'name': job.name,
          'size': job.size,
          'finished': datetime.datetime.now(datetime.UTC).isoformat(
            timespec='seconds'
          ),
          'options': job.options,
          'data': self.data,
          'verdict': verdict,
        },
        request.pictures_dir,
      )
    except Exception as error:
      self._report_line(f'{job.name}: no verdict: {error}')
      raise
    self._report_line(f'{job.name}: {verdict["verdict"]}')
    return verdict['verdict']

  def _pictures_dir(self, job):
    return self._incoming / f'{job.id}_pictures'

  def _clear(self, job: jobs_lib.Job) -> None:
    with contextlib.suppress(OSError):
      os.remove(job.path)
    shutil.rmtree(self._pictures_dir(job), ignore_errors=True)


def _locked(path: pathlib.Path) -> typing.IO:
  """Returns an open file that nobody else can lock while it is open."""
  stream = open(path, 'w')
  try:
    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
  except OSError as error:
    stream.close()
    raise ValueError(
      f'{path.parent} is used by another server. Stop that one, or choose '
      'another --output_dir.'
    ) from error
  return stream
