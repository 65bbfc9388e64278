# SPDX-License-Identifier: Apache-2.0
"""Finds which picture belongs to which depth map. No file is opened."""

import bisect
import collections
from collections.abc import Iterator
import dataclasses
import decimal
import os
import pathlib
import re

from depth_mai.datasets.rgbd_folder import description as description_lib
from depth_mai.datasets.rgbd_folder import pattern
from depth_mai.files import problems as problems_lib

Description = description_lib.Description
# The parts of one file's name, and the file.
_Parts = dict[str, str]
_File = tuple[_Parts, pathlib.Path]


@dataclasses.dataclass(frozen=True)
class Frame:
  """A picture and its depth map.

  Attributes:
    id: unique within the recordings.
    sequence: what is not to be divided between training and validation.
    folder: what stands for {split} in the patterns, or ''.
    rgb_path: the picture.
    depth_path: its depth map.
    mask_path: what is 0 where depth is unknown, or None.
  """

  id: str
  sequence: str
  folder: str
  rgb_path: pathlib.Path
  depth_path: pathlib.Path
  mask_path: pathlib.Path | None = None


@dataclasses.dataclass(frozen=True)
class Pairing:
  """What the patterns find in a folder.

  Attributes:
    frames: by sequence and, within one, in the order of the recording.
    lone_rgb: pictures without a depth map.
    lone_depth: depth maps without a picture.
    unused: how many pairs `every` leaves out.
    problems: what cannot be paired.
  """

  frames: list[Frame]
  lone_rgb: list[pathlib.Path]
  lone_depth: list[pathlib.Path]
  unused: int
  problems: list[problems_lib.Problem]


def find_frames(
  source: str | os.PathLike[str], description: Description
) -> Pairing:
  """Pairs the files of a folder.

  Args:
    source: folder of the recordings.
    description: its patterns and rules.

  Returns:
    The pairs, and what is left.

  Raises:
    ValueError: if the folder is not there.
    BadInputError: (a ValueError) if a pattern finds nothing, or no pair.
  """
  source = pathlib.Path(source).expanduser()
  if not source.is_dir():
    raise ValueError(
      f'{source} is not a folder. Point --source at the folder that holds the '
      'recordings.'
    )
  found = _matches(source, description)
  names = {key: set(pattern.fields(getattr(description, key))) for key in found}
  common = tuple(sorted((names['rgb'] & names['depth']) - {'id'}))
  pairs, problems = _pairs(found['rgb'], found['depth'], common, description)
  if not pairs and not problems:
    raise problems_lib.BadInputError([_no_pair(source, found, description)])
  mask_fields = sorted(names['depth'] & names['mask'])
  masks = {_key(parts, mask_fields): path for parts, path in found['mask']}
  frames = []
  for rgb, depth in pairs:
    mask_path = masks.get(_key(depth[0], mask_fields)) if masks else None
    if masks and mask_path is None:
      what = f"no file fits mask = '{description.mask}' for this depth map"
      cure = 'add the mask, or leave mask out of the description'
      problems.append(problems_lib.Problem(depth[1], what, cure))
    else:
      frames.append(_frame(rgb, depth, mask_path))
  frames.sort(key=lambda frame: (_natural(frame.sequence), _natural(frame.id)))
  problems += _same_ids(frames)
  paired = {path for pair in pairs for _, path in pair}
  kept = _every(frames, description.every)
  return Pairing(
    frames=kept,
    lone_rgb=[path for _, path in found['rgb'] if path not in paired],
    lone_depth=[path for _, path in found['depth'] if path not in paired],
    unused=len(frames) - len(kept),
    problems=problems,
  )


def _matches(source, description) -> dict[str, list[_File]]:
  """Returns the files that fit each pattern, or says which fits none."""
  files = pattern.list_files(source)
  found, problems = {}, []
  for key in ('rgb', 'depth', 'mask'):
    text = getattr(description, key)
    found[key] = [
      (parts, source / name)
      for name in files
      if text and (parts := pattern.match(text, name)) is not None
    ]
    if text and not found[key]:
      example = f', such as {files[len(files) // 2]},' if files else ''
      what = f"none of {len(files)} files{example} fits {key} = '{text}'"
      cure = 'change the pattern, or point --source at the folder it starts in'
      problems.append(problems_lib.Problem(source, what, cure))
  if problems:
    raise problems_lib.BadInputError(problems)
  return found


def _pairs(rgbs, depths, common, description):
  """Returns the pairs of files, and what is wrong with others."""
  pairs, problems = [], []
  groups = _grouped(rgbs, common), _grouped(depths, common)
  for group in groups[0].keys() & groups[1].keys():
    by_id, found = zip(*(_by_id(g[group]) for g in groups), strict=True)
    problems += [problem for part in found for problem in part]
    if description.pairing == 'name':
      ids = [(name, name) for name in by_id[0] if name in by_id[1]]
    else:
      times = [
        _times(files, description.timestamp_unit, problems) for files in by_id
      ]
      ids = associate(*times, description.tolerance_s)
    pairs += [(by_id[0][rgb], by_id[1][depth]) for rgb, depth in ids]
  return pairs, problems


def associate(
  rgb_s: dict[str, decimal.Decimal],
  depth_s: dict[str, decimal.Decimal],
  tolerance_s: float,
) -> Iterator[tuple[str, str]]:
  """Pairs what is nearest in time, as associate.py of TUM RGB-D does.

  Of all pairs within the tolerance the nearest is taken first; both of its
  files are then used up.

  Args:
    rgb_s: time of each picture, seconds.
    depth_s: time of each depth map, seconds.
    tolerance_s: largest difference, seconds.

  Yields:
    (picture, depth map), by name.
  """
  tolerance = decimal.Decimal(str(tolerance_s))
  ordered = sorted(depth_s, key=depth_s.get)
  times = [depth_s[name] for name in ordered]
  near = []
  for name, time in rgb_s.items():
    first = bisect.bisect_left(times, time - tolerance)
    last = bisect.bisect_right(times, time + tolerance)
    near += [
      (abs(time - times[index]), name, ordered[index])
      for index in range(first, last)
    ]
  used_rgb, used_depth = set(), set()
  for _, rgb, depth in sorted(near):
    if rgb not in used_rgb and depth not in used_depth:
      used_rgb.add(rgb)
      used_depth.add(depth)
      yield rgb, depth


def _times(files, unit, problems):
  """Returns the time of each file, seconds; what is no time is a problem."""
  seconds = {}
  for name, (_, path) in files.items():
    try:
      time = decimal.Decimal(name)
      if not time.is_finite():
        raise decimal.InvalidOperation
    except decimal.InvalidOperation:
      what = f"'{name}', its {{id}}, is no time stamp"
      cure = "change the pattern, or set pairing = 'name'"
      problems.append(problems_lib.Problem(path, what, cure))
      continue
    seconds[name] = time / description_lib.TIMESTAMP_UNITS[unit]
  return seconds


def _grouped(files: list[_File], fields) -> dict[tuple[str, ...], list[_File]]:
  groups = collections.defaultdict(list)
  for parts, path in files:
    groups[_key(parts, fields)].append((parts, path))
  return groups


def _by_id(files: list[_File]):
  """Maps id to file; ids that several files share are problems."""
  by_id, problems = {}, []
  for parts, path in files:
    other = by_id.setdefault(parts['id'], (parts, path))[1]
    if other != path:
      what = f"its {{id}} '{parts['id']}' is that of {other}, too"
      cure = 'give the folder that differs a name in both patterns: {sequence}'
      problems.append(problems_lib.Problem(path, what, cure))
  return by_id, problems


def _frame(rgb: _File, depth: _File, mask_path) -> Frame:
  parts = depth[0] | rgb[0]  # The picture's time, where they differ.
  where = [value for name, value in parts.items() if name != 'id']
  return Frame(
    id='-'.join([*where, parts['id']]),
    sequence=parts.get('sequence', '-'.join(where)),
    folder=parts.get('split', ''),
    rgb_path=rgb[1],
    depth_path=depth[1],
    mask_path=mask_path,
  )


def _same_ids(frames: list[Frame]) -> list[problems_lib.Problem]:
  """Finds frames whose ids are equal although their files are not."""
  seen, problems = {}, []
  for frame in frames:
    other = seen.setdefault(frame.id, frame)
    if other is not frame:
      what = f"its id would be '{frame.id}', as that of {other.rgb_path}"
      cure = 'name what differs in the pattern, or rename a folder'
      problems.append(problems_lib.Problem(frame.rgb_path, what, cure))
  return problems


def _every(frames: list[Frame], step: int) -> list[Frame]:
  """Keeps every nth frame of a folder."""
  counts, kept = collections.Counter(), []
  for frame in frames:
    if counts[frame.rgb_path.parent] % step == 0:
      kept.append(frame)
    counts[frame.rgb_path.parent] += 1
  return kept


def _no_pair(source, found, description) -> problems_lib.Problem:
  rgb, depth = (found[key][0] for key in ('rgb', 'depth'))
  what = (
    f'{len(found["rgb"])} pictures and {len(found["depth"])} depth maps, but '
    f'none belong together (first: {rgb[1].relative_to(source)} with '
    f'{rgb[0]}, {depth[1].relative_to(source)} with {depth[0]})'
  )
  if description.pairing == 'name':
    cure = "all parts of the names must be equal, or set pairing = 'timestamp'"
  else:
    cure = (
      f'raise tolerance_s ({description.tolerance_s}), check timestamp_unit'
    )
  return problems_lib.Problem(source, what, cure)


def _key(parts: _Parts, fields) -> tuple[str, ...]:
  return tuple(parts[field] for field in fields)


def _natural(text: str) -> list[tuple[int, int, str]]:
  """Orders 'frame2' before 'frame10'."""
  return [
    (0, int(part), '') if part.isdecimal() else (1, 0, part)
    for part in re.split(r'(\d+)', text)
  ]
