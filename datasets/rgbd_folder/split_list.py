# SPDX-License-Identifier: Apache-2.0
r"""Reads list files with the frames of a split, as projects publish them.

A line has the path of a picture below the source folder, an id, or a sequence.
BTS (Lee et al., arXiv 1907.10326) and others add the path of the depth map and
the focal length. Paths may start with '/' or './', and have '\'.
"""

import codecs
import collections
from collections.abc import Sequence
import pathlib
import re

from depth_mai.datasets.rgbd_folder import pairing
from depth_mai.files import failures
from depth_mai.files import file_names
from depth_mai.files import printable
from depth_mai.files import problems as problems_lib
from depth_mai.files import regular_files

Frame = pairing.Frame
Problem = problems_lib.Problem

# What lists write in place of a depth map that does not exist.
_NONE = 'none'
_MOST_SHOWN = 100
# Eigen et al.'s lists for KITTI: drive, number of the frame, and camera.
_EIGEN = re.compile(r'\S*\d{4}_\d\d_\d\d\S*\s+\d+(\s+[lr])?')


def read(
  path: pathlib.Path,
  name: str,
  frames: Sequence[Frame],
  source: pathlib.Path,
  problems: list[Problem],
  notes: list[str],
) -> list[str]:
  """Returns the ids of the frames that a list file names, each once.

  Args:
    path: the list file.
    name: the split, for messages.
    frames: all frames.
    source: folder of the recordings.
    problems: gets a problem for each line that names no frame.
    notes: gets a line about repeated frames and lines without a depth map.
  """
  try:
    lines = _decoded(regular_files.read_bytes(path)).splitlines()
  except (OSError, UnicodeDecodeError) as error:
    what = f'split.{name}: the list cannot be read ({failures.reason(error)})'
    cure = f'give a text file, with its path relative to {source}'
    problems.append(Problem(path, what, cure))
    return []
  index = _Index(frames, source)
  ids: dict[str, None] = {}
  repeated = without_depth = 0
  texts = [
    (number, line.strip())
    for number, line in enumerate(lines, 1)
    if line.strip() and not line.strip().startswith('#')
  ]
  for number, line in texts:
    found, why = index.find(line)
    if _says_none(line) and not found:
      without_depth += 1
    elif not found:
      problems.append(
        Problem(path, f"line {number}, '{_short(line)}', {why[0]}", why[1])
      )
    repeated += all(frame_id in ids for frame_id in found) if found else 0
    ids.update(dict.fromkeys(found))
  if not texts:
    what = f'split.{name}: the list has no line'
    problems.append(Problem(path, what, 'add lines, or remove the key'))
  if repeated:
    count = problems_lib.count(repeated, 'line')
    notes.append(f'{path.name} names frames again in {count}; each counts once')
  if without_depth:
    count = problems_lib.count(without_depth, 'line')
    notes.append(
      f'{path.name} has {count} without a depth map (None), left out'
    )
  return list(ids)


class _Index:
  """Finds the frames that a line names."""

  def __init__(self, frames: Sequence[Frame], source: pathlib.Path):
    self._source = source
    self._ids: dict[str, list[str]] = collections.defaultdict(list)
    self._owners: dict[str, str] = {}
    self._example = frames[0] if frames else None
    for frame in frames:
      for key in {frame.id, frame.sequence, self._relative(frame.rgb_path)}:
        self._ids[file_names.canonical(key)].append(frame.id)
      depth = file_names.canonical(self._relative(frame.depth_path))
      self._ids[depth].append(frame.id)
      self._owners[depth] = frame.id

  def _relative(self, path: pathlib.Path) -> str:
    return path.relative_to(self._source).as_posix()

  def find(self, line: str) -> tuple[list[str], tuple[str, str]]:
    """Returns ids, or none and what is wrong with the line, and the cure."""
    whole = self._ids.get(self._key(line))
    if whole:
      return list(dict.fromkeys(whole)), ('', '')
    columns = _columns(line)
    found = list(dict.fromkeys(self._ids.get(self._key(columns[0]), ())))
    if not found:
      return [], self._why(line)
    for column in columns[1:]:
      owner = self._owners.get(self._key(column))
      if owner is not None and owner not in found:
        return [], (
          f"names the depth map '{_short(column)}', but this picture has "
          'another one',
          'correct the line, or the patterns of the description',
        )
    return found, ('', '')

  def _key(self, text: str) -> str:
    """Returns a path as it is below the source folder."""
    path = text.strip().strip('"\'').replace('\\', '/')
    source = self._source.absolute().as_posix() + '/'
    path = path.removeprefix(source)
    while path.startswith(('./', '/')):
      path = path.removeprefix('.').lstrip('/')
    return file_names.canonical(path)

  def _why(self, line: str) -> tuple[str, str]:
    example = self._example
    if _EIGEN.fullmatch(line):
      return (
        'matches no frame; it looks like a drive, the number of a frame and a '
        'camera, as in the lists of Eigen et al. for KITTI',
        'give the path of the picture instead, such as '
        '2011_09_26/2011_09_26_drive_0001_sync/image_02/data/0000000005.png',
      )
    cure = 'give the path of a picture below the source folder'
    if example is not None:
      cure += (
        f' such as {self._relative(example.rgb_path)}, an id such as '
        f'{example.id}, or a sequence'
      )
    return 'matches no frame', cure


def _decoded(content: bytes) -> str:
  """Decodes UTF-8, or UTF-16 as Windows writes it, without the mark (BOM)."""
  if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
    return content.decode('utf-16')
  return content.decode('utf-8-sig')


def _short(text: str) -> str:
  return printable.printable(text, most=_MOST_SHOWN)


def _columns(line: str) -> list[str]:
  """Divides a line at commas or else at spaces; quotes keep both."""
  quoted = re.findall(r'"([^"]*)"|\'([^\']*)\'|([^\s,;"\']+)', line)
  return [''.join(parts) for parts in quoted] or [line]


def _says_none(line: str) -> bool:
  return _NONE in [column.lower() for column in _columns(line)[1:]]
