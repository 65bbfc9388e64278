# SPDX-License-Identifier: Apache-2.0
"""Draws docs/images/architecture.svg: from a picture on disk to a score.

    python -m build_defs.architecture           # writes the drawing
    python -m build_defs.architecture --check   # exits 1 if it is not current

The drawing follows from the tables below; a test compares its boxes and arrows
with the packages and imports of the code.
"""

import argparse
import pathlib
import sys
from typing import NamedTuple

DRAWING = pathlib.PurePath('docs/images/architecture.svg')
_TEMPLATE = pathlib.Path(__file__).with_name('architecture.svg.jinja')

_TENSORFLOW, _DEVICE, _FILE = 'tensorflow', 'device', 'file'
# Colours and name in the legend of each kind of box.
_KINDS = {
  kind: {'fill': fill, 'line': line, 'caption': caption}
  for kind, fill, line, caption in (
    (_TENSORFLOW, '#e8eefb', '#3b5fb0', 'package, needs TensorFlow'),
    (_DEVICE, '#e3f4ea', '#2c7a4b', 'package, also runs on a Raspberry Pi'),
    (_FILE, '#fbf6e3', '#a58a2b', 'files on disk'),
  )
}
_COLUMN, _ROW = 176, 104
_WIDTH, _HEIGHT = 140, 58
_MARGIN = 24


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
  'distillation': Box(_TENSORFLOW, 4, 0, ('features of', 'a teacher')),
  'layers': Box(_TENSORFLOW, 0, 1, ('CLB, FFM, ghost,', 'depth head')),
  'models': Box(_TENSORFLOW, 1, 1, ('encoders, and', 'eight systems')),
  'training': Box(_TENSORFLOW, 2, 1, ('one step, one loop,', 'exact resume')),
  'workdir': Box(_FILE, 3, 1, ('best.keras,', 'metrics.jsonl')),
  'lite': Box(_TENSORFLOW, 4, 1, ('fold, convert,', 'calibrate, compare')),
  '.tflite': Box(_FILE, 5, 1, ('FP32, FP16, INT8',)),
  'segmentation': Box(_TENSORFLOW, 0, 2, ('pre-training on', 'label maps')),
  'labelling': Box(_TENSORFLOW, 1, 2, ('photographs, with', "teachers' depth")),
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
  ('distillation', 'training'),
  ('layers', 'models'),
  ('models', 'training'),
  ('training', 'workdir'),
  ('training', 'segmentation'),
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
  ('web', 'report'),
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


def draw() -> str:
  """Returns the drawing as SVG text."""
  import jinja2  # Not needed to compare the tables with the code.

  arrows = []
  for source, target in ARROWS:
    start, end = _position(BOXES[source]), _position(BOXES[target])
    line = (*_edge(start, end), *_edge(end, start))
    arrows.append([f'{coordinate:g}' for coordinate in line])
  columns = max(box.column for box in BOXES.values())
  ground_y = (max(box.row for box in BOXES.values()) + 1) * _ROW
  template = jinja2.Template(_TEMPLATE.read_text(encoding='utf-8'))
  return template.render(
    arrows=arrows,
    boxes=[(name, box, *_position(box)) for name, box in BOXES.items()],
    box_height=_HEIGHT,
    box_width=_WIDTH,
    ground=_GROUND,
    ground_y=ground_y,
    height=ground_y + 112,
    kinds=_KINDS,
    margin=_MARGIN,
    width=2 * _MARGIN + columns * _COLUMN + _WIDTH,
  )


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
