# SPDX-License-Identifier: Apache-2.0
"""The folder of a labelled data set, in the challenge's layout.

    <root>/train/rgb/<id>.{png,jpg,jpeg}    the photographs
    <root>/train/depth/<id>.png             their labels, 16 bits, millimetres
    <root>/train/confidence/<id>.png        agreement.CONFIDENCE_MEANS
    <root>/labels.json                      the teachers and options

A photograph that is a PNG or JPEG file is copied byte for byte; others are
stored as PNG files, upright. The depth map is written last, so a photograph
that has one is labelled.
"""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
import contextlib
import filecmp
import json
import os
import pathlib
import shutil
from typing import Any
import zlib

import numpy as np
from PIL import Image

from depth_mai.challenge_folder import folder
from depth_mai.challenge_folder import folder_names
from depth_mai.files import atomic
from depth_mai.files import file_names
from depth_mai.files import lock
from depth_mai.files import printable
from depth_mai.labelling import agreement
from depth_mai.pictures import picture_files

_LOCK = '.lock'
# Smooth maps: somewhat larger than at the default level, and much faster.
_PNG_LEVEL = 1
_CURE = 'Choose another --output_dir'


class LabelFolder:
  """A folder of labels.

  Attributes:
    root: the folder.
  """

  def __init__(self, root: str | os.PathLike[str]):
    """Lists what the folder contains.

    Args:
      root: the folder; it need not exist.
    """
    self.root = pathlib.Path(root).expanduser()
    self._rgb, self._depth, self._confidence = (
      self.root / 'train' / name
      for name in ('rgb', 'depth', folder_names.CONFIDENCE)
    )

  @contextlib.contextmanager
  def claimed(
    self, origin: Mapping[str, Any], overwrite: bool
  ) -> Iterator[None]:
    """Holds the folder, which is created; what killed runs left is removed.

    Args:
      origin: teachers and options, which can be written as JSON.
      overwrite: whether labels of another origin are removed first.

    Yields:
      None.

    Raises:
      ValueError: if the folder contains labels of another origin, or other
        data, or another process holds it.
      OSError: if it cannot be written.
    """
    self.root.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
      try:
        stack.enter_context(lock.locked(self.root / _LOCK, wait=False))
      except BlockingIOError as error:
        raise ValueError(
          f'{self.root} is in use by another process that labels. Wait until '
          f'it has ended, or stop it. {_CURE} otherwise.'
        ) from error
      self._check_origin(origin, overwrite)
      for path in (self._rgb, self._depth):
        path.mkdir(parents=True, exist_ok=True)
      for path in (self.root, self._rgb, self._depth, self._confidence):
        atomic.remove_leftovers(path)
      if not self._labels_path.exists():
        atomic.write_json(self._labels_path, origin)
      yield

  @property
  def _labels_path(self) -> pathlib.Path:
    return self.root / folder_names.LABELS

  def _check_origin(self, origin: Mapping[str, Any], overwrite: bool) -> None:
    """Refuses a folder of another origin, or removes its labels."""
    if not self._labels_path.exists():
      others = [path.name for path in self.root.iterdir() if path.name != _LOCK]
      if not others:
        return
      raise ValueError(
        f'{self.root} is not empty, and has no {folder_names.LABELS} of this '
        f'program. {_CURE}.'
      )
    try:
      stored = json.loads(self._labels_path.read_bytes())
    except ValueError:
      stored = None
    changes = _changes(stored, origin)
    if not changes:
      return
    if not overwrite and self.labelled():
      raise ValueError(
        f'{self.root} has labels of another origin: {changes}. {_CURE}, or '
        'replace them with --overwrite.'
      )
    # Its own file goes last: a folder without it is refused.
    atomic.discard(self.root / 'train')
    self._labels_path.unlink()

  def ids(
    self, photographs: Iterable[pathlib.Path]
  ) -> tuple[dict[str, pathlib.Path], list[str]]:
    """Chooses an id for each photograph.

    The id is the stem of its name. If another photograph has it, here or in an
    earlier run, a number is appended: <stem>_2, ... So labels are kept when
    photographs are added, whatever their order.

    Args:
      photographs: the files, each once.

    Returns:
      The photograph by id, and messages for names that cannot be ids.
    """
    stored = {_folded(path.stem): path for path in self._rgb.iterdir()}
    ids: dict[str, pathlib.Path] = {}
    taken: set[str] = set()
    problems = []
    for photograph in photographs:
      stem = file_names.canonical(photograph.stem).lstrip('.') or 'photograph'
      if why := file_names.unstorable(stem):
        shown = printable.printable(photograph)
        problems.append(f'{shown}: {why}. Cure: rename the file.')
        continue
      name, number = stem, 1
      while _folded(name) in taken or not _is_copy(
        photograph, stored.get(_folded(name))
      ):
        number += 1
        name = f'{stem}_{number}'
      taken.add(_folded(name))
      ids[name] = photograph
    return ids, problems

  def labelled(self) -> set[str]:
    """Returns the ids that have a label."""
    return {path.stem for path in self._depth.glob('*.png')}

  def write(
    self,
    name: str,
    photograph: pathlib.Path,
    label: agreement.Label,
    with_confidence: bool,
  ) -> None:
    """Writes a photograph and its label.

    Args:
      name: its id.
      photograph: the file.
      label: its label.
      with_confidence: whether the confidence is written.

    Raises:
      OSError: if a file cannot be written.
    """
    suffix = photograph.suffix.lower()
    if suffix in folder.RGB_SUFFIXES:
      target = self._rgb / f'{name}{suffix}'
      with atomic.atomic_path(target, among_many=True) as temporary:
        # A hard link would change the times of the photograph, by which data
        # sets are known.
        shutil.copy2(photograph, temporary)
    else:
      rgb_uint8 = picture_files.read_rgb(photograph)
      _write_png(self._rgb / f'{name}.png', rgb_uint8)
    if with_confidence:
      _write_png(self._confidence / f'{name}.png', label.confidence)
    _write_png(self._depth / f'{name}.png', label.depth_mm)

  def finish(self, origin: Mapping[str, Any]) -> int:
    """Writes the number of photographs; returns it."""
    count = len(self.labelled())
    atomic.write_json(self._labels_path, {**origin, 'photographs': count})
    return count


def _changes(stored: Any, origin: Mapping[str, Any]) -> str:
  """Returns what differs between two origins, '' if nothing does."""
  if not isinstance(stored, dict):
    return f'{folder_names.LABELS} is damaged'
  changed = [
    f'{key} {_short(stored.get(key))} instead of {_short(value)}'
    for key, value in origin.items()
    if _identity(stored.get(key)) != _identity(value)
  ]
  return '; '.join(changed)


def _identity(value: Any) -> Any:
  """Returns a value without the names of teachers: their content counts."""
  if isinstance(value, list):
    return sorted(str(x.get('sha256')) for x in value if isinstance(x, dict))
  return value


def _short(value: Any) -> str:
  """Returns a value for a message; of teachers, their names."""
  if isinstance(value, list):
    return ', '.join(str(x.get('name')) for x in value if isinstance(x, dict))
  return str(value)


def _folded(name: str) -> str:
  """Returns what two names of one file have in common."""
  return file_names.canonical(name).casefold()


def _is_copy(photograph: pathlib.Path, stored: pathlib.Path | None) -> bool:
  """Returns whether a stored file is of this photograph, or there is none."""
  if stored is None:
    return True
  try:
    if photograph.suffix.lower() in folder.RGB_SUFFIXES:
      return filecmp.cmp(photograph, stored)
    return np.array_equal(
      picture_files.read_rgb(photograph), picture_files.read_rgb(stored)
    )
  except (OSError, ValueError):  # It is reported when it is read.
    return False


def _write_png(path: pathlib.Path, values: np.ndarray) -> None:
  with atomic.atomic_path(path, among_many=True) as temporary:
    # After PNG's filters, runs of equal bytes are all that is worth finding.
    Image.fromarray(values).save(
      temporary, compress_level=_PNG_LEVEL, compress_type=zlib.Z_RLE
    )
