# SPDX-License-Identifier: Apache-2.0
"""Guesses the description of a folder from its names and a few of its files.

The id of a frame is the file's name without words such as rgb_ or .depth.
Folder names that differ between recordings become {sequence} or {part_2}. Check
a guess before training: a wrong unit would give a wrong network without any
error.
"""

import collections
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
import dataclasses
import pathlib
import re

import numpy as np
from PIL import Image

from depth_mai import challenge
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


@dataclasses.dataclass(frozen=True)
class _Cell:
  """Files in one folder with names that differ only in the id."""

  folders: tuple[str, ...]
  before: str
  after: str
  ids: frozenset[str]

  def path(self, frame_id: str) -> str:
    return '/'.join([*self.folders, f'{self.before}{frame_id}{self.after}'])


_Pairs = list[tuple[_Cell, _Cell]]


def guess(
  source: pathlib.Path,
) -> tuple[description_lib.Description, dict[str, str]]:
  """Guesses a description.

  Args:
    source: folder of the recordings.

  Returns:
    The description, and remarks on some of its keys.

  Raises:
    BadInputError: (a ValueError) if no layout fits the names and files.
  """
  kinds = collections.defaultdict(list)
  for cell in _cells(pattern.list_files(source)):
    kinds[_kind(cell, source)].append(cell)
  counts = {name: _count(kinds[name]) for name in ('rgb', 'depth', 'grey')}
  what = (
    f'there are {counts["rgb"]} colour pictures, {counts["depth"]} files that '
    f'may contain depth, and {counts["grey"]} pictures with one 8-bit channel'
  )
  by_name, by_time = [], []
  if counts['rgb'] and counts['depth']:
    what = 'no picture has the name of a depth map'
    by_name = _partners(kinds['rgb'], kinds['depth'], _share_ids)
    by_time = by_name or _partners(kinds['rgb'], kinds['depth'], _share_times)
  pairs = by_name or by_time
  if not pairs:
    raise problems_lib.refusal(
      source,
      f'its layout cannot be guessed: {what}',
      'describe it in a file, --description=FILE (docs/own_data.md lists the '
      'keys), or name a known layout with --layout',
    )
  rgb, depth = _patterns(_most_usual(pairs))
  has_folders = 'split' in pattern.fields(rgb) + pattern.fields(depth)
  draft = description_lib.Description(
    rgb=rgb,
    depth=depth,
    depth_unit='mm',
    pairing='name' if by_name else 'timestamp',
    timestamp_unit='s' if by_name else _time_unit(pairs),
    split=description_lib.Split(
      validation=None if has_folders else splits.DEFAULT_SHARE
    ),
  )
  return _with_unit(draft, source)


def _with_unit(
  draft: description_lib.Description, source: pathlib.Path
) -> tuple[description_lib.Description, dict[str, str]]:
  """Adds the unit, guessed from some depth maps; returns remarks, too."""
  frames = pairing.find_frames(source, draft).frames
  step = max(1, len(frames) // _SAMPLE)
  found = [
    problems_lib.attempt(depth_file.read, frame.depth_path)
    for frame in frames[::step][:_SAMPLE]
  ]
  maps = [values for values, _ in found if values is not None]
  if found and not maps:
    problems_lib.check(found[0][1])  # The report lists all of them.
  measured = [
    units.measure(values, units.known_mask(values, (challenge.MAX_DEPTH_MM,)))
    for values in maps
  ]
  remarks = {
    'rgb': f'A guess that fits {len(frames)} pairs.',
    'depth_unit': 'No unit is plausible; find it out before you continue.',
  }
  unit = units.guess(measured)
  if unit is not None:
    remarks['depth_unit'] = (
      f'A guess: {unit[1]}. Check it with a preview before you rely on it.'
    )
  is_uint16 = any(values.dtype == np.uint16 for values in maps)
  invalid = (challenge.MAX_DEPTH_MM,) if is_uint16 else ()
  if invalid:
    remarks['invalid'] = (
      'Many cameras write this number for unknown depth, too.'
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


def _kind(cell: _Cell, source: pathlib.Path) -> str:
  """Returns the kind of a cell, from several files because one may be bad."""
  names = sorted(cell.ids)
  kinds = (
    _kind_of_file(source / cell.path(name))
    for name in dict.fromkeys((names[0], names[-1], names[len(names) // 2]))
  )
  return next((kind for kind in kinds if kind != 'other'), 'other')


def _kind_of_file(path: pathlib.Path) -> str:
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


def _partners(
  rgbs: list[_Cell],
  depths: list[_Cell],
  shared: Callable[[_Cell, _Cell], int],
) -> _Pairs:
  """Pairs each cell of pictures with its cell of depth maps, if there is one.

  The partner has the most folder names in common with the pictures and, among
  such cells, the most frames in common. A depth cell that is the partner of
  several picture cells is paired only with those with the nearest folders.
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
    if number == max(number for number, _ in claimed)
  ]


def _share_ids(rgb: _Cell, depth: _Cell) -> int:
  return len(rgb.ids & depth.ids)


def _share_times(rgb: _Cell, depth: _Cell) -> int:
  """Returns 1 if all ids are numbers, and their ranges overlap."""
  try:
    times = [[float(name) for name in cell.ids] for cell in (rgb, depth)]
  except ValueError:
    return 0
  return int(max(map(min, times)) <= min(map(max, times)))


def _time_unit(pairs: _Pairs) -> str:
  """Guesses the unit of time stamps: seconds since 1970 have ten digits."""
  digits = len(min(pairs[0][0].ids).partition('.')[0])
  return {13: 'ms', 16: 'us', 19: 'ns'}.get(digits, 's')


def _most_usual(pairs: _Pairs) -> _Pairs:
  """Returns the pairs with the most frequent structure of names."""
  alike = collections.defaultdict(list)
  for pair in pairs:
    key = [(len(cell.folders), cell.before, cell.after) for cell in pair]
    alike[tuple(key)].append(pair)
  return max(alike.values(), key=lambda group: _count(r for r, _ in group))


def _patterns(pairs: _Pairs) -> tuple[str, str]:
  """Returns the two patterns for pairs with the same structure of names."""
  columns = [
    list(zip(*(cell.folders for cell in cells), strict=True))
    for cells in zip(*pairs, strict=True)
  ]
  names = {}
  for column in [*columns[0], *columns[1]]:
    if len(set(column)) == 1 or column in names:
      continue
    if set(column) <= splits.USUAL_FOLDERS:
      names[column] = '{split}'
    elif all(column in side for side in columns):
      number = sum(name not in ('*', '{split}') for name in names.values())
      names[column] = f'{{part_{number + 1}}}' if number else '{sequence}'
    else:
      names[column] = '*'
  texts = []
  for side, cell in zip(columns, pairs[0], strict=True):
    folders = zip(side, cell.folders, strict=True)
    parts = [names.get(column, part) for column, part in folders]
    texts.append('/'.join([*parts, f'{cell.before}{{id}}{cell.after}']))
  return texts[0], texts[1]


def _count(cells: Iterable[_Cell]) -> int:
  return sum(len(cell.ids) for cell in cells)
