# SPDX-License-Identifier: Apache-2.0
"""Says what may surprise in a folder of the challenge's layout."""

from collections.abc import Iterator
from collections.abc import Sequence
import dataclasses
import math

import numpy as np

from depth_mai import challenge
from depth_mai.files import file_names
from depth_mai.files import problems as problems_lib
from depth_mai.pictures import true_depth
from depth_mai.pictures import turned

# Steps that whole millimetres rarely have.
_ODD_STEPS = {
  4: 'Matterport3D (1/4 mm)',
  5: 'TUM RGB-D (1/5000 m)',
  256: '8 bits that were stretched to 16',
  257: '8 bits that were stretched to 16',
}
# All of 16 bits, from 1 % to 99 %.
_WIDE = 655, 64880
# Of millimetres, a quarter are a multiple of 8 or one above.
_ROTATED = 0.98


@dataclasses.dataclass(frozen=True)
class Facts:
  """What the notes say of a pair.

  Attributes:
    name: name of the picture's file.
    orientation: EXIF orientation of the picture, 1 (none) to 8.
    marked: number of pixels whose number stands for unknown depth.
    pixels: number of all pixels of the depth map.
    span: least, median and largest known depth; 0 if none is known.
    step: greatest common divisor of the depths; 0 without a depth map.
    limit: the depth at which the map seems to be cut off, 0 for none.
    is_rotated: whether nearly all depths are a multiple of 8 or one above it,
      as millimetres are whose 16 bits were rotated left by 3.
  """

  name: str
  orientation: int
  marked: int
  pixels: int
  span: tuple[float, float, float]
  step: int
  limit: float
  is_rotated: bool

  @classmethod
  def of(
    cls, name: str, orientation: int, depth_mm: np.ndarray | None, marked: int
  ) -> 'Facts':
    """Measures a pair.

    Args:
      name: see the class.
      orientation: see the class.
      depth_mm: [H, W] uint16, millimetres; None without a readable map.
      marked: number of pixels whose number stood for unknown depth.
    """
    if depth_mm is None:
      return cls(name, orientation, 0, 0, (0, 0, 0), 0, 0.0, False)
    known_mm = depth_mm[depth_mm > 0]
    ends = (0, 50, 100)
    span = np.percentile(known_mm, ends).tolist() if known_mm.size else (0,) * 3
    return cls(
      name=name,
      orientation=orientation,
      marked=marked,
      pixels=depth_mm.size,
      span=tuple(span),
      step=int(np.gcd.reduce(depth_mm.ravel())),
      limit=true_depth.limit(depth_mm),
      is_rotated=bool(np.mean(depth_mm & 7 <= 1) > _ROTATED),
    )


def depth_text(facts: Sequence[Facts]) -> str:
  """Returns the depths of a split in words, '' if none is known."""
  spans = [fact.span for fact in facts if fact.span[2]]
  if not spans:
    return ''
  least, medians, most = (
    np.array(part) / challenge.MM_PER_M for part in zip(*spans, strict=True)
  )
  return (
    f'median depth {np.median(medians):.2f} m ({medians.min():.2f} .. '
    f'{medians.max():.2f} m), from {least.min():.2f} to {most.max():.2f} m'
  )


def notes(facts: Sequence[Facts], unread: Sequence[str]) -> Iterator[str]:
  """Yields findings that are no problems.

  Args:
    facts: the pairs of a split.
    unread: names of the files that are not read.
  """
  marked = [fact.marked for fact in facts if fact.marked]
  if marked:
    maps = problems_lib.count(len(marked), 'depth map')
    share = sum(marked) / sum(fact.pixels for fact in facts)
    yield (
      f'{sum(marked):,} pixels ({share:.1%}) of {maps} stand for unknown depth '
      f'without being 0, and count as unknown; the rule: {true_depth.RULE}'
    )
  if limited := true_depth.limit_note([fact.limit for fact in facts]):
    yield f'{limited}: write 0 there'
  step = math.gcd(*(fact.step for fact in facts))
  measured = [fact for fact in facts if fact.step]
  if len(measured) < 2:
    pass  # A single map proves nothing.
  elif step in _ODD_STEPS:
    yield (
      f'all depths are multiples of {step}, as in {_ODD_STEPS[step]}; check '
      'that they are millimetres'
    )
  elif all(fact.is_rotated for fact in measured):
    yield (
      'all depths are multiples of 8, or one above, as in SUN RGB-D, whose '
      'bits are rotated; check that they are millimetres'
    )
  elif all(
    fact.span[0] <= _WIDE[0] and fact.span[2] >= _WIDE[1] for fact in measured
  ):
    yield (
      'each map uses all of 16 bits, as depth that was normalised does; check '
      'that they are millimetres'
    )
  lying = [fact for fact in facts if fact.orientation != 1]
  if lying:
    yield turned.note(len(lying), lying[0].name, lying[0].orientation)
  if unread:
    count = problems_lib.count(len(unread), 'file')
    yield f'{count} not read: {file_names.by_suffix(unread)}'
