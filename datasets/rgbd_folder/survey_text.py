# SPDX-License-Identifier: Apache-2.0
"""A survey in words: what somebody checks before hours of training."""

import collections
from collections.abc import Iterator

import numpy as np

from depth_mai.datasets.rgbd_folder import description as description_lib
from depth_mai.datasets.rgbd_folder import splits as splits_lib
from depth_mai.datasets.rgbd_folder import survey as survey_lib
from depth_mai.datasets.rgbd_folder import units

_MOST_SIZES = 4
_KEY_WIDTH = 14


def lines(survey: survey_lib.Survey) -> list[str]:
  """Returns the report, a line each: a key and what was found.

  Args:
    survey: what was read.
  """
  found = list(_found(survey))
  return [f'{key:<{_KEY_WIDTH}}{text}'.rstrip() for key, text in found]


def _found(survey) -> Iterator[tuple[str, str]]:
  paired, facts = survey.pairing, list(survey.facts.values())
  sequences = {frame.sequence for frame in paired.frames}
  yield 'pairs', f'{len(paired.frames)} in {_count(len(sequences), "sequence")}'
  if paired.unused:
    yield '', f'{paired.unused} more left out by every'
  yield (
    'no partner',
    f'{_with_first(paired.lone_rgb, "picture", survey)}, '
    f'{_with_first(paired.lone_depth, "depth map", survey)}',
  )
  if facts:
    yield from _of_facts(survey, facts)
  for name, frames in survey.splits.items():
    names = sorted({frame.sequence for frame in frames})
    where = f': {_some(names)}' if names != [''] else ''
    yield name, f'{_count(len(frames), "pair")}{where}'
  for note in _notes(survey, facts):
    yield 'note', note


def _of_facts(survey, facts) -> Iterator[tuple[str, str]]:
  yield 'pictures', _sizes(fact.rgb_size for fact in facts)
  dtypes = sorted({fact.dtype for fact in facts})
  sizes = _sizes(fact.depth_size for fact in facts)
  yield 'depth maps', f'{sizes}, {", ".join(dtypes)}'
  stored = _sizes(fact.size for fact in facts)
  if any(fact.size != fact.rgb_size for fact in facts):
    yield 'stored as', stored
  known = [fact for fact in facts if fact.values.known]
  if not known:
    return
  unit = survey.description.unit_name
  yield (
    'numbers',
    f'{min(fact.values.least for fact in known):g} .. '
    f'{max(fact.values.most for fact in known):g}, read as {unit}',
  )
  medians = [fact.median_m for fact in known if fact.median_m]
  if medians:
    yield (
      'depth',
      f'median {np.median(medians):.2f} m ({min(medians):.2f} .. '
      f'{max(medians):.2f} m), from '
      f'{min(fact.nearest_m for fact in known if fact.median_m):.2f} to '
      f'{max(fact.farthest_m for fact in known):.2f} m',
    )
  yield (
    'known',
    f'{np.mean([fact.known for fact in facts]):.0%} of the pixels '
    f'({min(fact.known for fact in facts):.0%} .. '
    f'{max(fact.known for fact in facts):.0%})',
  )


def _notes(survey, facts) -> Iterator[str]:
  """Yields what is not wrong, but better known."""
  description = survey.description
  too_far = np.mean([fact.too_far for fact in facts]) if facts else 0
  if too_far:
    limit_m = min(description.max_depth_m, description_lib.LARGEST_M)
    yield (
      f'{too_far:.1%} of the pixels are farther than {limit_m:g} m and count '
      'as unknown'
    )
  marks = [fact.values.most for fact in facts if _has_mark(fact)]
  if marks:
    yield (
      f'{marks[0]:g} occurs in {_count(len(marks), "depth map")}; it is the '
      'largest number of 16 bits, which many cameras write where they see '
      f'nothing. If yours does, add invalid = [{marks[0]:g}]'
    )
  likely = units.guess([fact.values for fact in facts])
  if likely is not None and (
    description_lib.UNITS[likely[0]] != description.units_per_metre
  ):
    yield (
      f"the numbers look like depth_unit = '{likely[0]}' ({likely[1]}), the "
      f'description says {description.unit_name}'
    )
  if any(fact.rgb_size != fact.depth_size for fact in facts):
    yield (
      'depth maps are brought to the size of their picture (nearest pixel); '
      'both must have the same field of view'
    )
  left_out = len(survey.pairing.frames) - sum(map(len, survey.splits.values()))
  if left_out:
    yield f'in no split, or not usable: {_count(left_out, "pair")}'
  shared = splits_lib.sequences_in_two(survey.splits)
  if shared:
    yield (
      'training and validation share a scene'
      f'{": " + _some(shared) if shared != [""] else ""}; on a scene that the '
      'network has not seen the figures will be worse'
    )
  if 'validation' not in survey.splits:
    yield 'no validation split; training needs one to choose the best network'


def _has_mark(fact) -> bool:
  """Whether 65535 occurs, or the metres or millimetres made of it."""
  return any(
    np.isclose(fact.values.most, mark, rtol=1e-6) for mark in (65535, 65.535)
  )


def _with_first(paths, what, survey) -> str:
  first = ''
  if paths:
    first = f' (first: {paths[0].relative_to(survey.source).as_posix()})'
  return _count(len(paths), what) + first


def _sizes(sizes) -> str:
  counts = collections.Counter(sizes).most_common()
  texts = [f'{w} x {h} ({count})' for (w, h), count in counts[:_MOST_SIZES]]
  rest = len(counts) - _MOST_SIZES
  return ', '.join(texts) + (f' and {rest} more sizes' if rest > 0 else '')


def _some(names) -> str:
  rest = f' and {len(names) - 5} more' if len(names) > 5 else ''
  return ', '.join(names[:5]) + rest


def _count(number: int, what: str) -> str:
  return f'{number} {what}{"" if number == 1 else "s"}'
