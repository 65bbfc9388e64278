# SPDX-License-Identifier: Apache-2.0
"""Pairs pictures and depth maps by name or time, without opening files."""

import bisect
import collections
from collections.abc import Iterator
from collections.abc import Sequence
import dataclasses
import decimal
import os
import pathlib

from depth_mai.datasets.rgbd_folder import depth_file
from depth_mai.datasets.rgbd_folder import description as description_lib
from depth_mai.datasets.rgbd_folder import pattern
from depth_mai.files import file_names
from depth_mai.files import natural_order
from depth_mai.files import problems as problems_lib
from depth_mai.pictures import picture_formats

Description = description_lib.Description
natural_key = natural_order.natural_key
Problem = problems_lib.Problem
# The parts of a file's name, and the file.
_Parts = dict[str, str]
_File = tuple[_Parts, pathlib.Path]


@dataclasses.dataclass(frozen=True)
class Frame:
  """A picture and its depth map.

  Attributes:
    id: unique name within the recordings.
    sequence: name of the recording, which stays within one split.
    folder: the value of {split} in the patterns, or ''.
    rgb_path: the picture.
    depth_path: its depth map.
    mask_path: its mask, 0 where depth is unknown, or None.
  """

  id: str
  sequence: str
  folder: str
  rgb_path: pathlib.Path
  depth_path: pathlib.Path
  mask_path: pathlib.Path | None = None


@dataclasses.dataclass(frozen=True)
class Pairing:
  """The files in a folder that match the patterns.

  Attributes:
    frames: by sequence and, within one, in the order of the recording.
    lone_rgb: pictures without a depth map.
    lone_depth: depth maps without a picture.
    unused: number of pairs that `every` leaves out.
    problems: files that cannot be paired.
    left_out: relative paths of the files that fit no pattern.
    spellings: key of a pattern -> the suffixes that its files have, if there
      are several.
  """

  frames: list[Frame]
  lone_rgb: list[pathlib.Path]
  lone_depth: list[pathlib.Path]
  unused: int
  problems: list[Problem]
  left_out: list[str]
  spellings: dict[str, list[str]]


def find_frames(
  source: str | os.PathLike[str], description: Description
) -> Pairing:
  """Pairs the files of a folder.

  Args:
    source: folder of the recordings.
    description: its patterns and rules.

  Returns:
    The pairs, and the files without a partner.

  Raises:
    ValueError: if the folder does not exist.
    BadInputError: (a ValueError) if a pattern matches nothing, or there is no
      pair.
  """
  source = pathlib.Path(source).expanduser()
  if not source.is_dir():
    raise ValueError(
      f'{source} is not a folder. Point --source at the folder that contains '
      'the recordings.'
    )
  files = pattern.list_files(source)
  found = _matches(source, files, description)
  names = {key: set(pattern.fields(getattr(description, key))) for key in found}
  common = sorted((names['rgb'] & names['depth']) - {'id'})
  pairs, problems = _pairs(found['rgb'], found['depth'], common, description)
  paired = {path for pair in pairs for _, path in pair}
  lone = {
    key: [file for file in found[key] if file[1] not in paired]
    for key in ('rgb', 'depth')
  }
  if description.pairing == 'name':
    problems += _misspelt(lone['rgb'], lone['depth'], common, source)
  if not pairs and not problems:
    raise problems_lib.BadInputError([_no_pair(source, found, description)])
  mask_fields = sorted(names['depth'] & names['mask'])
  masks = {_key(parts, mask_fields): path for parts, path in found['mask']}
  frames = {}
  for rgb, depth in pairs:
    mask_path = masks.get(_key(depth[0], mask_fields)) if masks else None
    frame = _frame(rgb, depth, mask_path)
    if masks and mask_path is None:
      what = f"no file matches mask = '{description.mask}' for this depth map"
      cure = 'add the mask, or remove mask from the description'
      problems.append(Problem(depth[1], what, cure))
    elif (why := file_names.unstorable(_relative(frame, source))) is not None:
      what = f'{why}, so it can be neither an id nor in a list'
      cure = 'rename the file or folder'
      problems.append(Problem(frame.rgb_path, what, cure))
    elif (other := frames.setdefault(frame.id, frame)) is not frame:
      what = f"its id would be '{frame.id}', like that of {other.rgb_path}"
      cure = 'name the part that differs in the pattern, or rename a folder'
      problems.append(Problem(frame.rgb_path, what, cure))
  in_order = sorted(
    frames.values(), key=lambda f: (natural_key(f.sequence), natural_key(f.id))
  )
  used = _every(in_order, description.every)
  matched = {path for kind in found.values() for _, path in kind}
  return Pairing(
    frames=used,
    lone_rgb=[path for _, path in lone['rgb']],
    lone_depth=[path for _, path in lone['depth']],
    unused=len(in_order) - len(used),
    problems=problems,
    left_out=[name for name in files if source / name not in matched],
    spellings=_spellings(found),
  )


def _relative(frame: Frame, source: pathlib.Path) -> str:
  return frame.rgb_path.relative_to(source).as_posix()


def _misspelt(
  rgbs: Sequence[_File],
  depths: Sequence[_File],
  common: Sequence[str],
  source: pathlib.Path,
) -> list[Problem]:
  """Reports pairs whose names differ only in capitals or leading zeros."""
  by_name = [
    {'/'.join(_key(parts, [*common, 'id'])): path for parts, path in files}
    for files in (rgbs, depths)
  ]
  return [
    Problem(
      by_name[0][name],
      f'its depth map is probably {by_name[1][other].relative_to(source)}, '
      f'whose '
      'name differs in capitals, spaces or leading zeros',
      f"rename one of the two: '{name}' and '{other}' must be the same",
    )
    for name, other in file_names.twins(*by_name).items()
  ]


def _spellings(found: dict[str, list[_File]]) -> dict[str, list[str]]:
  """Returns the suffixes of the files of each pattern that has several."""
  result = {}
  for key, files in found.items():
    counts = collections.Counter(path.suffix for _, path in files)
    if len(counts) > 1:
      result[key] = [f'{kind} ({n})' for kind, n in counts.most_common()]
  return result


def _matches(
  source: pathlib.Path, files: Sequence[str], description: Description
) -> dict[str, list[_File]]:
  """Returns the files for each pattern; refuses patterns without a file."""
  found, problems = {}, []
  for key in ('rgb', 'depth', 'mask'):
    text = getattr(description, key)
    found[key] = [
      (parts, source / name)
      for name in files
      if text
      and (parts := pattern.match(text, name)) is not None
      and _is_readable(text, name)
    ]
    if text and not found[key]:
      example = f', such as {files[len(files) // 2]},' if files else ''
      what = f"none of {len(files)} files{example} matches {key} = '{text}'"
      cure = 'change the pattern, or point --source at the folder it starts in'
      problems.append(Problem(source, what, cure))
  problems_lib.check(problems)
  return found


def _is_readable(text: str, name: str) -> bool:
  """Returns whether a file that matches '{id}.*' is a picture or a map."""
  suffixes = {*picture_formats.suffixes(), *depth_file.READERS}
  return not text.endswith('.*') or (
    pathlib.PurePath(name).suffix.lower() in suffixes
  )


def _pairs(
  rgbs: list[_File],
  depths: list[_File],
  common: Sequence[str],
  description: Description,
) -> tuple[list[tuple[_File, _File]], list[Problem]]:
  """Returns the pairs of files, and the problems of others."""
  pairs, problems = [], []
  groups = _grouped(rgbs, common), _grouped(depths, common)
  for group in groups[0].keys() & groups[1].keys():
    by_id = [kind[group] for kind in groups]
    for files in (*by_id[0].values(), *by_id[1].values()):
      for parts, path in files[1:]:
        what = f"its {{id}} '{parts['id']}' is also the {{id}} of {files[0][1]}"
        cure = 'name the folder that differs in both patterns: {sequence}'
        problems.append(Problem(path, what, cure))
    if description.pairing == 'name':
      ids = [(name, name) for name in by_id[0] if name in by_id[1]]
    else:
      unit = description.timestamp_unit
      times = [_times(files, unit, problems) for files in by_id]
      ids = associate(*times, description.tolerance_s)
    pairs += [(by_id[0][rgb][0], by_id[1][depth][0]) for rgb, depth in ids]
  return pairs, problems


def associate(
  rgb_s: dict[str, decimal.Decimal],
  depth_s: dict[str, decimal.Decimal],
  tolerance_s: float,
) -> Iterator[tuple[str, str]]:
  """Pairs the files nearest in time, as associate.py of TUM RGB-D does.

  The nearest of all pairs within the tolerance is taken first; each file is
  used once.

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


def _times(
  files: dict[str, list[_File]], unit: str, problems: list[Problem]
) -> dict[str, decimal.Decimal]:
  """Returns the time of each id, seconds; adds to `problems`."""
  seconds = {}
  for name, ((_, path), *_) in files.items():
    try:
      time = decimal.Decimal(name)
      if not time.is_finite():
        raise decimal.InvalidOperation
    except decimal.InvalidOperation:
      what = f"its {{id}} '{name}' is not a time stamp"
      cure = "change the pattern, or set pairing = 'name'"
      problems.append(Problem(path, what, cure))
      continue
    seconds[name] = time / description_lib.TIMESTAMP_UNITS[unit]
  return seconds


def _grouped(
  files: list[_File], fields: Sequence[str]
) -> dict[tuple[str, ...], dict[str, list[_File]]]:
  """Maps the values of `fields` to ids, and these to their files."""
  groups = collections.defaultdict(lambda: collections.defaultdict(list))
  for parts, path in files:
    groups[_key(parts, fields)][parts['id']].append((parts, path))
  return groups


def _frame(rgb: _File, depth: _File, mask_path: pathlib.Path | None) -> Frame:
  parts = depth[0] | rgb[0]  # The picture's time if the times differ.
  where = [value for name, value in parts.items() if name != 'id']
  return Frame(
    id='-'.join([*where, parts['id']]),
    sequence=parts.get('sequence', '-'.join(where)),
    folder=parts.get('split', ''),
    rgb_path=rgb[1],
    depth_path=depth[1],
    mask_path=mask_path,
  )


def _every(frames: list[Frame], step: int) -> list[Frame]:
  """Returns every nth frame of each folder."""
  counts, used = collections.Counter(), []
  for frame in frames:
    if counts[frame.rgb_path.parent] % step == 0:
      used.append(frame)
    counts[frame.rgb_path.parent] += 1
  return used


def _no_pair(
  source: pathlib.Path,
  found: dict[str, list[_File]],
  description: Description,
) -> Problem:
  rgb, depth = (found[key][0] for key in ('rgb', 'depth'))
  what = (
    f'{len(found["rgb"])} pictures and {len(found["depth"])} depth maps were '
    f'found, but no pair of them (first: {rgb[1].relative_to(source)} with '
    f'{rgb[0]}, {depth[1].relative_to(source)} with {depth[0]})'
  )
  if description.pairing == 'name':
    cure = "make all parts of the names equal, or set pairing = 'timestamp'"
  else:
    cure = (
      f'raise tolerance_s ({description.tolerance_s}), or correct '
      'timestamp_unit'
    )
  return Problem(source, what, cure)


def _key(parts: _Parts, fields: Sequence[str]) -> tuple[str, ...]:
  return tuple(parts[field] for field in fields)
