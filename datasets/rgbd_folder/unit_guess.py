# SPDX-License-Identifier: Apache-2.0
"""Completes a guessed description with the unit, or says what is open."""

from collections.abc import Sequence
import dataclasses
import pathlib

from depth_mai.datasets.rgbd_folder import depth_file
from depth_mai.datasets.rgbd_folder import description as description_lib
from depth_mai.datasets.rgbd_folder import encodings
from depth_mai.datasets.rgbd_folder import evidence
from depth_mai.datasets.rgbd_folder import numbers
from depth_mai.datasets.rgbd_folder import pairing
from depth_mai.files import problems as problems_lib
from depth_mai.pictures import true_depth

_SAMPLE = 12
# The units to choose from where nothing is known.
_OPEN = ('mm', 'm', 'cm', 'tum', 'kitti')


@dataclasses.dataclass(frozen=True)
class Guess:
  """A guessed description.

  Attributes:
    description: the description; its depth_unit is the likeliest one.
    remarks: comments on some of its keys.
    choices: keys that the evidence leaves open, with the values that fit.
    problem: what the user has to find out; None if nothing is open.
  """

  description: description_lib.Description
  remarks: dict[str, str]
  choices: dict[str, tuple[str | float, ...]]
  problem: problems_lib.Problem | None


def with_unit(
  draft: description_lib.Description, source: pathlib.Path
) -> Guess:
  """Adds the unit that names and some depth maps show.

  Args:
    draft: a description whose patterns find pairs.
    source: folder of the recordings.

  Returns:
    The guess.

  Raises:
    BadInputError: (a ValueError) if no pair can be used or no depth map read.
  """
  paired = pairing.find_frames(source, draft)
  frames = paired.frames
  if not frames:
    problems_lib.check(paired.problems)
  remarks = {'rgb': f'A guess that fits {len(frames)} pairs.'}
  step = max(1, len(frames) // _SAMPLE)
  sample = frames[::step][:_SAMPLE]
  paths = [f.depth_path.relative_to(source).as_posix() for f in sample]
  word = next(filter(None, map(evidence.no_depth_word, paths)), None)
  if word:
    remarks['depth_unit'] = f"The names say '{word}', which is no depth."
    units = encodings.DISPARITIES
    choices = {'depth_unit': units, 'baseline_m': (0.1,), 'focal_px': (500,)}
    problem = not_depth(source, paths[0], word)
    return Guess(draft, remarks, choices, problem)
  if draft.encoding.channels:
    remarks['depth_unit'] = f'A guess: {draft.encoding.meaning}.'
    return Guess(draft, remarks, {}, None)
  verdict = evidence.conclude(_measured(sample), paths)
  units = tuple(candidate.unit for candidate in verdict.candidates)
  if len(units) == 1:
    remarks['depth_unit'] = (
      f'A guess: {verdict.candidates[0].reason}. Check it with a preview '
      f'before '
      'you rely on it.'
    )
    found = dataclasses.replace(draft, depth_unit=units[0])
    return Guess(found, remarks, {}, None)
  remarks['depth_unit'] = "Find out the unit, and remove '# ' from its line."
  fitting = '; '.join(f"'{c.unit}' ({c.reason})" for c in verdict.candidates)
  lines = ' or '.join(f'depth_unit = "{unit}"' for unit in units)
  problem = problems_lib.Problem(
    source,
    f'the unit of the depth files is not certain: '
    f'{verdict.why_none or fitting}',
    'find out the unit, write '
    f'{lines or "it"} (or depth_unit = the number of units in a metre) into '
    'the description '
    '(--write_description=FILE writes the rest), and give --description=FILE',
  )
  return Guess(draft, remarks, {'depth_unit': units or _OPEN}, problem)


def not_depth(
  source: pathlib.Path, path: str, word: str
) -> problems_lib.Problem:
  """Returns the problem of files whose name says that they hold no depth.

  Args:
    source: folder of the recordings.
    path: relative path of such a file.
    word: what its name says.
  """
  return problems_lib.Problem(
    source / path,
    f"its name says '{word}'; in a disparity or an inverse depth near is "
    f'large, '
    'and relative depth has no unit, so it is not read as depth',
    f'for disparities, set depth_unit to one of '
    f'{", ".join(encodings.DISPARITIES)} '
    'and give baseline_m (metres) and focal_px (pixels) in the description; if '
    'it is depth all the same, rename the folder or the files',
  )


def _measured(frames: Sequence[pairing.Frame]) -> list[numbers.Values]:
  """Measures the depth maps of frames; some may be unreadable, but not all."""
  found = [
    problems_lib.attempt(depth_file.read, frame.depth_path) for frame in frames
  ]
  maps = [values for values, _ in found if values is not None]
  if found and not maps:
    problems_lib.check(found[0][1])  # The report lists all of them.
  return [
    numbers.measure(
      values, numbers.known_mask(values, true_depth.marks(values))
    )
    for values in maps
  ]
