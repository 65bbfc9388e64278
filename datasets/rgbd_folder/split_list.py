# SPDX-License-Identifier: Apache-2.0
r"""Reads list files with the frames of a split, as projects publish them.

A line has the path of a picture below the source folder, an id, or a sequence.
BTS (Lee et al., arXiv 1907.10326) and others add the path of the depth map and
the focal length. Paths may start with '/' or './', have '\', another suffix or
none. They may also start with folders above the source, of the machine that the
list was made on; then these must be the same in all lines.
"""

import codecs
import collections
from collections.abc import Sequence
import pathlib
import re

from depth_mai.datasets.rgbd_folder import depth_file
from depth_mai.datasets.rgbd_folder import pairing
from depth_mai.files import failures
from depth_mai.files import file_names
from depth_mai.files import printable
from depth_mai.files import problems as problems_lib
from depth_mai.files import regular_files
from depth_mai.pictures import picture_formats

Frame = pairing.Frame
Problem = problems_lib.Problem

# What lists write in place of a depth map that does not exist.
_NONE = 'none'
_MOST_SHOWN = 100
_MAPS = (*depth_file.READERS, *depth_file.REFUSED_SUFFIXES)
# Bad lines of a list that are shown.
_MOST_LINES = 5
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
    cure = f'give a text file in UTF-8, with its path relative to {source}'
    problems.append(Problem(path, what, cure))
    return []
  index = _Index(frames, source)
  ids: dict[str, None] = {}
  bad: list[Problem] = []
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
      bad.append(
        Problem(path, f"line {number}, '{_short(line)}', {why[0]}", why[1])
      )
    repeated += all(frame_id in ids for frame_id in found) if found else 0
    ids.update(dict.fromkeys(found))
  if len(index.above) > 1:
    what = (
      'its paths start with different folders above the source: '
      f'{problems_lib.listing(sorted(map(repr, index.above)))}'
    )
    cure = 'give paths below the source folder'
    bad.append(Problem(path, what, cure))
  elif above := ''.join(index.above):
    notes.append(f"{path.name}: '{above}' before the paths was left out")
  if len(bad) > _MOST_LINES:
    count = problems_lib.count(len(bad) - _MOST_LINES, 'line')
    more = Problem(path, f'{count} more cannot be used', bad[0].cure)
    bad = [*bad[:_MOST_LINES], more]
  if texts and not ids and not bad:
    what = f'split.{name}: no line names a frame with a depth map'
    cure = 'check that the list belongs to this folder'
    bad.append(Problem(path, what, cure))
  problems += bad
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
  """Finds the frames that a line names.

  Attributes:
    above: the folders above the source with which paths start, '' for none.
  """

  def __init__(self, frames: Sequence[Frame], source: pathlib.Path):
    self._source = source
    self._ids: dict[str, list[str]] = collections.defaultdict(list)
    self._owners: dict[str, str] = {}
    self.above: set[str] = set()
    self._stems: dict[str, set[str]] = collections.defaultdict(set)
    self._example = frames[0] if frames else None
    for frame in frames:
      for key in {frame.id, frame.sequence, self._relative(frame.rgb_path)}:
        self._ids[file_names.canonical(key)].append(frame.id)
      depth = file_names.canonical(self._relative(frame.depth_path))
      self._ids[depth].append(frame.id)
      self._owners[depth] = frame.id
      for path in (frame.rgb_path, frame.depth_path):
        stem = self._relative(path.with_suffix(''))
        self._stems[file_names.canonical(stem)].add(frame.id)

  def _relative(self, path: pathlib.Path) -> str:
    return path.relative_to(self._source).as_posix()

  def find(self, line: str) -> tuple[list[str], tuple[str, str]]:
    """Returns ids, or none and what is wrong with the line, and the cure."""
    # Names may have spaces, so the whole line comes before its columns.
    if (whole := self._key(line)) in self._ids:
      return self._frames(whole), ('', '')
    columns = _columns(line)
    found = self._frames(self._key(columns[0]))
    if not found:
      return [], self._why(line)
    for column in columns[1:]:
      owner = self._owners.get(self._below(self._key(column)))
      if owner is not None and owner not in found:
        return [], (
          f"names the depth map '{_short(column)}', but this picture has "
          'another one',
          'correct the line, or the patterns of the description',
        )
    return found, ('', '')

  def _frames(self, key: str) -> list[str]:
    """Returns the ids of the frames that a path, id or sequence names."""
    below = self._below(key)
    if '/' in below:
      self.above.add(key.removesuffix(below))
    exact = self._ids.get(below)
    if exact:
      return list(dict.fromkeys(exact))
    alike = self._stems.get(below, set()) | self._stems.get(
      _without_suffix(below), set()
    )
    # A suffix that is missing or another one leaves no doubt about one frame.
    return list(alike) if len(alike) == 1 else []

  def _below(self, key: str) -> str:
    """Returns the end of a path that is a path of a frame, or the path."""
    parts = key.split('/')
    for start in range(len(parts) - 1):  # At least a folder and a file.
      end = '/'.join(parts[start:])
      stems = (end, _without_suffix(end))
      if end in self._ids or any(stem in self._stems for stem in stems):
        return end
    return key

  def _key(self, text: str) -> str:
    """Returns a path as it is below the source folder."""
    path = text.strip().strip('"\'').replace('\\', '/')
    source = self._source.absolute().as_posix() + '/'
    path = path.removeprefix(source)
    while path.startswith(('./', '/')):
      path = path.removeprefix('.').lstrip('/')
    return file_names.canonical(path.rstrip('/'))

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


def _without_suffix(path: str) -> str:
  """Returns a path without the suffix of a picture or a depth map."""
  suffix = pathlib.PurePosixPath(path).suffix
  is_known = suffix.lower() in {*picture_formats.suffixes(), *_MAPS}
  return path.removesuffix(suffix) if is_known else path


def _columns(line: str) -> list[str]:
  """Divides a line at commas or else at spaces; quotes keep both."""
  quoted = re.findall(r'"([^"]*)"|\'([^\']*)\'|([^\s,;"\']+)', line)
  return [''.join(parts) for parts in quoted] or [line]


def _says_none(line: str) -> bool:
  return _NONE in [column.lower() for column in _columns(line)[1:]]
