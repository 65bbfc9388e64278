# SPDX-License-Identifier: Apache-2.0
"""The judge's web app. No part of an address is used as a path on disk.

    GET  /                      the form and the leaderboard
    GET  /leaderboard.json      all verdicts
    POST /judge                 a form, or a file as the body
    GET  /verdicts/ID           progress, then the verdict; ID.json: as JSON
    GET  /verdicts/ID/N.png     a depth picture
    POST /verdicts/ID/cancel    with the key of the upload

Browsers, which accept text/html, get pages. Other clients get JSON: the job
after a POST, and {"error": ...} for a refused request. Only who uploaded a file
may cancel it: a browser has the key as a cookie, a program in an address in the
answer to its POST.
"""

from collections.abc import Callable
import os
from typing import Any

from depth_mai.judging import stages
from depth_mai.judging.web import clerk as clerk_lib
from depth_mai.judging.web import jobs as jobs_lib
from depth_mai.judging.web import verdict_page
from depth_mai.judging.web import verdict_view
from depth_mai.web import guard
from depth_mai.web import pages
from depth_mai.web import uploads as uploads_lib

_FILE_FIELD = 'model'
_MOST_FORM_PARTS = 16
_REFRESH_S = 2
_COOKIE, _COOKIE_S = 'key', 86400
_RECEIVED = 'received'
# The judge's stages as the page names them.
_STAGE_NAMES = {
  _RECEIVED: 'Received',
  'reading': 'Read',
  'checking': 'Operators',
  'loading': 'Load',
  'detecting': 'Interface',
  'fidelity': 'Fidelity',
  'runtime': 'Runtime',
}
_STAGES = (_RECEIVED, *stages.STAGES)
_VALUE_NAMES = {'auto': 'detect', 'm': 'metres', 'mm': 'millimetres'}
# The keys of a record, and of its verdict, that leaderboard.json contains.
_FILE_KEYS = ('id', 'name', 'size', 'finished', 'data')
_RESULT_KEYS = ('verdict', 'score', 'rank', 'runtime_ms')
_VERDICT_KEYS = (*_RESULT_KEYS, 'si_rmse', 'rmse', 'log10', 'rel')


def upload_limits(clerk: clerk_lib.Clerk) -> uploads_lib.Uploads:
  """Returns the limits for the server of the app.

  Args:
    clerk: the app's clerk.
  """

  def why_not() -> str:
    try:
      clerk.jobs.check_room()
    except jobs_lib.QueueFullError as error:
      return str(error)
    return ''

  return uploads_lib.Uploads('/judge', clerk.most_bytes, why_not)


def create_app(
  clerk: clerk_lib.Clerk, report_line: Callable[[str], object] = print
) -> Any:
  """Returns the Flask app.

  Args:
    clerk: accepts files and returns verdicts.
    report_line: takes lines for the server's terminal.

  Raises:
    ValueError: if Flask is not installed.
  """
  app = guard.create_app(report_line, name='depth_mai judge')
  flask = pages.optional_package('flask')
  limits = upload_limits(clerk)
  app.config['MAX_FORM_PARTS'] = _MOST_FORM_PARTS
  verdict_path = '/verdicts/<string(length=16):verdict_id>'

  @app.get('/')
  def home():
    return home_page(clerk, flask.request.host)

  @app.get('/leaderboard.json')
  def leaderboard():
    return leaderboard_json(clerk)

  @app.post('/judge')
  def judge():
    try:
      content, size, name, options = uploaded()
      if size > clerk.most_bytes:
        guard.refuse(413, limits.too_large)
      if not size:
        guard.refuse(
          400,
          'There is no file in the request, or it is empty. Choose a .tflite '
          f'file; programs send it as the field {_FILE_FIELD!r} of a form, or '
          'as the body of the request.',
        )
      job = clerk.admit(content, name, options)
    except jobs_lib.QueueFullError as error:
      guard.refuse(503, str(error))
    except ValueError as error:
      guard.refuse(400, str(error))
    except OSError as error:
      report_line(f'A file could not be stored: {error}')
      guard.refuse(507, uploads_lib.storage_error(error))
    if guard.wants_page():
      response = flask.make_response(answer_job(job, 202))
    else:
      answer = job_json(clerk, job)
      answer['cancel'] = f'/verdicts/{job.id}/cancel?key={job.key}'
      response = flask.make_response(answer, 202, _location(job))
    response.set_cookie(
      _COOKIE,
      job.key,
      max_age=_COOKIE_S,
      path=f'/verdicts/{job.id}',
      httponly=True,
      samesite='Strict',
    )
    return response

  @app.get(verdict_path)
  def verdict(verdict_id):
    job, record = find(verdict_id)
    if record:
      return verdict_page.html(record, clerk.archive.why_unsaved(verdict_id))
    return job_page(clerk, job, job.may_cancel(key()))

  @app.get(f'{verdict_path}.json')
  def verdict_as_json(verdict_id):
    job, record = find(verdict_id)
    if record:
      return verdict_page.content(
        record, not clerk.archive.why_unsaved(verdict_id)
      )
    return job_json(clerk, job)

  @app.get(f'{verdict_path}/<string(maxlength=3):number>.png')
  def picture(verdict_id, number):
    content = None
    if number.isdecimal():
      content = clerk.archive.picture(verdict_id, int(number))
    if content is None:
      guard.refuse(404, f'{verdict_id} has no picture {number}.')
    response = flask.Response(content, mimetype='image/png')
    response.headers['Cache-Control'] = 'private, max-age=86400, immutable'
    return response

  @app.post(f'{verdict_path}/cancel')
  def cancel(verdict_id):
    job = clerk.jobs.get(verdict_id) or not_found(verdict_id)
    if not job.may_cancel(key()):
      guard.refuse(
        403,
        'Only who uploaded the file may cancel it: in the same browser, or '
        'with the address "cancel" in the answer to the upload.',
      )
    clerk.jobs.cancel(job)
    return answer_job(job, 200)

  def uploaded():
    """Returns (stream, its size in bytes, file name, options)."""
    request = flask.request
    if request.content_length is None:
      guard.refuse(411, uploads_lib.NO_LENGTH)
    if request.mimetype != 'multipart/form-data':
      options = request.args.to_dict()
      name = options.pop('name', '')
      return request.stream, request.content_length, name, options
    # str(), because the name of a field may be missing.
    options = {str(field): text for field, text in request.form.items()}
    files = [
      (str(field), file) for field, file in request.files.items(multi=True)
    ]
    if not files:
      return None, 0, '', options
    if [field for field, _ in files] != [_FILE_FIELD]:
      guard.refuse(
        400,
        f'A form has one file, in the field {_FILE_FIELD!r}; this one has '
        f'{", ".join(repr(field[:50]) for field, _ in files)}.',
      )
    file = files[0][1]
    size = file.stream.seek(0, os.SEEK_END)
    file.stream.seek(0)
    return file.stream, size, file.filename or '', options

  def key():
    """Returns the key that the request has for a file; '' without one."""
    request = flask.request
    return request.args.get('key') or request.cookies.get(_COOKIE, '')

  def find(verdict_id):
    """Returns (job, record), of which one may be None."""
    # In this order, because a job that ends in between becomes a record.
    job = clerk.jobs.get(verdict_id)
    record = clerk.archive.get(verdict_id)
    return (job, record) if job or record else not_found(verdict_id)

  def not_found(verdict_id):
    guard.refuse(
      404,
      f'There is no file {verdict_id}. Files without a verdict are lost when '
      'the server stops; upload it again.',
    )

  def answer_job(job, status):
    """Redirects a browser to the job's page; returns JSON to a program."""
    if guard.wants_page():
      return '', 303, _location(job)
    return job_json(clerk, job), status, _location(job)

  return app


def _location(job: jobs_lib.Job) -> dict[str, str]:
  """Returns the header with the address of a job's page."""
  return {'Location': f'/verdicts/{job.id}'}


def home_page(clerk: clerk_lib.Clerk, host: str) -> str:
  """Returns the first page.

  Args:
    clerk: the queue and the verdicts.
    host: the request's host, for the example command.
  """
  records = clerk.archive.records()
  (data_text, ours), *others = verdict_view.by_data(records, clerk.data)
  return pages.render(
    'judge/home.html',
    choices=clerk.choices,
    value_names=_VALUE_NAMES,
    most_bytes=clerk.most_bytes,
    file_field=_FILE_FIELD,
    open_jobs=clerk.jobs.open_jobs(),
    host=host,
    data_text=data_text,
    leaderboard=verdict_view.leaderboard(ours),
    other_leaderboards=[
      (name, verdict_view.leaderboard(group)) for name, group in others
    ],
    rejected=verdict_view.rejected(records),
  )


def job_page(
  clerk: clerk_lib.Clerk, job: jobs_lib.Job, may_cancel: bool
) -> str:
  """Returns the page of a file without a verdict.

  Args:
    clerk: the queue.
    job: the file's job.
    may_cancel: whether the reader is who uploaded it.
  """
  current = _STAGES.index(job.stage) if job.stage in _STAGES else 0
  return pages.render(
    'judge/job.html',
    job=job,
    may_cancel=may_cancel,
    headline=_headline(job, clerk.jobs.place(job)),
    stages=[(stage, _STAGE_NAMES[stage]) for stage in _STAGES],
    current=current,
    fraction=job.fraction if job.state == jobs_lib.RUNNING else 0.0,
    refresh_s=_REFRESH_S,
    data_text=verdict_view.data_text(clerk.data),
  )


def _headline(job: jobs_lib.Job, place: int) -> str:
  """Returns the state of a job in a few words."""
  if job.state == jobs_lib.CANCELLED:
    return 'Cancelled'
  if job.state == jobs_lib.FAILED:
    return 'No verdict'
  if job.stopping.is_set():
    return 'Stopping'
  if job.state == jobs_lib.WAITING:
    return f'Waiting, {place} ahead' if place else 'Waiting'
  return f'Judging: {_STAGE_NAMES.get(job.stage, job.stage)}'


def job_json(clerk: clerk_lib.Clerk, job: jobs_lib.Job) -> dict:
  """Returns the state of a job, for programs and for judge.js.

  Args:
    clerk: the queue.
    job: the job.
  """
  place = clerk.jobs.place(job)
  return {
    'id': job.id,
    'name': job.name,
    'size': job.size,
    'state': job.state,
    'place': place,
    'stage': job.stage,
    'fraction': job.fraction,
    'text': job.text,
    'headline': _headline(job, place),
    'page': f'/verdicts/{job.id}',
    'json': f'/verdicts/{job.id}.json',
  }


def leaderboard_json(clerk: clerk_lib.Clerk) -> dict:
  """Returns all verdicts, sorted by score, and the open jobs.

  Args:
    clerk: the queue and the verdicts.
  """
  files = [
    {
      **{key: record[key] for key in _FILE_KEYS},
      **{key: record['verdict'].get(key) for key in _VERDICT_KEYS},
      'json': f'/verdicts/{record["id"]}.json',
    }
    for record in clerk.archive.records()
  ]
  files.sort(key=lambda file: (file['score'] is None, -(file['score'] or 0)))
  return {
    'data': clerk.data,
    'files': files,
    'waiting': [job_json(clerk, job) for job in clerk.jobs.open_jobs()],
  }
