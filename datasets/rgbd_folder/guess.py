# SPDX-License-Identifier: Apache-2.0
"""Guesses the description of a folder from its names and a few of its files.

The id of a frame is the file's name without words such as rgb_ or .depth.
Folder names that differ between recordings become {sequence} or {part_2}. Check
a guess before training: a wrong unit would give a wrong network without any
error. Where names and numbers do not tell the unit, the guess leaves it open.
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

from depth_mai.datasets.rgbd_folder import colour_code
from depth_mai.datasets.rgbd_folder import depth_file
from depth_mai.datasets.rgbd_folder import description as description_lib
from depth_mai.datasets.rgbd_folder import pattern
from depth_mai.datasets.rgbd_folder import splits
from depth_mai.datasets.rgbd_folder import unit_guess
from depth_mai.files import file_names
from depth_mai.files import problems as problems_lib
from depth_mai.files import regular_files
from depth_mai.pictures import picture_formats

_WORDS = (
  'aligned|camera|cam|colou?r|col|depthmap|depth|disparity|disp|domain|dpt|'
  'frame|front|gt|image|img|leftimg8bit|left|map|picture|raw|registered|rgb|'
  'zbuffer'
)
_NAME = re.compile(
  rf'(?P<before>(?:(?:{_WORDS})(?:[-_.]|(?=\d)))*)(?P<id>.+?)'
  rf'(?P<after>(?:[-_.](?:{_WORDS}))*)',
  re.IGNORECASE | re.DOTALL,
)
_DEPTH_ONLY = ('.exr', '.npy', '.npz', '.pfm', '.pgm')


@dataclasses.dataclass(frozen=True, eq=False)
class _Cell:
  """Files in one folder with names that differ only in the id."""

  folders: tuple[str, ...]
  before: str
  after: str
  suffix: str
  files: dict[str, str]

  @property
  def ids(self) -> set[str]:
    return set(self.files)

  @property
  def structure(self) -> tuple[int, str, str, str]:
    return len(self.folders), self.before, self.after, self.suffix

  @property
  def place(self) -> tuple[tuple[str, ...], str, str]:
    return self.folders, self.before, self.after


_Pairs = list[tuple[_Cell, _Cell]]


def guess(source: pathlib.Path) -> unit_guess.Guess:
  """Guesses a description.

  Args:
    source: folder of the recordings.

  Returns:
    The guess.

  Raises:
    BadInputError: (a ValueError) if no layout fits the names and files.
  """
  files = pattern.list_files(source)
  kinds = collections.defaultdict(list)
  for cell in _cells(files):
    kinds[_kind(cell, source)].append(cell)
  if not kinds['depth']:
    _find_coded(kinds, source)
    if not kinds['coded']:
      _refuse_unread(files, source)
  # Beside pictures, coloured depth is to look at.
  rgbs = _merged(kinds['rgb'], kinds)
  rgbs = [cell for cell in rgbs if not _is_called_depth(cell)] or rgbs
  depths = _merged(kinds['coded'] or kinds['depth'], kinds)
  by_name = _partners(rgbs, depths, _share_ids)
  by_time = by_name or _partners(rgbs, depths, _share_times)
  pairs = by_name or by_time
  if not pairs:
    raise problems_lib.refusal(
      source,
      f'its layout cannot be guessed: {_without_pairs(kinds, files)}',
      'describe it in a file, --description=FILE (docs/own_data.md lists the '
      'keys), or name a known layout with --layout',
    )
  rgb, depth = _patterns(_most_usual(pairs))
  has_folders = 'split' in pattern.fields(rgb) + pattern.fields(depth)
  draft = description_lib.Description(
    rgb=rgb,
    depth=depth,
    depth_unit=_code(kinds['coded'][0], source) if kinds['coded'] else 'mm',
    mask=_mask(depth, files),
    pairing='name' if by_name else 'timestamp',
    timestamp_unit='s' if by_name else _time_unit(pairs),
    split=description_lib.Split(
      validation=None if has_folders else splits.DEFAULT_SHARE
    ),
  )
  return unit_guess.with_unit(draft, source)


def _mask(depth: str, files: Sequence[str]) -> str:
  """Returns the pattern of DIODE's masks if there are such files, else ''."""
  path = pathlib.PurePosixPath(depth)
  mask = str(path.with_name(f'{path.stem}_mask{path.suffix}'))
  return mask if any(pattern.match(mask, name) for name in files) else ''


def _refuse_unread(files: Sequence[str], source: pathlib.Path) -> None:
  """Refuses files that hold depth in a format that nothing here reads."""
  for name in files:
    suffix = pathlib.PurePath(name).suffix.lower()
    if suffix in depth_file.REFUSED_SUFFIXES and not _is_candidate(name):
      refused = depth_file.REFUSED_SUFFIXES[suffix]
      raise problems_lib.refusal(source / name, *refused)


def _without_pairs(kinds: dict[str, list[_Cell]], files: Sequence[str]) -> str:
  """Returns why there are no pairs, in words."""
  counts = {name: _count(kinds[name]) for name in ('rgb', 'depth', 'grey')}
  counts['depth'] += _count(kinds['coded'])
  if counts['rgb'] and counts['depth']:
    examples = [
      next(iter(cells[0].files.values()))
      for cells in (kinds['rgb'], kinds['coded'] or kinds['depth'])
    ]
    return (
      'no picture has the name of a depth map, such as '
      f'{" and ".join(examples)}'
    )
  what = (
    f'there are {counts["rgb"]} colour pictures, {counts["depth"]} files that '
    f'may contain depth, and {counts["grey"]} pictures with one 8-bit channel'
  )
  coloured = [cell for cell in kinds['rgb'] if _says_depth(cell)]
  if coloured:
    where = '/'.join([*coloured[0].folders, coloured[0].before])
    what += (
      f'; those of {where or "the folder"} are called depth, but have colours '
      'from which depth cannot be recovered'
    )
  elif counts['grey'] and not counts['depth']:
    what += ', which are too few bits for depth'
  others = [name for name in files if not _is_candidate(name)]
  if others:
    what += f'; not looked at: {file_names.by_suffix(others)}'
  if kinds['other']:
    unread = [name for cell in kinds['other'] for name in cell.files.values()]
    what += f'; not readable: {file_names.by_suffix(unread)}'
  for kind in sorted({picture_formats.kind(name) or '' for name in others}):
    if kind == 'video':
      what += '; video: write its pictures to files first, with ffmpeg'
    elif kind:
      what += f'; {kind}: {picture_formats.cure(kind)}'
  return what


def _is_candidate(name: str) -> bool:
  path = pathlib.PurePosixPath(name)
  suffixes = {*picture_formats.suffixes(), *_DEPTH_ONLY}
  return path.suffix.lower() in suffixes and 'mask' not in path.name.lower()


def _cells(files: Sequence[str]) -> list[_Cell]:
  cells: dict[tuple, _Cell] = {}
  for name in filter(_is_candidate, files):
    path = pathlib.PurePosixPath(file_names.canonical(name))
    found = _NAME.fullmatch(path.stem)
    suffix = file_names.suffix(path.name)
    key = (path.parts[:-1], found['before'], found['after'], suffix)
    cells.setdefault(key, _Cell(*key, {})).files[found['id']] = name
  return list(cells.values())


def _merged(cells: list[_Cell], kinds: dict[str, list[_Cell]]) -> list[_Cell]:
  """Joins cells that differ only in the suffix, if nothing else is there."""
  groups = collections.defaultdict(list)
  for cell in cells:
    groups[cell.place].append(cell)
  others = collections.Counter(
    cell.place for kind in kinds.values() for cell in kind
  )
  merged = []
  for place, group in groups.items():
    ids = [name for cell in group for name in cell.files]
    if len(group) > 1 and (
      others[place] == len(group) and len(ids) == len(set(ids))
    ):
      files = {k: name for cell in group for k, name in cell.files.items()}
      merged.append(_Cell(*place, '.*', files))
    else:
      merged += group
  return merged


def _says_depth(cell: _Cell) -> bool:
  return 'depth' in '/'.join([*cell.folders, cell.before, cell.after]).lower()


def _is_called_depth(cell: _Cell) -> bool:
  """Returns whether the files or the folder they are in are called depth."""
  return _says_depth(dataclasses.replace(cell, folders=cell.folders[-1:]))


def _find_coded(kinds: dict[str, list[_Cell]], source: pathlib.Path) -> None:
  """Moves the cells whose colours are the bytes of depth to 'coded'."""
  named = list(filter(_says_depth, kinds['rgb']))
  for cell in named or kinds['rgb']:
    if cell.suffix == '.png':
      if _code(cell, source):
        kinds['coded'].append(cell)
  coded = set(kinds['coded'])
  kinds['rgb'] = [cell for cell in kinds['rgb'] if cell not in coded]


def _code(cell: _Cell, source: pathlib.Path) -> str:
  """Returns the encoding of a cell's colours, '' if they are no depth."""
  path = source / cell.files[min(cell.files)]
  colours, _ = problems_lib.attempt(depth_file.read_colours, path)
  return '' if colours is None else colour_code.encoding(colours)


def _kind(cell: _Cell, source: pathlib.Path) -> str:
  """Returns the kind of a cell, from several files because one may be bad."""
  names = sorted(cell.files)
  kinds = (
    _kind_of_file(source / cell.files[name])
    for name in dict.fromkeys((names[0], names[-1], names[len(names) // 2]))
  )
  return next((kind for kind in kinds if kind != 'other'), 'other')


def _kind_of_file(path: pathlib.Path) -> str:
  """Returns 'rgb', 'depth', 'grey' or 'other'."""
  suffix = path.suffix.lower()
  try:
    regular_files.check(path)
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
    for number, rgb in _unlike(claimed)
    if number == max(number for number, _ in claimed)
  ]


def _unlike(claimed: list[tuple[int, _Cell]]) -> list[tuple[int, _Cell]]:
  """Leaves out pictures whose ids are those of others with the same partner.

  Such as the undistorted pictures that an app stores beside the originals, for
  which one depth map cannot serve. The shortest path is kept.
  """
  kept: list[tuple[int, _Cell]] = []
  for number, cell in sorted(
    claimed,
    key=lambda claim: (
      -claim[0],
      'depth' in f'{claim[1].before}{claim[1].after}'.lower(),
      len('/'.join(claim[1].folders)),
    ),
  ):
    if not any(cell.ids & other.ids for _, other in kept):
      kept.append((number, cell))
  return kept


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
    alike[tuple(cell.structure for cell in pair)].append(pair)
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
    if {name.lower() for name in column} <= splits.USUAL_FOLDERS:
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
    name = f'{cell.before}{{id}}{cell.after}{cell.suffix}'
    texts.append('/'.join([*parts, name]))
  return texts[0], texts[1]


def _count(cells: Iterable[_Cell]) -> int:
  return sum(len(cell.ids) for cell in cells)
