# SPDX-License-Identifier: Apache-2.0
"""Reads every frame of a folder once; collects measurements and problems."""

from collections.abc import Iterator
import dataclasses
import functools
import os
import pathlib
import sys
import time

from depth_mai import challenge
from depth_mai.challenge_folder import folder
from depth_mai.datasets.rgbd_folder import description as description_lib
from depth_mai.datasets.rgbd_folder import evidence
from depth_mai.datasets.rgbd_folder import frame_reader
from depth_mai.datasets.rgbd_folder import numbers
from depth_mai.datasets.rgbd_folder import pairing
from depth_mai.datasets.rgbd_folder import splits as splits_lib
from depth_mai.datasets.rgbd_folder import unit_guess
from depth_mai.files import in_order
from depth_mai.files import problems as problems_lib

_MIN_MEDIAN_M = folder.MIN_MEDIAN_MM / challenge.MM_PER_M
_MAX_MEDIAN_M = folder.MAX_MEDIAN_MM / challenge.MM_PER_M
_MEDIANS = f'plausible medians are {_MIN_MEDIAN_M:g} to {_MAX_MEDIAN_M:g} m'
_PROGRESS_S = 10.0


@dataclasses.dataclass(frozen=True)
class Survey:
  """The content of a folder of recordings.

  Attributes:
    source: the folder.
    description: its description.
    pairing: the pairs, and the files without a partner.
    splits: the frames of each split, without those that cannot be used.
    facts: measurements of each readable frame, by its id.
    problems: all problems.
    notes: findings in the lists of the splits.
  """

  source: pathlib.Path
  description: description_lib.Description
  pairing: pairing.Pairing
  splits: dict[str, list[pairing.Frame]]
  facts: dict[str, frame_reader.Facts]
  problems: list[problems_lib.Problem]
  notes: list[str]


def survey(
  source: str | os.PathLike[str], description: description_lib.Description
) -> Survey:
  """Reads every frame, on all cores.

  Args:
    source: folder of the recordings.
    description: its description.

  Returns:
    The survey; it is complete even if there are problems.

  Raises:
    ValueError: if the folder does not exist.
    BadInputError: (a ValueError) if there is no pair, or the frames cannot be
      divided into splits.
  """
  source = pathlib.Path(source).expanduser()
  paired = pairing.find_frames(source, description)
  if not paired.frames:
    problems_lib.check(paired.problems)
  notes: list[str] = []
  splits = splits_lib.divide(paired.frames, description.split, source, notes)
  frames = [frame for members in splits.values() for frame in members]
  facts, bad = {}, set()
  problems = list(paired.problems)
  last = time.monotonic()
  for done, (frame, content, found) in enumerate(_read(frames, description), 1):
    if content is not None:
      facts[frame.id] = content.facts
      if not content.facts.depth_m.known:
        found = [_unknown_everywhere(frame, description)]
    if found:
      problems += found
      bad.add(frame.id)
    if time.monotonic() - last > _PROGRESS_S:
      last = time.monotonic()
      print(f'{done} of {len(frames)} pairs read', file=sys.stderr)
  misnamed = _misnamed(frames, source, description)
  if misnamed:
    problems.insert(0, unit_guess.not_depth(source, *misnamed[0][1:]))
    bad.update(frame_id for frame_id, _, _ in misnamed)
  odd = [
    frame
    for frame in frames
    if frame.id not in bad
    and not _is_plausible(facts[frame.id].depth_m, description)
  ]
  bad.update(frame.id for frame in odd)
  if len(odd) > len(frames) / 2:  # The unit is wrong, not these frames.
    problems.insert(0, _wrong_unit(source, odd, facts, description))
  else:
    problems += [_odd_median(frame, facts, description) for frame in odd]
  usable = {
    name: [frame for frame in split if frame.id not in bad]
    for name, split in splits.items()
  }
  return Survey(source, description, paired, usable, facts, problems, notes)


def contents(
  frames: list[pairing.Frame], description: description_lib.Description
) -> Iterator[tuple[pairing.Frame, frame_reader.Content]]:
  """Reads frames on all cores, and yields them in their order.

  Args:
    frames: the frames to read.
    description: the description of their folder.

  Yields:
    (frame, content).

  Raises:
    BadInputError: (a ValueError) at the first frame that cannot be read.
  """
  for frame, content, problems in _read(frames, description):
    problems_lib.check(problems)
    yield frame, content


def _read(
  frames: list[pairing.Frame], description: description_lib.Description
) -> Iterator[
  tuple[pairing.Frame, frame_reader.Content | None, list[problems_lib.Problem]]
]:
  """Yields each frame with its content, None if unreadable, and problems."""
  reader = functools.partial(frame_reader.read, description=description)
  read = functools.partial(problems_lib.attempt, reader)
  for frame, found in zip(frames, in_order.mapped(read, frames), strict=True):
    yield frame, *found


def _misnamed(
  frames: list[pairing.Frame],
  source: pathlib.Path,
  description: description_lib.Description,
) -> list[tuple[str, str, str]]:
  """Returns (id, path, word) of depth maps whose name says they are none."""
  if description.encoding.inverse:
    return []
  paths = {f.id: f.depth_path.relative_to(source).as_posix() for f in frames}
  words = ((i, p, evidence.no_depth_word(p)) for i, p in paths.items())
  return [(i, path, word) for i, path, word in words if word is not None]


def _is_plausible(
  depth_m: numbers.Values, description: description_lib.Description
) -> bool:
  return (
    _MIN_MEDIAN_M <= depth_m.median <= _MAX_MEDIAN_M
    and depth_m.high <= description.encoding.most_m
  )


def _unknown_everywhere(
  frame: pairing.Frame, description: description_lib.Description
) -> problems_lib.Problem:
  return problems_lib.Problem(
    frame.depth_path,
    'no depth is known after invalid, mask, min_depth_m '
    f'({description.min_depth_m:g}) and max_depth_m '
    f'({description.max_depth_m:g}) were applied',
    'check these keys, remove the pair, or leave it out with --skip_bad',
  )


def _odd_median(
  frame: pairing.Frame,
  facts: dict[str, frame_reader.Facts],
  description: description_lib.Description,
) -> problems_lib.Problem:
  return problems_lib.Problem(
    frame.depth_path,
    f'with depth_unit = {description.unit_name} the median of its depth is '
    f'{facts[frame.id].depth_m.median:g} m, up to '
    f'{facts[frame.id].depth_m.high:g} m; {_MEDIANS}',
    'look at the picture, remove the pair, or leave it out with --skip_bad',
  )


def _wrong_unit(
  source: pathlib.Path,
  odd: list[pairing.Frame],
  facts: dict[str, frame_reader.Facts],
  description: description_lib.Description,
) -> problems_lib.Problem:
  cure = 'find out the unit of the depth files'
  if description.encoding.is_plain:
    candidates = evidence.conclude(
      [facts[frame.id].values for frame in odd],
      [frame.depth_path.relative_to(source).as_posix() for frame in odd],
    ).candidates
    if candidates:
      likely = ' or '.join(f"'{c.unit}' ({c.reason})" for c in candidates)
      cure = f'the numbers look like depth_unit = {likely}'
  median_m = sorted(facts[f.id].depth_m.median for f in odd)[len(odd) // 2]
  most_m = max(facts[frame.id].depth_m.high for frame in odd)
  return problems_lib.Problem(
    source,
    f'with depth_unit = {description.unit_name}, {len(odd)} of {len(facts)} '
    f'depth maps have an implausible median or range, such as a median of '
    f'{median_m:g} m, up to {most_m:g} m; {_MEDIANS}, so the unit is wrong',
    cure,
  )
