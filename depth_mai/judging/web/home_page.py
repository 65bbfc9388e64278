# SPDX-License-Identifier: Apache-2.0
"""The first page: the form, who waits, and the leaderboard."""

from collections.abc import Sequence
import html

from depth_mai.judging.web import clerk as clerk_lib
from depth_mai.judging.web import frame
from depth_mai.judging.web import jobs as jobs_lib
from depth_mai.judging.web import upload
from depth_mai.judging.web import verdict_tables

_INTRODUCTION = (
  'Upload a TensorFlow Lite file that turns a picture into depth. The judge '
  "checks its operators, measures its errors with the challenge's metrics and "
  'its runtime, and says where it would have ranked. The file runs shut in; it '
  'is removed when it has its verdict.'
)
_TAKEN = (
  'Taken are NHWC and NCHW, float, INT8 and uint8, metres and millimetres; '
  'what a file does not say is detected, and the verdict says so.'
)
_LEADERBOARD = (
  'Files judged here, by score = 640000 · 2^(-20 · si-RMSE) / runtime in ms. '
  '“Table 1” is the place that the score would have had in the challenge '
  'report, which is of other pictures and another device. A click on a heading '
  'sorts.'
)
# What people call the values of a choice.
_VALUES = {'auto': 'detect', 'm': 'metres', 'mm': 'millimetres'}


def home(clerk: clerk_lib.Clerk, host: str) -> str:
  """Returns the page.

  Args:
    clerk: what it shows.
    host: of the request; for the example of a script.
  """
  records = clerk.archive.records()
  body = [
    '<h1>What is your depth network worth?</h1>',
    f'<p>{html.escape(_INTRODUCTION)}</p>',
    '<div class="columns">',
    f'<div>{_form(clerk.choices, clerk.most_bytes)}</div>',
    f'<div class="card">{_queue(clerk.jobs.open_jobs())}',
    f'{_script(clerk.choices, host)}</div>',
    '</div>',
  ]
  (data_text, ours), *others = verdict_tables.by_data(records, clerk.data)
  empty = '<p>No file yet. The first one leads.</p>'
  body.append(
    frame.section(
      'Leaderboard',
      f'On {data_text}. {_LEADERBOARD}',
      verdict_tables.leaderboard(ours) or empty,
      'leaderboard',
    )
  )
  body += [
    frame.section(
      f'On {name}',
      'Judged here before, on other data. Their figures do not compare with '
      'those above.',
      verdict_tables.leaderboard(group),
    )
    for name, group in others
  ]
  body.append(frame.section('Rejected', '', verdict_tables.rejected(records)))
  return frame.page(
    'Judge a depth network',
    '\n'.join(body),
    f'Errors are measured on {data_text}.',
  )


def _form(choices: Sequence[clerk_lib.Choice], most_bytes: int) -> str:
  selects = ''.join(map(_select, choices))
  return (
    '<form class="card upload" method="post" action="/judge" '
    f'enctype="multipart/form-data" data-most-bytes="{most_bytes}">\n'
    f'<label class="drop"><strong>Drop a .tflite file here, or choose one'
    f'</strong><input type="file" name="{upload.FILE_FIELD}" required '
    'accept=".tflite,application/octet-stream">'
    '<span class="chosen"></span></label>\n'
    f'<p class="soft">At most {most_bytes / 2**20:g} MB. '
    f'{html.escape(_TAKEN)}</p>\n'
    f'<details><summary>Say it yourself</summary>'
    f'<div class="choices">{selects}</div></details>\n'
    '<button class="go">Judge it</button>\n'
    '<div class="sending" hidden><p role="status"></p>'
    '<progress max="1" value="0" aria-label="Sent"></progress></div>\n'
    '<p role="alert" hidden></p>\n</form>'
  )


def _select(choice: clerk_lib.Choice) -> str:
  if len(choice.values) < 2:
    return ''
  options = ''.join(
    f'<option value="{html.escape(value)}">'
    f'{html.escape(_VALUES.get(value, value))}</option>'
    for value in choice.values
  )
  return (
    f'<label>{html.escape(choice.label)}'
    f'<select name="{choice.field}">{options}</select></label>'
  )


def _queue(open_jobs: Sequence[jobs_lib.Job]) -> str:
  if not open_jobs:
    return frame.section(
      'In the queue', '', '<p>Nobody waits: yours would be next.</p>'
    )
  lines = ''.join(
    f'<li><a href="/verdicts/{job.id}">{html.escape(job.name)}</a> '
    f'<span class="soft">{job.state}</span></li>\n'
    for job in open_jobs
  )
  return frame.section('In the queue', '', f'<ol class="queue">{lines}</ol>')


def _script(choices: Sequence[clerk_lib.Choice], host: str) -> str:
  options = ', '.join(choice.field for choice in choices)
  return (
    '<h2>From a script</h2><p><code>curl --data-binary @model.tflite '
    f"'http://{html.escape(host)}/judge?name=model.tflite'</code></p>\n"
    '<p class="soft">The answer names the verdict\'s address; with .json '
    f'behind it, it is JSON. Further options: {html.escape(options)}. All '
    'files: <a href="/leaderboard.json">leaderboard.json</a></p>'
  )
