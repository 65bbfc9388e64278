# SPDX-License-Identifier: Apache-2.0
"""Says what may surprise in a folder of the challenge's layout."""

from collections.abc import Iterator
from collections.abc import Sequence
import dataclasses
import math

import numpy as np

from depth_mai.files import file_names
from depth_mai.files import problems as problems_lib
from depth_mai.pictures import true_depth
from depth_mai.pictures import turned

# Steps that whole millimetres rarely have.
_ODD_STEPS = {
  5: 'TUM RGB-D (1/5000 m)',
  256: '8 bits that were stretched to 16',
  257: '8 bits that were stretched to 16',
}
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
    step: greatest common divisor of the depths; 0 without a depth map.
    is_rotated: whether nearly all depths are a multiple of 8 or one above it,
      as millimetres are whose 16 bits were rotated left by 3.
  """

  name: str
  orientation: int
  marked: int
  pixels: int
  step: int
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
      return cls(name, orientation, 0, 0, 0, False)
    return cls(
      name=name,
      orientation=orientation,
      marked=marked,
      pixels=depth_mm.size,
      step=int(np.gcd.reduce(depth_mm.ravel())),
      is_rotated=bool(np.mean(depth_mm & 7 <= 1) > _ROTATED),
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
  step = math.gcd(*(fact.step for fact in facts))
  measured = [fact for fact in facts if fact.step]
  if len(measured) < 2:
    step = 0
  elif all(fact.is_rotated for fact in measured) and step not in _ODD_STEPS:
    yield (
      'all depths are multiples of 8, or one above, as in SUN RGB-D, whose '
      'bits '
      'are rotated; check that they are millimetres'
    )
  if step in _ODD_STEPS:
    yield (
      f'all depths are multiples of {step}, as in {_ODD_STEPS[step]}; check '
      f'that '
      'they are millimetres'
    )
  lying = [fact for fact in facts if fact.orientation != 1]
  if lying:
    yield turned.note(len(lying), lying[0].name, lying[0].orientation)
  if unread:
    count = problems_lib.count(len(unread), 'file')
    yield f'{count} not read: {file_names.by_suffix(unread)}'
