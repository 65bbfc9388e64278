# SPDX-License-Identifier: Apache-2.0
"""The page of a verdict: what speaks against the file, or what it is worth."""

from collections.abc import Mapping
import html

from depth_mai.judging import lockdown
from depth_mai.judging import verdict as verdict_lib
from depth_mai.judging.web import frame
from depth_mai.judging.web import intervals
from depth_mai.judging.web import verdict_tables
from depth_mai.metrics import paper_results as paper_results

_TABLE = (
  "The report's rows are of the challenge's test images and of a Raspberry Pi "
  '4 with TensorFlow Lite 2.5.0. This file was measured on {data} and timed on '
  '{device}.{speed} So the place says roughly where the file stands; what '
  'compares is files judged here, with each other.'
)
_SPEED = (
  ' That is no Raspberry Pi 4, and its speed goes into the score and the place.'
)
_PICTURES = (
  'Image, depth of the file, truth, and error. Depths share one scale in '
  'metres within a picture: near is yellow, far is blue. In the error red is '
  'too near, blue is too far.'
)


def verdict_page(record: Mapping) -> str:
  """Returns the page.

  Args:
    record: a file with its verdict, as `Archive` keeps it.
  """
  verdict, name = record['verdict'], html.escape(record['name'])
  accepted = verdict['verdict'] == verdict_lib.ACCEPTED
  state = 'Accepted' if accepted else 'Rejected'
  body = [
    f'<p class="state {verdict["verdict"]}">{state}</p>',
    f'<h1>{name}</h1>',
    f'<p class="soft">{frame.size_text(record["size"])} · judged '
    f'{frame.moment(record["finished"])} · <a href="/verdicts/{record["id"]}'
    '.json">JSON</a></p>',
    frame.section(
      'Why it is rejected',
      '',
      frame.items(verdict.get('errors'), 'notes errors'),
    ),
    _figures(verdict),
    frame.items(verdict.get('warnings'), 'notes warnings'),
    _table(record, verdict),
    frame.section('What it sees', _PICTURES, _pictures(record)),
    frame.section(
      'What it takes and gives', '', verdict_tables.interface(verdict)
    ),
    frame.section('How it was judged', '', _facts(record, verdict)),
  ]
  return frame.page(
    f'{state} · {record["name"]}',
    '\n'.join(part for part in body if part),
    f'Errors are measured on {frame.data_text(record["data"])}.',
  )


def _figures(verdict):
  device = (verdict.get('device') or {}).get('name') or 'the device'
  places = len(paper_results.ROWS) + 1
  predicted = intervals.predicted(verdict)
  shown = (
    ('score', ',.1f', ',.0f', '', 'score'),
    ('rank', 'd', 'd', '', f'place among {places}, with Table 1'),
    ('si_rmse', '.4f', '', '', 'si-RMSE'),
    ('runtime_ms', '.2f', '.0f', ' ms', f'runtime on {device}'),
    ('rmse', '.3f', '', ' m', 'RMSE'),
    ('log10', '.4f', '', '', 'LOG10'),
    ('rel', '.4f', '', '', 'REL'),
  )
  tiles = []
  for key, spec, predicted_spec, unit, label in shown:
    if key in predicted:
      text = intervals.shown(predicted[key], predicted_spec)
      label = f'{intervals.PREDICTED} {label}'
    elif verdict.get(key) is not None:
      text = f'{verdict[key]:{spec}}'
    else:
      continue
    tiles.append(
      f'<div><b>{text}<small>{unit}</small></b> '
      f'<span>{html.escape(label)}</span></div>'
    )
  return tiles and f'<div class="figures">{"".join(tiles)}</div>'


def _table(record, verdict):
  if verdict.get('si_rmse') is None:
    return ''
  device = verdict.get('device') or {}
  text = _TABLE.format(
    data=frame.data_text(record['data']),
    device=device.get('name') or 'no device',
    speed='' if device.get('is_raspberry_pi') else _SPEED,
  )
  return frame.section(
    "Beside the report's Table 1", text, verdict_tables.beside_report(record)
  )


def _pictures(record):
  described = {
    picture.get('file'): picture
    for picture in record['verdict'].get('pictures') or ()
  }
  figures = []
  for number, file in enumerate(record['pictures']):
    picture = described.get(file, {})
    name = str(picture.get('id') or file.removesuffix('.png'))
    caption = name
    if picture.get('si_rmse') is not None:
      caption = f'{name}: si-RMSE {picture["si_rmse"]:.4f}'
    figures.append(
      '<figure class="shot"><div tabindex="0">'
      f'<img src="/verdicts/{record["id"]}/{number}.png" loading="lazy" '
      f'alt="Picture {html.escape(name)}, the depth of the file, the true '
      'depth, and the error"></div>'
      f'<figcaption>{html.escape(caption)}</figcaption></figure>'
    )
  return '\n'.join(figures)


def _facts(record, verdict):
  operators = verdict.get('operators') or {}
  said = [f'{key}: {value}' for key, value in record['options'].items()]
  counted = (operators.get('histogram') or {}).items()
  entries = (
    ('File', f'{record["size"]:,} bytes, sha256 {verdict["file"]["sha256"]}'),
    ('Said about it', ', '.join(said)),
    ('Operators', ', '.join(f'{count} {name}' for name, count in counted)),
    ('They need', _release(operators)),
    ('Runtime', _timing(verdict.get('runtime') or {})),
    (
      'What that says',
      ' '.join((verdict.get('standing') or {}).get('notes', ())),
    ),
    *_protection(verdict.get('protection') or {}),
  )
  rows = ''.join(
    f'<dt>{name}</dt><dd>{html.escape(text)}</dd>\n'
    for name, text in entries
    if text
  )
  return f'<dl>\n{rows}</dl>'


def _release(operators):
  if not operators:
    return ''
  return (
    f'TensorFlow Lite {operators.get("min_runtime")}; the target is '
    f'{operators.get("target_runtime")}'
  )


def _timing(runtime):
  median_ms = runtime.get('runtime_ms')
  if median_ms is None:
    return ''
  parts = [
    f'median of {runtime["runs"]} runs, threads: {runtime["threads"]}',
    f'{median_ms:.2f} ms with XNNPACK',
  ]
  plain_ms = runtime.get('runtime_ms_no_xnnpack')
  if plain_ms is not None:
    parts.append(f'{plain_ms:.2f} ms without')
  if runtime.get('partitions') is not None:
    parts.append(f'pieces of the graph in XNNPACK: {runtime["partitions"]}')
  return '; '.join(parts)


def _protection(layers):
  present = [
    name for name, state in layers.items() if state == lockdown.IN_FORCE
  ]
  missing = [
    f'{name} ({state})'
    for name, state in layers.items()
    if state != lockdown.IN_FORCE
  ]
  return (
    ('Shut in by', ', '.join(present)),
    ('Not in force', ', '.join(missing)),
  )
