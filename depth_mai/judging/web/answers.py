# SPDX-License-Identifier: Apache-2.0
"""What is said about a file, whether it has its verdict or waits for it."""

import html
import http

from depth_mai.judging.web import clerk as clerk_lib
from depth_mai.judging.web import frame
from depth_mai.judging.web import job_page
from depth_mai.judging.web import refusal
from depth_mai.judging.web import verdict_page

_FILE = ('id', 'name', 'size', 'finished', 'data')
_SUMMARY = ('verdict', 'score', 'rank', 'runtime_ms')
_SUMMARY += ('si_rmse', 'rmse', 'log10', 'rel')


def page(clerk: clerk_lib.Clerk, verdict_id: str) -> str:
  """Returns the page of a file.

  Args:
    clerk: who has it.
    verdict_id: of the file.

  Raises:
    RefusedError: if there is no such file.
  """
  job = clerk.jobs.get(verdict_id)
  record = clerk.archive.get(verdict_id)
  if record:
    return verdict_page.verdict_page(record)
  if job is None:
    raise unknown(verdict_id)
  origin = f'Errors are measured on {frame.data_text(clerk.data)}.'
  return job_page.job_page(job, clerk.jobs.place(job), origin)


def verdict(clerk: clerk_lib.Clerk, verdict_id: str) -> dict:
  """Returns what is known of a file: `state`, and once it is there, `verdict`.

  Args:
    clerk: who has it.
    verdict_id: of the file.

  Raises:
    RefusedError: if there is no such file.
  """
  job = clerk.jobs.get(verdict_id)
  record = clerk.archive.get(verdict_id)
  if record:
    return {
      **record,
      'state': record['verdict']['verdict'],
      'page': f'/verdicts/{verdict_id}',
      'pictures': [
        f'/verdicts/{verdict_id}/{number}.png'
        for number in range(len(record['pictures']))
      ],
    }
  if job is None:
    raise unknown(verdict_id)
  return job_page.job_json(job, clerk.jobs.place(job))


def leaderboard(clerk: clerk_lib.Clerk) -> dict:
  """Returns all files that were judged, by score, and those that wait.

  Args:
    clerk: who has them.
  """
  files = [
    {
      **{key: record[key] for key in _FILE},
      **{key: record['verdict'].get(key) for key in _SUMMARY},
      'json': f'/verdicts/{record["id"]}.json',
    }
    for record in clerk.archive.records()
  ]
  files.sort(key=lambda file: (file['score'] is None, -(file['score'] or 0)))
  return {
    'data': clerk.data,
    'files': files,
    'waiting': [
      job_page.job_json(job, clerk.jobs.place(job))
      for job in clerk.jobs.open_jobs()
    ],
  }


def refused(phrase: str, text: str) -> str:
  """Returns the page of something that is not there, or not taken.

  Args:
    phrase: in two words.
    text: why, and the cure.
  """
  return frame.page(
    phrase,
    f'<h1>{html.escape(phrase)}</h1>\n<p>{html.escape(text)}</p>\n'
    '<p><a href="/">To the judge</a></p>',
    '',
  )


def unknown(verdict_id: str) -> refusal.RefusedError:
  """Returns what to say of an id that means nothing here."""
  return refusal.RefusedError(
    http.HTTPStatus.NOT_FOUND,
    f'There is no file {verdict_id}. One that waits for its verdict is lost '
    'when the server stops; upload it again.',
  )
