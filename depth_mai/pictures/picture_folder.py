# SPDX-License-Identifier: Apache-2.0
"""Lists the pictures of a folder, says what is left out, and names results.

This module also runs on the device, so it needs only NumPy and Pillow.
"""

import collections
from collections.abc import Iterable
from collections.abc import Iterator
import dataclasses
import itertools
import os
import pathlib
import unicodedata

from depth_mai.files import natural_order
from depth_mai.files import printable
from depth_mai.files import problems as problems_lib
from depth_mai.pictures import picture_formats

# Files of a subfolder that are looked at; a home directory has many more.
_MOST_SEARCHED = 10000


@dataclasses.dataclass(frozen=True)
class Listing:
  """The content of a folder.

  Attributes:
    pictures: the files that can be read, in natural order (2.png, 10.png).
    problems: a message with a cure for each kind of picture that cannot be
      read, such as HEIC, and for names of pictures that are no files.
    left_out: a message for each other kind of content that is left out.
  """

  pictures: list[pathlib.Path]
  problems: list[str]
  left_out: list[str]


def gather(
  inputs: Iterable[str | os.PathLike[str]], subfolders: bool = False
) -> Listing:
  """Lists pictures that are given by themselves or in folders, each once.

  Args:
    inputs: paths of pictures and folders of pictures.
    subfolders: see `list_pictures`.

  Returns:
    The content of all inputs; a folder without pictures is a problem.
  """
  pictures: dict[pathlib.Path, pathlib.Path] = {}
  gathered = Listing([], [], [])
  for entry in map(pathlib.Path, inputs):
    if not entry.is_dir():
      pictures.setdefault(entry.resolve(), entry)
      continue
    try:
      listing = list_pictures(entry, subfolders)
    except ValueError as error:
      gathered.problems.append(str(error))
      continue
    gathered.problems.extend(listing.problems)
    gathered.left_out.extend(listing.left_out)
    for picture in listing.pictures:
      pictures.setdefault(picture.resolve(), picture)
  gathered.pictures.extend(pictures.values())
  return gathered


def list_pictures(
  folder: str | os.PathLike[str], subfolders: bool = False
) -> Listing:
  """Lists the pictures in a folder, without opening them.

  Hidden files and folders are left out without a word.

  Args:
    folder: a directory.
    subfolders: whether the pictures in its subfolders are listed, too, after
      its own; links to folders are not followed.

  Raises:
    ValueError: the folder contains no picture or cannot be read.
  """
  folder = pathlib.Path(folder)
  try:
    entries = sorted(
      (entry for entry in folder.iterdir() if not entry.name.startswith('.')),
      key=lambda entry: natural_order.natural_key(entry.name),
    )
  except OSError as error:
    raise ValueError(
      f'The folder {folder} cannot be read: {error.strerror}.'
    ) from error
  pictures, other, below = [], [], []
  no_files: list[str] = []
  unread: dict[str, list[str]] = {}
  inner = []
  for entry in entries:
    is_inner = subfolders and entry.is_dir() and not entry.is_symlink()
    if is_inner and any(True for _ in _pictures_below(entry)):
      inner.append(entry)
      continue
    number = sum(1 for _ in _pictures_below(entry)) if entry.is_dir() else 0
    if number:
      below.append(f'{entry.name}: {problems_lib.count(number, "picture")}')
    elif _is_picture(entry):
      pictures.append(entry)
    elif _has_suffix(entry):
      no_files.append(entry.name)
    elif entry.is_dir():
      continue
    elif kind := picture_formats.kind(entry):
      unread.setdefault(kind, []).append(entry.name)
    else:
      other.append(entry.name)
  videos = unread.pop('video', [])
  # Cameras can store both; nothing is lost then.
  stems = {_folded(path.stem) for path in pictures}
  raws = unread.pop('raw', [])
  twins = [n for n in raws if _folded(pathlib.Path(n).stem) in stems]
  if alone := [name for name in raws if name not in twins]:
    unread['raw'] = alone
  problems = [
    _left_out(folder, f'{kind} files', names, picture_formats.cure(kind))
    for kind, names in unread.items()
  ]
  if no_files:
    what = 'folders, broken links or pipes with the name of a picture'
    cure = 'put the pictures there, or remove these'
    problems.append(_left_out(folder, what, no_files, cure))
  left_out = [
    _left_out(folder, what, names, cure)
    for what, names, cure in (
      ('raw files beside a picture of their name', twins, ''),
      ('videos', videos, picture_formats.cure('video')),
      ('other files', other, ''),
      ('subfolders with pictures', below, 'give them as well'),
    )
    if names
  ]
  for entry in inner:
    listing = list_pictures(entry, subfolders)
    pictures += listing.pictures
    problems += listing.problems
    left_out += listing.left_out
  if not pictures and not problems:
    where = '' if subfolders else ' directly into it, not into subfolders,'
    raise ValueError(
      f'The folder {printable.printable(folder)} contains no picture. Put '
      f'files{where or " there"} or change their format to JPEG or PNG.'
      f'{"".join(f" {line}" for line in left_out)}'
    )
  return Listing(pictures, problems, left_out)


def result_names(sources: Iterable[pathlib.Path]) -> dict[str, pathlib.Path]:
  """Chooses a unique name for the results of each picture.

  The name of a picture is its stem. If several have the same stem, ignoring
  case and the form of accents, as some file systems do, the first keeps it and
  the others become <stem>_2, ...

  Args:
    sources: pictures, each once.

  Returns:
    The name to the picture, in the given order.
  """
  sources = list(sources)
  taken: dict[str, pathlib.Path] = {}
  for source in sources:
    taken.setdefault(_folded(source.stem), source)
  names: dict[str, pathlib.Path] = {}
  numbers: dict[str, int] = collections.defaultdict(lambda: 1)
  for source in sources:
    name = source.stem
    while taken.setdefault(_folded(name), source) is not source:
      numbers[_folded(source.stem)] += 1
      name = f'{source.stem}_{numbers[_folded(source.stem)]}'
    names[name] = source
  return names


def _folded(name: str) -> str:
  """Returns what two names of one file have in common."""
  return unicodedata.normalize('NFC', name).casefold()


def _has_suffix(path: pathlib.Path) -> bool:
  return path.suffix.lower() in picture_formats.suffixes()


def _is_picture(path: pathlib.Path) -> bool:
  return _has_suffix(path) and path.is_file()


def _pictures_below(folder: pathlib.Path) -> Iterator[pathlib.Path]:
  """Yields the pictures in a folder and below it."""
  files = (
    pathlib.Path(place, name)
    for place, _, names in os.walk(folder)
    for name in names
  )
  for path in itertools.islice(files, _MOST_SEARCHED):
    if not path.name.startswith('.') and (
      _is_picture(path) or picture_formats.kind(path) not in (None, 'video')
    ):
      yield path


def _left_out(
  folder: pathlib.Path, what: str, names: list[str], cure: str
) -> str:
  """Returns the message about content that is left out."""
  safe = [printable.printable(name) for name in names]
  return (
    f'{printable.printable(folder)}: {what} that are left out: {len(names)} '
    f'({problems_lib.listing(safe)}).{f" Cure: {cure}." if cure else ""}'
  )
