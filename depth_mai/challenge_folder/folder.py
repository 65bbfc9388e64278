# SPDX-License-Identifier: Apache-2.0
"""Reads and checks data folders in the challenge's layout.

    <root>/train/rgb/<id>.{png,jpg,jpeg}        three 8-bit channels
    <root>/train/depth/<id>.png                 one 16-bit channel, millimetres
    <root>/validation/{rgb,depth}/...           the same
    <root>/test/{rgb,depth}/...                 the same; depth/ may be absent

A depth of 0 means "unknown", and so do 65535 and the like (`true_depth`). Any
split may be absent. Every file is checked when it is read, and the error for a
bad file states a cure: a network trained on depth in the wrong unit, or on
8-bit depth, would be wrong without any error.

This module also runs on the device, so it needs only NumPy and Pillow.
"""

import collections
from collections.abc import Iterator
import dataclasses
import os
import pathlib

import numpy as np

from depth_mai import challenge
from depth_mai.challenge_folder import folder_names
from depth_mai.challenge_folder import folder_notes
from depth_mai.files import file_names
from depth_mai.files import in_order
from depth_mai.files import natural_order
from depth_mai.files import problems as problems_lib
from depth_mai.pictures import median
from depth_mai.pictures import picture_files
from depth_mai.pictures import true_depth
from depth_mai.pictures import turned

read_rgb = picture_files.read_rgb
Problem = problems_lib.Problem

SPLITS = ('train', 'validation', 'test')
RGB_SUFFIXES = ('.jpeg', '.jpg', '.png')
DEPTH_SUFFIX = '.png'
# tfds writes this file into every directory of records that it has prepared.
INFO_FILE = 'dataset_info.json'

LAYOUT = (
  '<root>/{train,validation,test}/{rgb,depth}/<id>, '
  'rgb as .png, .jpg or .jpeg, depth as 16-bit one-channel .png in '
  'millimetres; any split may be absent, and test may lack depth'
)

# Bounds of the median of a picture's known depth, in millimetres. The ZED
# camera of the challenge sees 0.4 to 50 m, so a median outside of these bounds
# means that the unit is wrong (metres, centimetres, disparities).
MIN_MEDIAN_MM = 100
MAX_MEDIAN_MM = 60000


@dataclasses.dataclass(frozen=True)
class Pair:
  """A picture and its depth map.

  Attributes:
    id: name of both files without the suffix.
    rgb_path: the picture.
    depth_path: the depth map; None where a test split has none.
  """

  id: str
  rgb_path: pathlib.Path
  depth_path: pathlib.Path | None


@dataclasses.dataclass(frozen=True)
class Survey:
  """What reading every file of a folder has shown.

  Attributes:
    problems: sorted by split and id.
    notes: findings that are no problems, but may surprise, one line each.
    depths: the depths of each split in words, '' if none is known.
    marked: depth maps in which numbers other than 0 stand for unknown.
  """

  problems: list[Problem]
  notes: list[str]
  depths: dict[str, str]
  marked: frozenset[pathlib.Path]


def is_prepared(directory: str | os.PathLike[str]) -> bool:
  """Returns whether tfds has prepared records in a directory."""
  return pathlib.Path(directory, INFO_FILE).is_file()


def is_challenge_folder(root: str | os.PathLike[str]) -> bool:
  """Returns whether a folder has splits on disk instead of tfds records."""
  return not is_prepared(root) and any(
    pathlib.Path(root, name).is_dir() for name in SPLITS
  )


def split_names(root: str | os.PathLike[str]) -> list[str]:
  """Returns the splits on disk, in the order of `SPLITS`.

  Args:
    root: folder in the challenge's layout.

  Raises:
    ValueError: if `root` is not a folder or contains no split.
    BadInputError: (a ValueError) if a folder looks like a split with another
      name, which would be left out.
  """
  root = pathlib.Path(root).expanduser()
  if not root.is_dir():
    raise ValueError(
      f'{root} is not a folder. Point --data_dir at a folder with the layout '
      f'{LAYOUT}.'
    )
  problems_lib.check(folder_names.misnamed_splits(root))
  names = [name for name in SPLITS if (root / name).is_dir()]
  if not names:
    raise ValueError(
      f'{root} has no train, validation or test folder; it contains '
      f'{_content(root)}. Point --data_dir at a folder with the layout '
      f'{LAYOUT}.'
    )
  return names


def list_pairs(root: str | os.PathLike[str], split: str) -> list[Pair]:
  """Lists the pairs of one split, in natural order, without opening them.

  Args:
    root: folder in the challenge's layout.
    split: 'train', 'validation' or 'test'.

  Returns:
    At least one pair. `depth_path` is None in a test split without depth.

  Raises:
    ValueError: if there is no such split.
    BadInputError: (a ValueError) for unpaired files, two files with one id,
      depth that is not PNG, and empty or missing folders.
  """
  pairs, problems, _ = _scan(root, split)
  problems_lib.check(problems)
  return pairs


def iterate_pairs(
  root: str | os.PathLike[str], split: str
) -> Iterator[tuple[str, np.ndarray, np.ndarray | None]]:
  """Reads and checks the pairs of a split, in natural order, in threads.

  Args:
    root: folder in the challenge's layout.
    split: 'train', 'validation' or 'test'.

  Yields:
    (id, rgb_uint8 [H, W, 3], depth_mm [H, W] uint16; None where a test split
    has no depth).

  Raises:
    ValueError: if there is no such split.
    BadInputError: (a ValueError) at the first pair that cannot be used.
  """
  pairs = list_pairs(root, split)
  for pair, read in zip(pairs, in_order.mapped(_read_pair, pairs), strict=True):
    rgb_uint8, depth_mm, _, problems = read
    if problems or rgb_uint8 is None:
      raise problems_lib.BadInputError(problems)
    yield pair.id, rgb_uint8, depth_mm


def check_pair(pair: Pair) -> bool:
  """Reads and checks a pair.

  Args:
    pair: one of `list_pairs`.

  Returns:
    Whether numbers other than 0 stand for unknown in its depth map.

  Raises:
    BadInputError: (a ValueError) if it cannot be used.
  """
  _, _, marked, problems = _read_pair(pair)
  problems_lib.check(problems)
  return bool(marked)


def survey(root: str | os.PathLike[str], split: str | None = None) -> Survey:
  """Reads every file of a folder, in parallel.

  Args:
    root: folder in the challenge's layout.
    split: the split to check; None for all splits on disk.

  Returns:
    All problems, and notes.

  Raises:
    ValueError: if `root` has no split, or not this one.
  """
  problems, notes, depths = [], [], {}
  marked: set[pathlib.Path] = set()
  for name in split_names(root) if split is None else [split]:
    pairs, unpaired, unread = _scan(root, name)
    problems.extend(unpaired)
    facts = []
    read = in_order.mapped(_facts, pairs)
    for pair, (found, bad) in zip(pairs, read, strict=True):
      problems.extend(bad)
      facts.append(found)
      if found.marked and pair.depth_path is not None:
        marked.add(pair.depth_path)
    depths[name] = folder_notes.depth_text(facts)
    notes += [f'{name}: {note}' for note in folder_notes.notes(facts, unread)]
    known = ('rgb', 'depth', folder_names.CONFIDENCE)
    notes += _not_read(pathlib.Path(root, name), known)
  notes += _not_read(pathlib.Path(root), (*SPLITS, folder_names.LABELS))
  return Survey(problems, notes, depths, frozenset(marked))


def _not_read(folder: pathlib.Path, names: tuple[str, ...]) -> list[str]:
  """Returns a note on what a folder contains besides these names."""
  others = [
    path.name
    for path in sorted(folder.expanduser().iterdir())
    if path.name not in names and not path.name.startswith('.')
  ]
  if not others:
    return []
  return [f'not read in {folder}: {problems_lib.listing(others)}']


def find_problems(
  root: str | os.PathLike[str], split: str | None = None
) -> list[Problem]:
  """Returns the problems that `survey` finds."""
  return survey(root, split).problems


def _facts(
  pair: Pair,
) -> tuple[folder_notes.Facts, list[Problem]]:
  """Returns what the notes say of a pair, and its problems."""
  _, depth_mm, marked, problems = _read_pair(pair)
  orientation = picture_files.orientation(pair.rgb_path)
  name = pair.rgb_path.name
  return folder_notes.Facts.of(name, orientation, depth_mm, marked), problems


def _scan(
  root: str | os.PathLike[str], split: str
) -> tuple[list[Pair], list[Problem], list[str]]:
  """Returns pairs, problems of other files, and names of files not read."""
  root = pathlib.Path(root).expanduser()
  names = split_names(root)
  if split not in names:
    raise ValueError(
      f"{root} has no split '{split}'; it has {', '.join(names)} (it contains "
      f'{_content(root)}). Choose one of these, or add the folders '
      f'{root / split}/rgb and {root / split}/depth. The possible splits are '
      f'{", ".join(SPLITS)}.'
    )
  rgb_dir, depth_dir = root / split / 'rgb', root / split / 'depth'
  misnamed = folder_names.misnamed_kinds(root / split)
  if misnamed:
    return [], misnamed, []
  if not rgb_dir.is_dir():
    what = f'the split has no rgb folder; it contains {_content(root / split)}'
    return [], [Problem(root / split, what, f'use the layout {LAYOUT}')], []
  rgb_paths, problems = _by_id(rgb_dir)
  found, unread = folder_names.overlooked(rgb_dir, RGB_SUFFIXES)
  problems.extend(found)
  depth_paths: dict[str, pathlib.Path] = {}
  if depth_dir.is_dir():
    depth_paths, depth_problems = _by_id(depth_dir)
    found, more = folder_names.overlooked(depth_dir, RGB_SUFFIXES)
    problems.extend(depth_problems + found)
    unread += more
  if not rgb_paths and not problems:
    what = f'has no .png, .jpg or .jpeg file; it contains {_content(rgb_dir)}'
    cure = f'put the pictures there, or remove the folder {root / split}'
    problems.append(Problem(rgb_dir, what, cure))

  if split == 'test' and not depth_paths:
    pairs = [Pair(name, path, None) for name, path in rgb_paths.items()]
    return pairs, problems, unread
  if not depth_dir.is_dir():
    what = 'the split has no depth folder; only test may lack one'
    cure = 'add the depth maps, or move the pictures to test/rgb'
    return [], [*problems, Problem(depth_dir, what, cure)], unread
  twins = file_names.twins(
    rgb_paths.keys() - depth_paths.keys(), depth_paths.keys() - rgb_paths.keys()
  )
  for name, other in sorted(twins.items()):
    what = (
      f'its depth map is probably {depth_paths[other].name}, whose name '
      'differs in capitals, spaces or leading zeros'
    )
    cure = f"rename one of them, so that both have the same id, as '{name}'"
    problems.append(Problem(rgb_paths[name], what, cure))
  explained = {*twins, *twins.values()}
  for paths, others, folder, kind, other, suffix in (
    (rgb_paths, depth_paths, depth_dir, 'picture', 'depth map', '.png'),
    (depth_paths, rgb_paths, rgb_dir, 'depth map', 'picture', '.png (or .jpg)'),
  ):
    for name in sorted(paths.keys() - others.keys() - explained):
      what = f'no {other} in {folder} has this id'
      cure = f'add {folder / name}{suffix}, or remove this {kind}'
      problems.append(Problem(paths[name], what, cure))
  bad = {problem.path for problem in problems}
  pairs = [
    Pair(name, rgb_path, depth_paths[name])
    for name, rgb_path in rgb_paths.items()
    if name in depth_paths and not bad & {rgb_path, depth_paths[name]}
  ]
  return pairs, problems, unread


def _by_id(
  folder: pathlib.Path,
) -> tuple[dict[str, pathlib.Path], list[Problem]]:
  """Maps id to file, in natural order; an id with several is a problem."""
  by_id = collections.defaultdict(list)
  for path in sorted(folder.iterdir()):
    hidden = path.name.startswith('.')  # .DS_Store, or ._a.png for a.png
    if not hidden and path.suffix.lower() in RGB_SUFFIXES and path.is_file():
      by_id[file_names.canonical(path.stem)].append(path)
  problems = []
  for name, paths in by_id.items():
    why = file_names.unstorable(name)
    if why is not None:
      what = f'{why}, so it cannot be an id'
      problems.append(Problem(paths[0], what, 'rename the file'))
    elif len(paths) > 1:
      listed = ', '.join(path.name for path in paths)
      what = f"{len(paths)} files have the id '{name}': {listed}"
      problems.append(Problem(paths[0], what, 'keep one of them'))
    elif folder.name == 'depth' and paths[0].suffix.lower() != DEPTH_SUFFIX:
      what = 'a depth map must be a PNG file; JPEG keeps only 8 bits, with loss'
      cure = 'export it again as a 16-bit one-channel PNG in millimetres'
      problems.append(Problem(paths[0], what, cure))
  # Bad files stay in the map; otherwise their partners would be reported, too.
  in_order = sorted(by_id, key=natural_order.natural_key)
  return {name: by_id[name][0] for name in in_order}, problems


def _read_pair(
  pair: Pair,
) -> tuple[np.ndarray | None, np.ndarray | None, int, list[Problem]]:
  """Returns picture, depth (None if unreadable), marked pixels and problems."""
  rgb_uint8, problems = problems_lib.attempt(read_rgb, pair.rgb_path)
  depth, found = problems_lib.attempt(true_depth.read_mm, pair.depth_path)
  problems = problems + found
  if depth is None or pair.depth_path is None:
    return rgb_uint8, None, 0, problems
  depth_mm, marked = depth
  if rgb_uint8 is not None and rgb_uint8.shape[:2] != depth_mm.shape:
    what = (
      f'the depth map is {problems_lib.size_text(depth_mm)}, but its picture '
      f'{pair.rgb_path.name} is {problems_lib.size_text(rgb_uint8)} (width x '
      'height)'
    )
    cure = (
      'resize both to one size: colour with a smooth filter, depth with '
      'nearest neighbour'
    )
    lying = turned.problem(pair.depth_path, depth_mm, pair.rgb_path, rgb_uint8)
    problems.append(lying or Problem(pair.depth_path, what, cure))
  known_mm = depth_mm[depth_mm > 0]
  median_mm = median.median(known_mm) if known_mm.size else 0.0
  if not median_mm:
    what = 'the depth map is unknown (0 or 65535) everywhere'
    cure = 'export it again, or remove the pair'
    problems.append(Problem(pair.depth_path, what, cure))
  elif not MIN_MEDIAN_MM <= median_mm <= MAX_MEDIAN_MM:
    median_m, least_m, most_m = (
      value / challenge.MM_PER_M
      for value in (median_mm, MIN_MEDIAN_MM, MAX_MEDIAN_MM)
    )
    what = (
      'the depth map is not in millimetres: its median would be '
      f'{median_m:g} m, and plausible medians are {least_m:g} to {most_m:g} m'
    )
    cure = 'convert the depth map to millimetres (metres * 1000, as 16 bits)'
    problems.append(Problem(pair.depth_path, what, cure))
  return rgb_uint8, depth_mm, marked, problems


def _content(folder: pathlib.Path) -> str:
  """Lists the first names in a folder, for messages."""
  names = sorted(p.name + '/' * p.is_dir() for p in folder.iterdir())
  return problems_lib.listing(names)
