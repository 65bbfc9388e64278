# SPDX-License-Identifier: Apache-2.0
"""Finds what the challenge's layout would overlook: other names of folders.

A folder called `val` would be no validation split, and `Depth` would be no
depth, without any error.
"""

from collections.abc import Iterator
from collections.abc import Mapping
import pathlib

from depth_mai.files import file_names
from depth_mai.files import problems as problems_lib
from depth_mai.pictures import picture_formats

Problem = problems_lib.Problem

SPLITS = {
  'train': ('training', 'trainset', 'train_set'),
  'validation': ('val', 'valid', 'eval', 'dev', 'validate'),
  'test': ('testing', 'testset', 'test_set'),
}
KINDS = {
  'rgb': ('rgbs', 'image', 'images', 'img', 'color', 'colour', 'pictures'),
  'depth': ('depths', 'depth_map', 'depth_maps', 'depthmaps', 'gt'),
}
# What depth_mai.label adds: a file in the root, and a folder in a split.
LABELS = 'labels.json'
CONFIDENCE = 'confidence'
# Files that may hold depth, besides pictures.
_ARRAYS = ('.exr', '.h5', '.hdf5', '.mat', '.npy', '.npz', '.pfm', '.pgm')
_CURE = (
  'convert pictures to .png or .jpg (HEIC with pillow-heif), depth maps to '
  '16-bit .png in millimetres and videos to frames (ffmpeg), or move the files '
  'away'
)


def _others(
  folder: pathlib.Path, names: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[pathlib.Path, str]]:
  """Yields each folder with another spelling of a name, and this name."""
  for path in sorted(folder.iterdir()):
    if path.name in names or not path.is_dir():
      continue
    loose = file_names.canonical(path.name).casefold().strip()
    for name, spellings in names.items():
      if loose == name or loose in spellings:
        yield path, name


def _renaming(path: pathlib.Path, name: str) -> Problem:
  right = path.with_name(name)
  cure = f'rename it: mv {path} {right}'
  if right.is_dir() and not right.samefile(path):
    cure = f'{right} exists, too; move the files there, or move {path} away'
  return Problem(
    path, f"the folder is not read; its name must be '{name}'", cure
  )


def misnamed_splits(root: pathlib.Path) -> list[Problem]:
  """Returns the folders of pictures or depth whose name is almost a split's.

  Args:
    root: folder in the challenge's layout.
  """
  return [
    _renaming(path, name)
    for path, name in _others(root, SPLITS)
    if any((path / kind).is_dir() for kind in KINDS)
    or any(True for _ in _others(path, KINDS))
  ]


def misnamed_kinds(split_dir: pathlib.Path) -> list[Problem]:
  """Returns the folders of a split whose name is almost 'rgb' or 'depth'.

  Args:
    split_dir: folder of a split; a name that exists already is no problem.
  """
  return [
    _renaming(path, name)
    for path, name in _others(split_dir, KINDS)
    if not (split_dir / name).is_dir()
  ]


def _may_be_data(name: str) -> bool:
  """Returns whether a file may be a picture, a depth map or a video."""
  suffix = pathlib.PurePath(name).suffix.lower()
  return (
    suffix in _ARRAYS
    or suffix in picture_formats.suffixes()
    or picture_formats.kind(name) is not None
  )


def overlooked(
  folder: pathlib.Path, suffixes: tuple[str, ...]
) -> tuple[list[Problem], list[str]]:
  """Returns what would be left out of a folder of pictures or depth maps.

  Args:
    folder: such a folder.
    suffixes: the suffixes of the files that are read, in lower case.

  Returns:
    A problem for files that may be pictures or depth maps, and one for folders
    with files; the names of all other files that are not read.
  """
  files, folders = [], []
  for path in sorted(folder.iterdir()):
    if path.name.startswith('.'):
      continue
    if path.is_dir():
      folders += [path.name] if any(path.iterdir()) else []
    elif path.suffix.lower() not in suffixes:
      files.append(path.name)
  strange = list(filter(_may_be_data, files))
  side = [name for name in files if name not in strange]
  problems = []
  if strange:
    count = problems_lib.count(len(strange), 'file')
    what = f'{count} would be left out: {file_names.by_suffix(strange)}'
    problems.append(Problem(folder / strange[0], what, _CURE))
  if folders:
    count = problems_lib.count(len(folders), 'folder')
    what = f'{count} would be left out: {problems_lib.listing(folders)}'
    cure = f'move the files into {folder}, or the folders away'
    problems.append(Problem(folder / folders[0], what, cure))
  return problems, side
