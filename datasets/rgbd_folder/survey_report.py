# SPDX-License-Identifier: Apache-2.0
"""Reports a survey as text and as a picture, to check before training."""

import collections
from collections.abc import Iterable
from collections.abc import Iterator
import os
import pathlib

import numpy as np
from PIL import Image

from depth_mai import challenge
from depth_mai.datasets.rgbd_folder import description as description_lib
from depth_mai.datasets.rgbd_folder import evidence
from depth_mai.datasets.rgbd_folder import frame_reader
from depth_mai.datasets.rgbd_folder import splits as splits_lib
from depth_mai.datasets.rgbd_folder import survey as survey_lib
from depth_mai.files import file_names
from depth_mai.files import printable
from depth_mai.files import problems
from depth_mai.pictures import true_depth
from depth_mai.pictures import turned
from depth_mai.report import picture

PREVIEW_ROWS = 4
_PREVIEW_WIDTH = 480
_MOST_SIZES = 4
_KEY_WIDTH = 14


def lines(survey: survey_lib.Survey) -> list[str]:
  """Returns the report, one line for each key with its findings.

  Args:
    survey: the survey to describe.
  """
  return [
    printable.printable(f'{key:<{_KEY_WIDTH}}{text}'.rstrip())
    for key, text in _findings(survey)
  ]


def _findings(survey: survey_lib.Survey) -> Iterator[tuple[str, str]]:
  paired, facts = survey.pairing, list(survey.facts.values())
  sequences = {frame.sequence for frame in paired.frames}
  yield (
    'pairs',
    f'{len(paired.frames)} in {problems.count(len(sequences), "sequence")}',
  )
  if paired.unused:
    yield '', f'{paired.unused} more left out by every'
  yield (
    'no partner',
    f'{_with_first(paired.lone_rgb, "picture", survey)}, '
    f'{_with_first(paired.lone_depth, "depth map", survey)}',
  )
  lists = splits_lib.list_files(survey.description.split)
  left_out = [name for name in paired.left_out if name not in lists]
  if left_out:
    count = problems.count(len(left_out), 'file')
    names = file_names.by_suffix(left_out)
    fit = 'fits' if len(left_out) == 1 else 'fit'
    yield 'left out', f'{count} that {fit} no pattern: {names}'
  if facts:
    yield from _measured(survey, facts)
  for name, frames in survey.splits.items():
    names = sorted({frame.sequence for frame in frames})
    yield name, f'{problems.count(len(frames), "pair")}{_after_colon(names)}'
  for note in _notes(survey, facts):
    yield 'note', note


def _measured(
  survey: survey_lib.Survey, facts: list[frame_reader.Facts]
) -> Iterator[tuple[str, str]]:
  yield 'pictures', _sizes(fact.rgb_size for fact in facts)
  dtypes = sorted({fact.dtype for fact in facts})
  sizes = _sizes(fact.depth_size for fact in facts)
  yield 'depth maps', f'{sizes}, {", ".join(dtypes)}'
  if any(fact.size != fact.rgb_size for fact in facts):
    yield 'stored as', _sizes(fact.size for fact in facts)
  known = [fact for fact in facts if fact.values.known]
  if not known:
    return
  least = min(fact.values.least for fact in known)
  most = max(fact.values.most for fact in known)
  unit = survey.description.unit_name
  yield 'numbers', f'{least:g} .. {most:g}, read as {unit}'
  stored = [fact.depth_m for fact in known if fact.depth_m.known]
  if stored:
    medians = [depth_m.median for depth_m in stored]
    yield (
      'depth',
      f'median {np.median(medians):.2f} m ({min(medians):.2f} .. '
      f'{max(medians):.2f} m), from {min(d.least for d in stored):.2f} to '
      f'{max(d.most for d in stored):.2f} m',
    )
  shares = [fact.depth_m.known for fact in facts]
  yield (
    'known',
    f'{np.mean(shares):.0%} of the pixels ({min(shares):.0%} .. '
    f'{max(shares):.0%})',
  )


def _notes(
  survey: survey_lib.Survey, facts: list[frame_reader.Facts]
) -> Iterator[str]:
  """Yields findings that are not problems, but may surprise."""
  description = survey.description
  too_far = np.mean([fact.too_far for fact in facts]) if facts else 0
  if too_far:
    limit_m = min(description.max_depth_m, description_lib.LARGEST_M)
    yield (
      f'{too_far:.1%} of the pixels are farther than {limit_m:g} m and count '
      'as unknown'
    )
  yield from _about_marks(facts)
  if limited := true_depth.limit_note([fact.limit for fact in facts]):
    yield f'{limited}: add this number to invalid in the description'
  if description.encoding.is_plain and facts:
    yield from _about_unit(survey)
  if any(
    'euclid' in frame.depth_path.name.lower()
    or 'euclid' in frame.depth_path.parent.name.lower()
    for frame in survey.pairing.frames
  ):
    yield (
      "names say 'euclidean': distances to the camera are no depth, which is "
      'the distance along the optical axis'
    )
  yield from _about_orientation(survey)
  yield from survey.notes
  for name, spellings in survey.pairing.spellings.items():
    yield (
      f'{name} matches files whose suffixes are written differently, and all '
      f'are read: {", ".join(spellings)}'
    )
  if any(fact.rgb_size != fact.depth_size for fact in facts):
    yield (
      'depth maps are resized to the size of their picture (nearest pixel); '
      'both must have the same field of view'
    )
  left_out = len(survey.pairing.frames) - sum(map(len, survey.splits.values()))
  if left_out:
    yield f'in no split, or not usable: {problems.count(left_out, "pair")}'
  shared = splits_lib.sequences_in_two(survey.splits)
  if shared:
    yield (
      f'training and validation share a scene{_after_colon(shared)}; metrics '
      'will be worse on scenes that the network has not seen'
    )
  if 'validation' not in survey.splits:
    yield 'no validation split; training needs one to choose the best network'


def _about_marks(facts: list[frame_reader.Facts]) -> Iterator[str]:
  """Says which numbers were taken to stand for unknown depth."""
  counts = collections.Counter(mark for fact in facts for mark in fact.marks)
  for mark, count in counts.most_common():
    pixels = sum(
      round(fact.marked * fact.depth_size[0] * fact.depth_size[1])
      for fact in facts
      if mark in fact.marks
    )
    yield (
      f'{mark:g} counts as unknown, {problems.count(pixels, "pixel")} of '
      f'{problems.count(count, "depth map")}: {true_depth.reason(mark)}'
    )


def _about_unit(survey: survey_lib.Survey) -> Iterator[str]:
  """Says which units fit the numbers if it is not the given one alone."""
  description = survey.description
  frames = [f for f in survey.pairing.frames if f.id in survey.facts]
  verdict = evidence.conclude(
    [survey.facts[frame.id].values for frame in frames],
    [f.depth_path.relative_to(survey.source).as_posix() for f in frames],
  )
  candidates = verdict.candidates
  # What the step shows outweighs a range that fits as well.
  candidates = [c for c in candidates if c.by_step] or candidates
  if verdict.why_none:
    yield f'{verdict.why_none}; check that depth_unit is right'
  encodings = [description_lib.ENCODINGS[c.unit] for c in candidates]
  if candidates and not any(
    encoding.is_plain
    and encoding.units_per_metre == description.encoding.units_per_metre
    for encoding in encodings
  ):
    likely = ' or '.join(f"'{c.unit}' ({c.reason})" for c in candidates)
    yield (
      f'the numbers look like depth_unit = {likely}, but the description '
      f'states '
      f'{description.unit_name}'
    )


def _about_orientation(survey: survey_lib.Survey) -> Iterator[str]:
  found = [
    frame
    for frame in survey.pairing.frames
    if frame.id in survey.facts and survey.facts[frame.id].orientation != 1
  ]
  if found:
    first = found[0].rgb_path.relative_to(survey.source).as_posix()
    yield turned.note(len(found), first, survey.facts[found[0].id].orientation)


def _with_first(
  paths: list[pathlib.Path], what: str, survey: survey_lib.Survey
) -> str:
  text = problems.count(len(paths), what)
  if not paths:
    return text
  return f'{text} (first: {paths[0].relative_to(survey.source).as_posix()})'


def _sizes(sizes: Iterable[tuple[int, int]]) -> str:
  counts = collections.Counter(sizes).most_common()
  texts = [f'{w} x {h} ({count})' for (w, h), count in counts]
  return problems.listing(texts, _MOST_SIZES)


def _after_colon(sequences: list[str]) -> str:
  """Returns ': ' and the sequences; '' for none, or one without a name."""
  if sequences in ([], ['']):
    return ''
  return f': {problems.listing(sequences, 5)}'


def write_preview(
  path: str | os.PathLike[str], survey: survey_lib.Survey
) -> None:
  """Draws a few frames: the picture, the depth, and both overlaid.

  The frames are evenly spaced. All rows share one colour bar, in metres. If
  outlines appear twice in the third column, the depth is not aligned.

  Args:
    path: the picture to write, .png or .jpg.
    survey: the frames.

  Raises:
    ValueError: if no frame can be shown.
  """
  frames = [f for f in survey.pairing.frames if f.id in survey.facts]
  if not frames:
    raise ValueError(
      f'No frame can be shown in {path}. First fix the problems in the report.'
    )
  places = np.linspace(0, len(frames) - 1, min(PREVIEW_ROWS, len(frames)))
  chosen = [frames[round(place)] for place in places]
  contents = [frame_reader.read(f, survey.description) for f in chosen]
  near_m, far_m = picture.depth_range(
    *(content.depth_mm / challenge.MM_PER_M for content in contents)
  )
  rows, titles = [], []
  for frame, content in zip(chosen, contents, strict=True):
    rgb, depth_m = _shrunk(content)
    depth = picture.colourise(depth_m, near_m, far_m)
    mixed = np.where(depth_m[..., None] > 0, rgb // 2 + depth // 2, rgb)
    rows.append([rgb, picture.with_colour_bar(depth, near_m, far_m), mixed])
    facts = survey.facts[frame.id].depth_m
    titles.append(
      f'{frame.id}: median {facts.median:.2f} m, known {facts.known:.0%}'
    )
  columns = ('Picture', 'Depth', 'Both')
  picture.save_picture(
    path, picture.grid(rows, column_titles=columns, row_titles=titles)
  )


def _shrunk(content: frame_reader.Content) -> tuple[np.ndarray, np.ndarray]:
  height, width = content.depth_mm.shape
  size = (
    min(_PREVIEW_WIDTH, width),
    max(1, round(height * min(1, _PREVIEW_WIDTH / width))),
  )
  rgb = np.array(Image.fromarray(content.rgb_uint8).resize(size))
  depth_mm = frame_reader.resized(content.depth_mm, size[::-1])
  return rgb, depth_mm / challenge.MM_PER_M
