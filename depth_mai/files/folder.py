# SPDX-License-Identifier: Apache-2.0
"""The challenge's folder layout: RGB pictures beside 16-bit depth maps.

    <root>/train/rgb/<id>.{png,jpg,jpeg}        three 8-bit channels
    <root>/train/depth/<id>.png                 one 16-bit channel, millimetres
    <root>/validation/{rgb,depth}/...           the same
    <root>/test/{rgb,depth}/...                 the same; depth/ may be absent

A depth of 0 means "unknown". Splits that are absent on disk are absent here.
Everything is checked when it is read, and what is wrong is refused with the
file's name and its cure: a depth map read in the wrong unit, or as 8 bits,
trains a network that is wrong without ever failing.

NumPy and Pillow only: this module also runs on the device.
"""

import collections
from collections.abc import Iterator
from concurrent import futures
import dataclasses
import os
import pathlib

import numpy as np

from depth_mai.files import picture_files
from depth_mai.files import problems as problems_lib

read_rgb = picture_files.read_rgb
read_depth_mm = picture_files.read_depth_mm

SPLITS = ('train', 'validation', 'test')
RGB_SUFFIXES = ('.jpeg', '.jpg', '.png')
DEPTH_SUFFIX = '.png'

LAYOUT = (
  '<root>/{train,validation,test}/{rgb,depth}/<id>, '
  'rgb as .png, .jpg or .jpeg, depth as 16-bit one-channel .png in '
  'millimetres; any split may be absent, and test may lack depth'
)

# The median of the known depth of a picture, in millimetres. The ZED camera of
# the challenge sees 0.4 to 50 m, so a median outside of these bounds says that
# the unit is another one (metres, centimetres, disparities).
MIN_MEDIAN_MM = 100
MAX_MEDIAN_MM = 60000


@dataclasses.dataclass(frozen=True)
class Pair:
  """One picture and, unless it is a test picture without one, its depth map.

  Attributes:
    id: name of both files without the suffix.
    rgb_path: the picture.
    depth_path: the depth map, None where a test split has none.
  """

  id: str
  rgb_path: pathlib.Path
  depth_path: pathlib.Path | None


def split_names(root: str | os.PathLike[str]) -> list[str]:
  """Returns the splits that are on disk, in the order of `SPLITS`.

  Args:
    root: folder in the challenge's layout.

  Raises:
    ValueError: if `root` is no folder or holds no split.
  """
  root = pathlib.Path(root).expanduser()
  if not root.is_dir():
    raise ValueError(
      f'{root} is not a folder. Point --data_dir at a folder laid out as '
      f'{LAYOUT}.'
    )
  names = [name for name in SPLITS if (root / name).is_dir()]
  if not names:
    raise ValueError(
      f'{root} has no train, validation or test folder; it holds '
      f'{_listing(root)}. Point --data_dir at a folder laid out as {LAYOUT}.'
    )
  return names


def list_pairs(root: str | os.PathLike[str], split: str) -> list[Pair]:
  """Lists the pairs of one split, sorted by id. No picture is opened.

  Args:
    root: folder in the challenge's layout.
    split: 'train', 'validation' or 'test'.

  Returns:
    At least one pair. `depth_path` is None in a test split without depth.

  Raises:
    ValueError: if the split is not there.
    BadInputError: (a ValueError) for files without a partner, two files of one
      id, depth that is no PNG, and empty or missing folders.
  """
  pairs, problems = _scan(root, split)
  if problems:
    raise problems_lib.BadInputError(problems)
  return pairs


def iterate_pairs(
  root: str | os.PathLike[str], split: str
) -> Iterator[tuple[str, np.ndarray, np.ndarray | None]]:
  """Yields the pairs of a split, sorted by id, each checked.

  Args:
    root: folder in the challenge's layout.
    split: 'train', 'validation' or 'test'.

  Yields:
    (id, rgb_uint8 [H, W, 3], depth_mm [H, W] uint16, or None where a test
    split has none).

  Raises:
    ValueError: if the split is not there.
    BadInputError: (a ValueError) at the first pair that cannot be used.
  """
  for pair in list_pairs(root, split):
    rgb_uint8, depth_mm, problems = _read_pair(pair)
    if problems:
      raise problems_lib.BadInputError(problems)
    yield pair.id, rgb_uint8, depth_mm


def find_problems(
  root: str | os.PathLike[str], split: str | None = None
) -> list[problems_lib.Problem]:
  """Reads every file of a folder, in parallel, and reports all that is wrong.

  Args:
    root: folder in the challenge's layout.
    split: the split to look at; None for all that are there.

  Returns:
    The problems, by split and id; an empty list if all is well.

  Raises:
    ValueError: if `root` holds no split, or not this one.
  """
  problems = []
  with futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
    for name in split_names(root) if split is None else [split]:
      pairs, unpaired = _scan(root, name)
      problems.extend(unpaired)
      for found in pool.map(lambda pair: _read_pair(pair)[2], pairs):
        problems.extend(found)
  return problems


def _scan(
  root: str | os.PathLike[str], split: str
) -> tuple[list[Pair], list[problems_lib.Problem]]:
  """Returns the whole pairs of a split, and what is wrong with the others."""
  root = pathlib.Path(root).expanduser()
  names = split_names(root)
  if split not in names:
    raise ValueError(
      f"{root} has no split '{split}'; it has {', '.join(names)} (it holds "
      f'{_listing(root)}). Choose one of these, or add the folders '
      f'{root / split}/rgb and {root / split}/depth; the names a split may '
      f'have are {", ".join(SPLITS)}.'
    )
  rgb_dir, depth_dir = root / split / 'rgb', root / split / 'depth'
  if not rgb_dir.is_dir():
    what = f'no rgb folder in this split; it holds {_listing(root / split)}'
    cure = f'lay it out as {LAYOUT}'
    return [], [problems_lib.Problem(root / split, what, cure)]
  rgb_paths, problems = _by_id(rgb_dir)
  depth_paths = {}
  if depth_dir.is_dir():
    depth_paths, depth_problems = _by_id(depth_dir)
    problems.extend(depth_problems)
  if not rgb_paths and not problems:
    what = f'no .png, .jpg or .jpeg file in it; it holds {_listing(rgb_dir)}'
    cure = f'put the pictures there, or remove the folder {root / split}'
    problems.append(problems_lib.Problem(rgb_dir, what, cure))

  if split == 'test' and not depth_paths:
    pairs = [Pair(name, path, None) for name, path in rgb_paths.items()]
    return pairs, problems
  if not depth_dir.is_dir():
    what = 'the split has no depth folder; only test may do without'
    cure = 'add the depth maps, or move the pictures to test/rgb'
    return [], [*problems, problems_lib.Problem(depth_dir, what, cure)]
  for name in sorted(rgb_paths.keys() - depth_paths.keys()):
    what = f'no depth map of this id in {depth_dir}'
    cure = f'add {depth_dir / name}.png, or remove this picture'
    problems.append(problems_lib.Problem(rgb_paths[name], what, cure))
  for name in sorted(depth_paths.keys() - rgb_paths.keys()):
    what = f'no picture of this id in {rgb_dir}'
    cure = f'add {rgb_dir / name}.png (or .jpg), or remove this depth map'
    problems.append(problems_lib.Problem(depth_paths[name], what, cure))
  bad = {problem.path for problem in problems}
  pairs = [
    Pair(name, rgb_path, depth_paths[name])
    for name, rgb_path in rgb_paths.items()
    if name in depth_paths and not bad & {rgb_path, depth_paths[name]}
  ]
  return pairs, problems


def _by_id(
  folder: pathlib.Path,
) -> tuple[dict[str, pathlib.Path], list[problems_lib.Problem]]:
  """Maps id to file, sorted; ids that several files share are problems."""
  by_id = collections.defaultdict(list)
  for path in sorted(folder.iterdir()):
    hidden = path.name.startswith('.')  # .DS_Store, or ._a.png beside a.png
    if not hidden and path.suffix.lower() in RGB_SUFFIXES and path.is_file():
      by_id[path.stem].append(path)
  problems = []
  for name, paths in by_id.items():
    if len(paths) > 1:
      listed = ', '.join(path.name for path in paths)
      what = f"{len(paths)} files have the id '{name}': {listed}"
      problems.append(problems_lib.Problem(paths[0], what, 'keep one of them'))
    elif folder.name == 'depth' and paths[0].suffix.lower() != DEPTH_SUFFIX:
      what = 'a depth map must be a PNG file; JPEG keeps 8 bits, with losses'
      cure = 'export it again, as 16-bit one-channel PNG in millimetres'
      problems.append(problems_lib.Problem(paths[0], what, cure))
  # Such files stay listed, lest their partners be reported as well.
  return {name: by_id[name][0] for name in sorted(by_id)}, problems


def _read_pair(
  pair: Pair,
) -> tuple[np.ndarray | None, np.ndarray | None, list[problems_lib.Problem]]:
  """Reads both files; returns what could be read, and all that is wrong."""
  rgb_uint8, depth_mm, problems = None, None, []
  try:
    rgb_uint8 = read_rgb(pair.rgb_path)
  except problems_lib.BadInputError as error:
    problems.extend(error.problems)
  if pair.depth_path is None:
    return rgb_uint8, None, problems
  try:
    depth_mm = read_depth_mm(pair.depth_path)
  except problems_lib.BadInputError as error:
    return rgb_uint8, None, problems + error.problems

  if rgb_uint8 is not None and rgb_uint8.shape[:2] != depth_mm.shape:
    what = (
      f'the depth map is {_size(depth_mm)}, its picture '
      f'{pair.rgb_path.name} is {_size(rgb_uint8)} (width x height)'
    )
    cure = (
      'bring both to one size: colour with a smooth filter, depth with '
      'nearest neighbour'
    )
    problems.append(problems_lib.Problem(pair.depth_path, what, cure))
  known_mm = depth_mm[depth_mm > 0]
  if not known_mm.size:
    what = 'the depth map is 0 (unknown) everywhere'
    cure = 'export it again, or remove the pair'
    problems.append(problems_lib.Problem(pair.depth_path, what, cure))
  elif not MIN_MEDIAN_MM <= np.median(known_mm) <= MAX_MEDIAN_MM:
    what = (
      f'were its unit the millimetre, the median of its known depth would be '
      f'{np.median(known_mm) / 1000:g} m; such medians lie between '
      f'{MIN_MEDIAN_MM / 1000:g} and {MAX_MEDIAN_MM / 1000:g} m, so its unit '
      'is another one'
    )
    cure = 'convert the depth map to millimetres (metres * 1000, as 16 bits)'
    problems.append(problems_lib.Problem(pair.depth_path, what, cure))
  return rgb_uint8, depth_mm, problems


def _size(array: np.ndarray) -> str:
  return f'{array.shape[1]} x {array.shape[0]}'


def _listing(folder: pathlib.Path) -> str:
  """Names what a folder holds, in a few words."""
  names = sorted(p.name + '/' * p.is_dir() for p in folder.iterdir())
  if not names:
    return 'nothing'
  rest = f' and {len(names) - 8} more' if len(names) > 8 else ''
  return ', '.join(names[:8]) + rest
