# SPDX-License-Identifier: Apache-2.0
"""Reads every frame of a folder once: what is there, and what is wrong."""

from collections.abc import Iterator
from concurrent import futures
import dataclasses
import os
import pathlib
import sys
import time

from depth_mai.datasets.rgbd_folder import description as description_lib
from depth_mai.datasets.rgbd_folder import frame_reader
from depth_mai.datasets.rgbd_folder import pairing
from depth_mai.datasets.rgbd_folder import splits as splits_lib
from depth_mai.datasets.rgbd_folder import units
from depth_mai.files import folder
from depth_mai.files import problems as problems_lib

_MIN_MEDIAN_M = folder.MIN_MEDIAN_MM / 1000
_MAX_MEDIAN_M = folder.MAX_MEDIAN_MM / 1000
_PROGRESS_S = 10.0


@dataclasses.dataclass(frozen=True)
class Survey:
  """What a folder of recordings holds.

  Attributes:
    source: the folder.
    description: what was read with.
    pairing: the pairs, and what has no partner.
    splits: the frames of each split, without those that cannot be used.
    facts: of each frame that could be read, by its id.
    problems: all that is wrong.
  """

  source: pathlib.Path
  description: description_lib.Description
  pairing: pairing.Pairing
  splits: dict[str, list[pairing.Frame]]
  facts: dict[str, frame_reader.Facts]
  problems: list[problems_lib.Problem]


def survey(
  source: str | os.PathLike[str], description: description_lib.Description
) -> Survey:
  """Reads every frame, on all cores.

  Args:
    source: folder of the recordings.
    description: what is in it.

  Returns:
    The survey. Its problems do not keep it from being complete.

  Raises:
    ValueError: if the folder is not there.
    BadInputError: (a ValueError) if no pair is found, or the splits cannot be
      made.
  """
  source = pathlib.Path(source).expanduser()
  paired = pairing.find_frames(source, description)
  splits = splits_lib.divide(paired.frames, description.split, source)
  frames = [frame for kept in splits.values() for frame in kept]
  facts, problems, bad = {}, list(paired.problems), set()
  for frame, found in _read_all(frames, description):
    if isinstance(found, frame_reader.Facts):
      facts[frame.id] = found
      found = []
      if not facts[frame.id].known:
        found = [_unknown_everywhere(frame, description)]
    problems += found
    if found:
      bad.add(frame.id)
  odd = [
    frame
    for frame in frames
    if frame.id not in bad
    and not _MIN_MEDIAN_M <= facts[frame.id].median_m <= _MAX_MEDIAN_M
  ]
  bad.update(frame.id for frame in odd)
  if len(odd) > len(frames) / 2:  # The unit is wrong, not these frames.
    problems.insert(0, _wrong_unit(source, odd, facts, description))
  else:
    problems += [_odd_median(frame, facts, description) for frame in odd]
  kept = {
    name: [frame for frame in split if frame.id not in bad]
    for name, split in splits.items()
  }
  return Survey(source, description, paired, kept, facts, problems)


def contents(
  frames: list[pairing.Frame], description: description_lib.Description
) -> Iterator[tuple[pairing.Frame, frame_reader.Content]]:
  """Yields frames with what is in them, in their order, read on all cores.

  Args:
    frames: to read.
    description: what is in them.

  Yields:
    (frame, content).

  Raises:
    BadInputError: (a ValueError) at the first frame that cannot be read.
  """
  workers = os.cpu_count() or 1
  with futures.ThreadPoolExecutor(workers) as pool:
    # A few at a time: pictures that wait for being written take memory.
    for start in range(0, len(frames), 4 * workers):
      some = frames[start : start + 4 * workers]
      read = pool.map(lambda f: frame_reader.read(f, description), some)
      yield from zip(some, read, strict=True)


def _read_all(frames, description):
  """Yields (frame, its facts or the list of its problems)."""

  def read(frame):
    try:
      return frame_reader.read(frame, description).facts
    except problems_lib.BadInputError as error:
      return error.problems

  last = time.monotonic()
  with futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    for done, found in enumerate(
      zip(frames, pool.map(read, frames), strict=True), 1
    ):
      yield found
      if time.monotonic() - last > _PROGRESS_S:
        last = time.monotonic()
        print(f'{done} of {len(frames)} pairs read', file=sys.stderr)


def _unknown_everywhere(frame, description) -> problems_lib.Problem:
  return problems_lib.Problem(
    frame.depth_path,
    'no depth is known: after invalid, mask, min_depth_m '
    f'({description.min_depth_m:g}) and max_depth_m '
    f'({description.max_depth_m:g}) nothing is left',
    'check these keys, remove the pair, or leave it out with --skip_bad',
  )


def _odd_median(frame, facts, description) -> problems_lib.Problem:
  return problems_lib.Problem(
    frame.depth_path,
    f'with depth_unit = {description.unit_name} the median of its depth is '
    f'{facts[frame.id].median_m:g} m; such medians lie between '
    f'{_MIN_MEDIAN_M:g} and {_MAX_MEDIAN_M:g} m',
    'look at the picture, remove the pair, or leave it out with --skip_bad',
  )


def _wrong_unit(source, odd, facts, description) -> problems_lib.Problem:
  likely = units.guess([facts[frame.id].values for frame in odd])
  cure = 'find out the unit that the depth files are in'
  if likely is not None:
    cure = f"the numbers look like depth_unit = '{likely[0]}' ({likely[1]})"
  median_m = sorted(facts[f.id].median_m for f in odd)[len(odd) // 2]
  return problems_lib.Problem(
    source,
    f'with depth_unit = {description.unit_name}, {len(odd)} of {len(facts)} '
    f'depth maps have a median such as {median_m:g} m; such medians lie '
    f'between {_MIN_MEDIAN_M:g} and {_MAX_MEDIAN_M:g} m, so the unit is '
    'another one',
    cure,
  )
