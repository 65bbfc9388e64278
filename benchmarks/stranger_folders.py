# SPDX-License-Identifier: Apache-2.0
"""Opens any folder of pictures and depth maps, to measure on.

A folder in the challenge's layout, or of prepared records, is opened with one
of its splits. Any other, such as <root>/{rgb,depth}, is read as rgbd_folder
reads recordings: names and numbers tell the layout and the unit.
"""

from collections.abc import Callable
from collections.abc import Iterator
import dataclasses
import hashlib
import itertools
import pathlib

import numpy as np

from depth_mai.challenge_folder import folder
from depth_mai.data import source
from depth_mai.datasets.rgbd_folder import frame_reader
from depth_mai.datasets.rgbd_folder import guess
from depth_mai.datasets.rgbd_folder import pairing
from depth_mai.files import printable
from depth_mai.files import problems as problems_lib
from depth_mai.files import regular_files
from depth_mai.ranking import measuring

# id, rgb_uint8 [H, W, 3], depth_mm [H, W] uint16, 0 = unknown.
Pairs = Iterator[tuple[str, np.ndarray, np.ndarray]]


@dataclasses.dataclass(frozen=True)
class Folder:
  """Pairs to measure on.

  Attributes:
    name: for titles and file names.
    images: number of pairs.
    fingerprint: covers the ids, the bytes of the files and their unit.
    depth: what the numbers of the depth files are, in words.
    open: returns the pairs, in the same order at every call.
  """

  name: str
  images: int
  fingerprint: str
  depth: str
  open: Callable[[], Pairs]


def open_folder(
  path: str,
  split: str,
  limit: int | None = None,
  depth_unit: str | None = None,
) -> Folder:
  """Opens a folder.

  Args:
    path: the folder.
    split: the split, where there are splits.
    limit: use only this many pairs, the first; None for all.
    depth_unit: unit of the depth files where there are no splits, a name in
      `encodings.ENCODINGS` or the number of units in a metre; None to find out.

  Returns:
    The pairs.

  Raises:
    ValueError: if the folder has no pairs or no such split, or its unit is
      not certain.
  """
  root = pathlib.Path(path).expanduser()
  if not root.is_dir():
    raise ValueError(f'There is no folder {path}. Check the path.')
  if folder.is_prepared(root) or folder.is_challenge_folder(root):
    described = measuring.describe_split(root, split, limit)
    images = described['images']
    return Folder(
      printable.printable(f'{root.resolve().name}/{split}'),
      images,
      described['fingerprint'],
      'millimetres',
      lambda: itertools.islice(source.evaluation_pairs(root, split), images),
    )
  return _recordings(root, limit, depth_unit)


def _recordings(
  root: pathlib.Path, limit: int | None, depth_unit: str | None
) -> Folder:
  """Opens a folder without splits."""
  guessed = guess.guess(root)
  description = guessed.description
  if depth_unit is not None:
    try:
      unit: str | float = float(depth_unit)
    except ValueError:
      unit = depth_unit
    try:
      description = dataclasses.replace(description, depth_unit=unit)
    except ValueError as error:
      raise ValueError(f'--depth_unit={depth_unit}: {error}.') from error
  elif guessed.problem is not None:
    raise ValueError(
      f'{root}: {guessed.problem.what}. Give --depth_unit: mm, m, or another '
      'name in docs/own_data.md; measure folders of other units separately.'
    )
  paired = pairing.find_frames(root, description)
  problems_lib.check(paired.problems)
  frames = paired.frames[:limit]
  digest = hashlib.sha256(f'{description.depth_unit}\n'.encode())
  for frame in frames:
    for path in (frame.rgb_path, frame.depth_path, frame.mask_path):
      sha256 = '' if path is None else regular_files.sha256(path)
      digest.update(f'{frame.id} {sha256}\n'.encode())

  def pairs() -> Pairs:
    for frame in frames:
      content = frame_reader.read(frame, description)
      yield frame.id, content.rgb_uint8, content.depth_mm

  return Folder(
    printable.printable(root.resolve().name),
    len(frames),
    digest.hexdigest(),
    description.encoding.meaning,
    pairs,
  )
