# SPDX-License-Identifier: Apache-2.0
"""The page of a file that has no verdict yet, or will have none."""

import html

from depth_mai.judging import stages
from depth_mai.judging.web import frame
from depth_mai.judging.web import jobs as jobs_lib

_REFRESH_S = 2
_RECEIVED = 'received'
# What people call the judge's stages.
_NAMES = {
  _RECEIVED: 'Received',
  'reading': 'Read',
  'checking': 'Operators',
  'loading': 'Load',
  'detecting': 'Interface',
  'fidelity': 'Fidelity',
  'runtime': 'Runtime',
}
STEPS = (_RECEIVED, *stages.STAGES)


def job_page(job: jobs_lib.Job, place: int, origin: str) -> str:
  """Returns the page.

  Args:
    job: that has not ended in a verdict.
    place: how many end before it begins.
    origin: text; what its figures will be of.
  """
  show = _ended if job.ended else _open
  return frame.page(
    f'{headline(job, place)} · {job.name}',
    show(job, place),
    origin,
    None if job.ended else _REFRESH_S,
  )


def job_json(job: jobs_lib.Job, place: int) -> dict:
  """Returns what a script, and the script of the page, want to know.

  Args:
    job: as it is now.
    place: how many end before it begins.
  """
  return {
    'id': job.id,
    'name': job.name,
    'size': job.size,
    'state': job.state,
    'place': place,
    'stage': job.stage,
    'fraction': job.fraction,
    'text': job.text,
    'headline': headline(job, place),
    'page': f'/verdicts/{job.id}',
    'json': f'/verdicts/{job.id}.json',
  }


def headline(job: jobs_lib.Job, place: int) -> str:
  """Returns what is going on, in a few words."""
  if job.state == jobs_lib.CANCELLED:
    return 'Cancelled'
  if job.state == jobs_lib.FAILED:
    return 'No verdict'
  if job.stopping.is_set():
    return 'Stopping'
  if job.state == jobs_lib.WAITING:
    return f'Waiting, {place} before it' if place else 'Waiting'
  return f'Judging: {_NAMES.get(job.stage, job.stage)}'


def _open(job, place):
  now = STEPS.index(job.stage) if job.stage in STEPS else 0
  steps = ''.join(_step(step, number, now) for number, step in enumerate(STEPS))
  known = job.state == jobs_lib.RUNNING and job.fraction > 0
  value = f' value="{job.fraction:.3f}"' if known else ''
  return (
    '<p class="state">In progress</p>\n'
    f'<h1>{html.escape(job.name)}</h1>\n'
    f'<p class="soft">{frame.size_text(job.size)}. '
    'The verdict appears here.</p>\n'
    f'<div class="card live" data-source="/verdicts/{job.id}.json">\n'
    f'<ol class="steps">{steps}</ol>\n'
    f'<progress max="1"{value} aria-label="This step"></progress>\n'
    f'<p role="status">{html.escape(headline(job, place))}</p>\n'
    f'<p class="detail">{html.escape(job.text)}</p>\n'
    f'<form method="post" action="/verdicts/{job.id}/cancel">'
    '<button class="stop">Cancel</button></form>\n</div>'
  )


def _step(step, number, now):
  style = ' class="done"' if number < now else ''
  current = ' aria-current="step"' if number == now else ''
  return f'<li data-stage="{step}"{style}{current}>{_NAMES[step]}</li>'


def _ended(job, place):
  if job.state == jobs_lib.CANCELLED:
    text = '<p>It was cancelled and is removed.</p>'
  else:
    text = (
      '<p>The judge could not do its work; that says nothing of the file, '
      f'which is removed.</p>\n{frame.items([job.text], "notes errors")}'
    )
  return (
    f'<p class="state {job.state}">{headline(job, place)}</p>\n'
    f'<h1>{html.escape(job.name)}</h1>\n{text}\n'
    '<p><a href="/">Judge another file</a></p>'
  )
