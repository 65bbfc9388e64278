# SPDX-License-Identifier: Apache-2.0
"""Guesses the description of a folder from its names and a few of its files.

The name of a frame is what is left of a file's name without words such as
rgb_ or .depth; folders whose names differ from recording to recording become
{sequence} and its like. A guess is for looking at, never for training: a wrong
unit would train a network that is wrong without ever failing.
"""

import collections
from collections.abc import Sequence
import dataclasses
import pathlib
import re

import numpy as np
from PIL import Image

from depth_mai.datasets.rgbd_folder import depth_file
from depth_mai.datasets.rgbd_folder import description as description_lib
from depth_mai.datasets.rgbd_folder import pairing
from depth_mai.datasets.rgbd_folder import pattern
from depth_mai.datasets.rgbd_folder import splits
from depth_mai.datasets.rgbd_folder import units
from depth_mai.files import problems as problems_lib

_WORDS = (
  'aligned|camera|cam|colou?r|col|depthmap|depth|dpt|frame|gt|image|img|left|'
  'map|picture|raw|registered|rgb'
)
_NAME = re.compile(
  rf'(?P<before>(?:(?:{_WORDS})(?:[-_.]|(?=\d)))*)(?P<id>.+?)'
  rf'(?P<after>(?:[-_.](?:{_WORDS}))*)',
  re.IGNORECASE,
)
_DEPTH_ONLY = ('.exr', '.npy', '.npz', '.pfm', '.pgm')
_PICTURES = ('.bmp', '.jpeg', '.jpg', '.png', '.ppm', '.tif', '.tiff', '.webp')
_SAMPLE = 12
_LARGEST_UINT16 = 65535


@dataclasses.dataclass(frozen=True)
class _Cell:
  """Files of one folder whose names differ in nothing but the id."""

  folders: tuple[str, ...]
  before: str
  after: str
  ids: frozenset[str]

  def path(self, frame_id: str) -> str:
    return '/'.join([*self.folders, f'{self.before}{frame_id}{self.after}'])


def guess(
  source: pathlib.Path,
) -> tuple[description_lib.Description, dict[str, str]]:
  """Guesses a description.

  Args:
    source: folder of the recordings.

  Returns:
    The description, and a remark for some of its keys.

  Raises:
    BadInputError: (a ValueError) if there is nothing to guess from.
  """
  cells = _cells(pattern.list_files(source))
  kinds = collections.defaultdict(list)
  for cell in cells:
    kinds[_kind_of(cell, source)].append(cell)
  if not kinds['rgb'] or not kinds['depth']:
    raise _failed(
      source,
      f'{_count(kinds["rgb"])} colour pictures, {_count(kinds["depth"])} files '
      f'that may hold depth, {_count(kinds["grey"])} pictures of one 8-bit '
      'channel',
    )
  by_time = False
  pairs = _partners(kinds['rgb'], kinds['depth'], _share_ids)
  if not pairs:
    by_time = True
    pairs = _partners(kinds['rgb'], kinds['depth'], _share_times)
  if not pairs:
    raise _failed(source, 'no name of a picture is that of a depth map')
  rgb, depth = _patterns(_most_usual(pairs))
  has_folders = 'split' in pattern.fields(rgb) + pattern.fields(depth)
  draft = description_lib.Description(
    rgb=rgb,
    depth=depth,
    depth_unit='mm',
    pairing='timestamp' if by_time else 'name',
    timestamp_unit=_time_unit(pairs) if by_time else 's',
    split=description_lib.Split(
      validation=None if has_folders else splits.DEFAULT_SHARE
    ),
  )
  return _with_unit(draft, source)


def _with_unit(draft, source):
  """Reads some depth maps for their unit."""
  frames = pairing.find_frames(source, draft).frames
  step = max(1, len(frames) // _SAMPLE)
  measured, is_uint16, refusal = [], False, None
  for frame in frames[::step][:_SAMPLE]:
    try:
      values = depth_file.read(frame.depth_path)
    except problems_lib.BadInputError as error:
      refusal = error  # The report lists all of them.
      continue
    is_uint16 |= values.dtype == np.uint16
    known = units.known_mask(values, (_LARGEST_UINT16,))
    measured.append(units.measure(values, known))
  if refusal and not measured:
    raise refusal
  remarks = {
    'rgb': f'A guess: {len(frames)} pairs fit it.',
    'depth_unit': 'No unit makes sense; find it out before you go on.',
  }
  unit = units.guess(measured)
  if unit is not None:
    remarks['depth_unit'] = (
      f'A guess: {unit[1]}. Look at a preview before you rely on it.'
    )
  invalid = (_LARGEST_UINT16,) if is_uint16 else ()
  if invalid:
    remarks['invalid'] = (
      'In many cameras, besides 0, a sign that none was seen.'
    )
  return (
    dataclasses.replace(
      draft, depth_unit=unit[0] if unit else 'mm', invalid=invalid
    ),
    remarks,
  )


def _cells(files: Sequence[str]) -> list[_Cell]:
  ids = collections.defaultdict(set)
  for path in map(pathlib.PurePosixPath, files):
    suffix = path.suffix.lower()
    if suffix not in _PICTURES + _DEPTH_ONLY or 'mask' in path.name.lower():
      continue
    found = _NAME.fullmatch(path.stem)
    key = (path.parts[:-1], found['before'], found['after'] + path.suffix)
    ids[key].add(found['id'])
  return [_Cell(*key, frozenset(names)) for key, names in ids.items()]


def _kind_of(cell: _Cell, source: pathlib.Path) -> str:
  """Returns the kind of a cell; a damaged file must not decide it."""
  names = sorted(cell.ids)
  kind = 'other'
  for name in dict.fromkeys((names[0], names[-1], names[len(names) // 2])):
    kind = _kind(source / cell.path(name))
    if kind != 'other':
      break
  return kind


def _kind(path: pathlib.Path) -> str:
  """Returns 'rgb', 'depth', 'grey' or 'other'."""
  suffix = path.suffix.lower()
  try:
    if suffix == '.npy':
      array = np.load(path, mmap_mode='r', allow_pickle=False)
      is_map = array.ndim == 2 or (array.ndim == 3 and 1 in array.shape)
      return 'depth' if is_map and array.dtype.itemsize > 1 else 'other'
    if suffix in _DEPTH_ONLY:
      return 'depth'
    with Image.open(path) as picture:
      mode = picture.mode
  except (OSError, SyntaxError, ValueError):
    return 'other'
  if mode in ('L', 'LA', '1'):
    return 'grey'
  return 'rgb' if mode in ('RGB', 'RGBA', 'P') else 'depth'


def _partners(rgbs, depths, shared):
  """Pairs each cell of pictures with its cell of depth maps, if there is one.

  That is the one whose folders have most names in common with it and, of
  these, the one with most frames in common. A cell of depth maps belongs to
  those pictures alone whose folders are nearest.
  """
  claims = collections.defaultdict(list)
  for rgb in rgbs:
    alike = collections.defaultdict(list)
    for depth in depths:
      alike[len(set(rgb.folders) & set(depth.folders))].append(depth)
    for number in sorted(alike, reverse=True):
      best = max(alike[number], key=lambda depth: shared(rgb, depth))
      if shared(rgb, best):
        claims[best].append((number, rgb))
        break
  return [
    (rgb, depth)
    for depth, claimed in claims.items()
    for number, rgb in claimed
    if number == max(claimed, key=lambda claim: claim[0])[0]
  ]


def _share_ids(rgb: _Cell, depth: _Cell) -> int:
  return len(rgb.ids & depth.ids)


def _share_times(rgb: _Cell, depth: _Cell) -> int:
  """Returns 1 if all ids are numbers, and of overlapping ranges."""
  try:
    times = [[float(name) for name in cell.ids] for cell in (rgb, depth)]
  except ValueError:
    return 0
  return int(max(map(min, times)) <= min(map(max, times)))


def _time_unit(pairs) -> str:
  """Guesses the unit of time stamps: seconds since 1970 have ten digits."""
  digits = len(min(pairs[0][0].ids).partition('.')[0])
  return {13: 'ms', 16: 'us', 19: 'ns'}.get(digits, 's')


def _most_usual(pairs):
  """Returns the pairs whose names are built alike, of the most usual kind."""
  alike = collections.defaultdict(list)
  for rgb, depth in pairs:
    key = [
      (len(cell.folders), cell.before, cell.after) for cell in (rgb, depth)
    ]
    alike[tuple(key)].append((rgb, depth))
  return max(alike.values(), key=lambda group: _count(r for r, _ in group))


def _patterns(pairs) -> tuple[str, str]:
  """Returns the two patterns that fit pairs of cells built alike."""
  columns = [
    list(zip(*(pair[side].folders for pair in pairs), strict=True))
    for side in (0, 1)
  ]
  names = {}
  for column in [*columns[0], *columns[1]]:
    if len(set(column)) == 1 or column in names:
      continue
    in_both = all(column in side for side in columns)
    if set(column) <= splits.USUAL_FOLDERS:
      names[column] = '{split}'
    elif in_both:
      number = sum(name not in ('*', '{split}') for name in names.values())
      names[column] = f'{{part_{number + 1}}}' if number else '{sequence}'
    else:
      names[column] = '*'
  texts = []
  for side in (0, 1):
    cell = pairs[0][side]
    parts = [
      names.get(column, part)
      for column, part in zip(columns[side], cell.folders, strict=True)
    ]
    texts.append('/'.join([*parts, f'{cell.before}{{id}}{cell.after}']))
  return texts[0], texts[1]


def _count(cells) -> int:
  return sum(len(cell.ids) for cell in cells)


def _failed(source, what) -> problems_lib.BadInputError:
  return problems_lib.BadInputError(
    [
      problems_lib.Problem(
        source,
        f'its layout cannot be guessed: {what}',
        'describe it in a file, --description=FILE (docs/own_data.md has the '
        'keys), or name a known one with --layout',
      )
    ]
  )
