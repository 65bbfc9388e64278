# SPDX-License-Identifier: Apache-2.0
"""Shows a leaderboard as one HTML file.

Beside every row stands the system's row of the challenge report's Table 1,
marked as what it is: measured on other pictures and on another device. The
plot and the depth pictures are inside the file.
"""

from collections.abc import Mapping
import datetime
import html
import os

from depth_mai.files import atomic
from depth_mai.metrics import score as score_lib
from depth_mai.report import leaderboard_rows
from depth_mai.report import leaderboard_tables
from depth_mai.report import web_page

_RULE = (
  'Score = 640000 · 2^(-20 · si-RMSE) / runtime in ms, as in the challenge: '
  'an si-RMSE lower by 0.05 counts as much as half the runtime.'
)
_CAUTION = (
  "The shaded columns are the report's: measured on the organisers' ZED "
  'pictures and timed on a Raspberry Pi 4. The others were measured here, on '
  'these data and this device. So the figures of the two sides do not compare; '
  'their orders do. Bold is the best of a column; a click on a heading sorts.'
)
_RHO = (
  "Spearman's rho compares two orders of the same systems, this run's and the "
  "report's: +1 means the same order, 0 no relation, -1 the opposite order. It "
  'says nothing about the size of the figures, and with so few systems it is a '
  'rough measure.'
)
_PRECISIONS = (
  'The same networks in files of other precisions, judged in the same way. The '
  'change is that of the si-RMSE against the FP32 file; what is above 0 is '
  'worse.'
)
_FILES = (
  'Parameters and multiply-accumulates are counted in the files themselves. '
  "The report does not name its teams' precisions; they are inferred from the "
  'sizes of their files.'
)
_PLOT = (
  'Towards the lower left is better; along a line the score is the same. The '
  "report's rows have a panel of their own: other data, another device."
)
_PICTURES = 'All depths share one scale in metres, all errors one in per cent.'


def write_page(
  path: str | os.PathLike[str],
  leaderboard: Mapping,
  plot_path: str | os.PathLike[str] | None,
  pictures_path: str | os.PathLike[str] | None,
  command: str = '',
  pictures_note: str = '',
) -> None:
  """Writes the page.

  Args:
    path: the .html file to write.
    leaderboard: the content of leaderboard.json, see `leaderboard_rows`.
    plot_path: the picture of `leaderboard_plot`, or None.
    pictures_path: the picture of `leaderboard_pictures`, or None.
    command: what made the leaderboard.
    pictures_note: how the example pictures were chosen, a sentence.

  Raises:
    ValueError: if the leaderboard has no rows, or a picture cannot be shown.
    OSError: if a file cannot be read or written.
  """
  title = str(leaderboard.get('title') or 'Leaderboard')
  sections = [
    _header(title, leaderboard),
    _section('Ranking', _CAUTION, leaderboard_tables.ranking(leaderboard)),
    _list('Before quoting a number', leaderboard.get('notes')),
    _section(
      "Does the report's order come out again?",
      _RHO,
      leaderboard_tables.agreement(leaderboard),
    ),
    _section(
      'Accuracy against runtime',
      _PLOT,
      _picture(plot_path, 'si-RMSE against runtime of the systems above'),
    ),
    _section(
      'What the systems see',
      f'{_PICTURES} {pictures_note}',
      _picture(
        pictures_path,
        'example pictures, their true depth, and the depth and the error of '
        'each system',
      ),
    ),
    _section(
      'Precisions', _PRECISIONS, leaderboard_tables.precisions(leaderboard)
    ),
    _section(
      'The files that were ranked',
      _FILES,
      leaderboard_tables.ranked_files(leaderboard),
    ),
    _list('Not judged', _not_judged(leaderboard)),
    _section('How it was made', '', _provenance(leaderboard, command)),
  ]
  atomic.write_text(path, web_page.page(title, '\n'.join(sections)))


def _header(title, leaderboard):
  origin = ' · '.join(
    (
      leaderboard_rows.data_text(leaderboard),
      leaderboard_rows.device_text(leaderboard),
      _date(leaderboard.get('created')),
    )
  )
  rows = leaderboard_rows.rows(leaderboard)
  first, name = rows[0], leaderboard_rows.names(rows)[0]
  score = leaderboard_rows.known(first.get('score'))
  ahead = (
    '' if score is None else f'{name} is ahead with a score of {score:,.0f}. '
  )
  return (
    f'<h1>{html.escape(title)}</h1>\n'
    f'<p class="soft">{html.escape(origin)}</p>\n'
    f'<p>{html.escape(ahead + _RULE)}</p>'
  )


def _section(heading, text, content):
  """Returns a part of the page; nothing where there is no content."""
  if not content:
    return ''
  heading = f'<h2>{html.escape(heading)}</h2>'
  text = f'<p class="soft">{html.escape(text.strip())}</p>' if text else ''
  return f'{heading}\n{text}\n{content}'


def _list(heading, texts):
  items = '\n'.join(
    f'<li>{html.escape(str(text))}</li>' for text in texts or ()
  )
  return _section(heading, '', items and f'<ul>\n{items}\n</ul>')


def _picture(path, alternative):
  return '' if path is None else web_page.picture(path, alternative)


def _not_judged(leaderboard):
  missing = leaderboard.get('missing') or ()
  texts = [f'{system}: there is no judged file of it.' for system in missing]
  return [*texts, *(leaderboard.get('problems') or ())]


def _provenance(leaderboard, command):
  constant = leaderboard.get('score_constant') or score_lib.SCORE_CONSTANT
  entries = (
    ('Command', command),
    ('Date', _date(leaderboard.get('created'))),
    ('Data', _listed(leaderboard.get('data') or {})),
    ('Device', _listed(leaderboard.get('device') or {})),
    (
      'Errors',
      "of each file's depth against the truth, with the organisers' metrics; "
      'means over the pictures',
    ),
    ('Score', f'{constant:.0f} · 2^(-20 · si-RMSE) / runtime in ms'),
  )
  lines = []
  for name, text in entries:
    tag = 'code' if name == 'Command' else 'span'
    if text:
      text = f'<{tag}>{html.escape(text)}</{tag}>'
      lines.append(f'<dt>{name}</dt><dd>{text}</dd>')
  return '<dl>\n{}\n</dl>'.format('\n'.join(lines))


def _listed(values):
  """Returns 'key: value' of all known entries."""
  return '; '.join(
    f'{key.replace("_", " ")}: {value}'
    for key, value in values.items()
    if value is not None
  )


def _date(created):
  """Returns such as '1 March 2026, 12:00 UTC'; other texts as they are."""
  try:
    moment = datetime.datetime.fromisoformat(str(created))
  except ValueError:
    return str(created or 'at an unknown time')
  zone = f' {moment.tzname()}' if moment.tzinfo else ''
  return f'{moment.day} {moment:%B %Y, %H:%M}{zone}'
