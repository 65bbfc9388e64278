# SPDX-License-Identifier: Apache-2.0
"""Draws docs/images/architecture.svg: from a picture on disk to a score.

    python -m build_defs.architecture           # writes the drawing
    python -m build_defs.architecture --check   # exits 1 if it is not current

The drawing follows from the tables below; a test compares its boxes and arrows
with the packages and imports of the code.
"""

import argparse
from collections.abc import Mapping
import pathlib
import sys
from typing import NamedTuple
from xml.etree import ElementTree

DRAWING = pathlib.PurePath('docs/images/architecture.svg')

_TENSORFLOW, _DEVICE, _FILE = 'tensorflow', 'device', 'file'
# Fill, line and name in the legend of each kind of box.
_KINDS = {
  _TENSORFLOW: ('#e8eefb', '#3b5fb0', 'package, needs TensorFlow'),
  _DEVICE: ('#e3f4ea', '#2c7a4b', 'package, also runs on a Raspberry Pi'),
  _FILE: ('#fbf6e3', '#a58a2b', 'files on disk'),
}
_COLUMN, _ROW = 176, 104
_WIDTH, _HEIGHT = 140, 58
_MARGIN = 24
_FONT = 'system-ui, sans-serif'
_ARROW_STYLE = {
  'stroke': '#555',
  'stroke-width': 1.6,
  'marker-end': 'url(#tip)',
}
_MARKER = {
  'id': 'tip',
  'viewBox': '0 0 10 10',
  'refX': 9,
  'refY': 5,
  'markerWidth': 7,
  'markerHeight': 7,
  'orient': 'auto-start-reverse',
}


class Box(NamedTuple):
  """A package, or files that one package writes for another.

  Attributes:
    kind: a key of _KINDS.
    column: position from the left, in boxes.
    row: position from the top, in boxes.
    captions: lines below the name.
  """

  kind: str
  column: float
  row: float
  captions: tuple[str, ...]


BOXES = {
  'RGB and depth': Box(_FILE, 0, 0, ('pairs on disk,', 'in any layout')),
  'datasets': Box(_TENSORFLOW, 1, 0, ('tfds builders:', 'check, shard')),
  'data': Box(_TENSORFLOW, 2, 0, ('decode, augment,', 'mask: metres')),
  'losses': Box(_TENSORFLOW, 3, 0, ('masked, with', 'NumPy twins')),
  'layers': Box(_TENSORFLOW, 0, 1, ('CLB, FFM, ghost,', 'depth head')),
  'models': Box(_TENSORFLOW, 1, 1, ('encoders, and', 'eight systems')),
  'training': Box(_TENSORFLOW, 2, 1, ('one step, one loop,', 'exact resume')),
  'workdir': Box(_FILE, 3, 1, ('best.keras,', 'metrics.jsonl')),
  'lite': Box(_TENSORFLOW, 4, 1, ('fold, convert,', 'calibrate, compare')),
  '.tflite': Box(_FILE, 5, 1, ('FP32, FP16, INT8',)),
  'streaming': Box(_DEVICE, 2, 2, ('runtime on live', 'cameras, videos')),
  'evaluation': Box(_DEVICE, 3, 2, ('si-RMSE of networks,', 'files, PNGs')),
  'runtime': Box(_DEVICE, 4, 2, ('predict and count', 'with LiteRT')),
  'devices': Box(_DEVICE, 5, 2, ('ms: here, ssh, adb,', 'emulated')),
  'report': Box(_DEVICE, 2, 3, ('depth pictures,', 'plots, tables')),
  'metrics': Box(_DEVICE, 3, 3, ("the organisers'", 'errors and score')),
  'ranking': Box(_DEVICE, 4, 3, ('the leaderboard', 'next to Table 1')),
  'judging': Box(_DEVICE, 5, 3, ('untrusted files,', 'sandboxed')),
  'web': Box(_DEVICE, 1, 3, ('one style for', 'all pages')),
}

# Pairs (from, to). If an arrow joins two packages, one imports the other.
ARROWS = (
  ('RGB and depth', 'datasets'),
  ('datasets', 'data'),
  ('data', 'training'),
  ('losses', 'training'),
  ('layers', 'models'),
  ('models', 'training'),
  ('training', 'workdir'),
  ('workdir', 'lite'),
  ('lite', '.tflite'),
  ('.tflite', 'runtime'),
  ('.tflite', 'devices'),
  ('runtime', 'evaluation'),
  ('runtime', 'ranking'),
  ('evaluation', 'metrics'),
  ('evaluation', 'ranking'),
  ('devices', 'ranking'),
  ('devices', 'judging'),
  ('metrics', 'ranking'),
  ('streaming', 'report'),
)
_GROUND = (
  'files: atomic writes, folders, pictures, workdirs, ready weights',
  'challenge: 480x640, millimetres, four metrics, TFLite 2.5.0',
)


def _position(box: Box) -> tuple[float, float]:
  """Returns the centre of a box, pixels."""
  return (
    _MARGIN + _WIDTH / 2 + box.column * _COLUMN,
    _MARGIN + _HEIGHT / 2 + box.row * _ROW,
  )


def _edge(
  start: tuple[float, float], end: tuple[float, float]
) -> tuple[float, float]:
  """Returns the point where the line to `end` leaves the box at `start`."""
  dx, dy = end[0] - start[0], end[1] - start[1]
  part = min(
    (_WIDTH / 2 + 4) / abs(dx) if dx else float('inf'),
    (_HEIGHT / 2 + 4) / abs(dy) if dy else float('inf'),
  )
  return start[0] + dx * part, start[1] + dy * part


def _add(
  parent: ElementTree.Element,
  tag: str,
  attributes: Mapping[str, object],
  text: str = '',
) -> ElementTree.Element:
  """Adds an element."""
  element = ElementTree.SubElement(
    parent,
    tag,
    {
      name: f'{value:g}' if isinstance(value, (int, float)) else str(value)
      for name, value in attributes.items()
    },
  )
  element.text = text or None
  return element


def _text(
  svg: ElementTree.Element,
  position: tuple[float, float],
  text: str,
  size: int,
  **attributes: str,
) -> None:
  """Adds text; it is centred unless `text-anchor` is given."""
  place = dict(zip('xy', position, strict=True))
  font = {'font-size': size, 'font-family': _FONT, 'fill': '#1d1d1f'}
  style = {'text-anchor': 'middle', **attributes}
  _add(svg, 'text', {**place, **font, **style}, text)


def _rectangle(
  svg: ElementTree.Element,
  position: tuple[float, float],
  size: tuple[float, float],
  kind: str,
  radius: int,
) -> None:
  """Adds a rectangle in the colours of a kind of box."""
  fill, line, _ = _KINDS[kind]
  (x, y), (width, height) = position, size
  place = {'x': x, 'y': y, 'width': width, 'height': height}
  style = {'rx': radius, 'fill': fill, 'stroke': line, 'stroke-width': 1.4}
  _add(svg, 'rect', {**place, **style})


def draw() -> str:
  """Returns the drawing as SVG text."""
  columns = 1 + max(box.column for box in BOXES.values())
  rows = 1 + max(box.row for box in BOXES.values())
  width = 2 * _MARGIN + (columns - 1) * _COLUMN + _WIDTH
  ground_y = 2 * _MARGIN + (rows - 1) * _ROW + _HEIGHT
  height = ground_y + 112
  svg = ElementTree.Element(
    'svg',
    xmlns='http://www.w3.org/2000/svg',
    viewBox=f'0 0 {width:g} {height:g}',
    role='img',
  )
  title = 'From pictures and depth on disk to a ranked .tflite file'
  _add(svg, 'title', {}, title)
  marker = _add(_add(svg, 'defs', {}), 'marker', _MARKER)
  _add(marker, 'path', {'d': 'M 0 0 L 10 5 L 0 10 z', 'fill': '#555'})
  _add(svg, 'rect', {'width': '100%', 'height': '100%', 'fill': '#ffffff'})
  for source, target in ARROWS:
    start, end = _position(BOXES[source]), _position(BOXES[target])
    (x1, y1), (x2, y2) = _edge(start, end), _edge(end, start)
    ends = {'x1': x1, 'y1': y1, 'x2': x2, 'y2': y2}
    _add(svg, 'line', {**ends, **_ARROW_STYLE})
  for name, box in BOXES.items():
    x, y = _position(box)
    corner, radius = (x - _WIDTH / 2, y - _HEIGHT / 2), 10
    if box.kind == _FILE:
      radius = 3
    _rectangle(svg, corner, (_WIDTH, _HEIGHT), box.kind, radius)
    _text(svg, (x, y - 10), name, 14, **{'font-weight': 'bold'})
    for number, caption in enumerate(box.captions):
      _text(svg, (x, y + 6 + 14 * number), caption, 11)
  ground_size = (width - 2 * _MARGIN, 56)
  _rectangle(svg, (_MARGIN, ground_y), ground_size, _DEVICE, 10)
  for number, caption in enumerate(_GROUND):
    _text(svg, (width / 2, ground_y + 23 + 20 * number), caption, 12)
  for number, (kind, (_, _, caption)) in enumerate(_KINDS.items()):
    x, y = _MARGIN + number * 290, ground_y + 76
    _rectangle(svg, (x, y), (18, 14), kind, 3)
    _text(svg, (x + 26, y + 11), caption, 12, **{'text-anchor': 'start'})
  ElementTree.indent(svg)
  return ElementTree.tostring(svg, encoding='unicode') + '\n'


def main(argv: list[str] | None = None) -> int:
  """Writes or checks the drawing; returns the exit code."""
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument('--check', action='store_true')
  parser.add_argument('--root', type=pathlib.Path, default=pathlib.Path())
  arguments = parser.parse_args(argv)
  path, drawing = arguments.root / DRAWING, draw()
  if path.is_file() and path.read_text(encoding='utf-8') == drawing:
    return 0
  if arguments.check:
    print(f'{path} is not current; run python -m build_defs.architecture')
    return 1
  path.write_text(drawing, encoding='utf-8')
  print(f'wrote {path}')
  return 0


if __name__ == '__main__':
  sys.exit(main())
