# SPDX-License-Identifier: Apache-2.0
"""Concludes from names and numbers what the numbers of depth files mean.

A plausible median proves nothing: the same numbers are a room in millimetres, a
desk in 1/5000 m and a street in 1/256 m. What does tell them apart is the step
of the numbers, both ends of their range, and the names of well-known data sets.
Where two units remain, both are named, and the user decides.
"""

from collections.abc import Sequence
import dataclasses
import re

import numpy as np

from depth_mai.datasets.rgbd_folder import encodings
from depth_mai.datasets.rgbd_folder import numbers

Values = numbers.Values


@dataclasses.dataclass(frozen=True)
class Range:
  """The usual depths of maps in a unit, metres.

  Attributes:
    low: the least of the 1st percentile.
    median: bounds of the median.
    high: bounds of the 99th percentile.
  """

  low: float
  median: tuple[float, float]
  high: tuple[float, float]

  def holds(self, unit: str, measured: Values) -> bool:
    """Returns whether numbers in a unit, in total, are in the range."""
    low, median, high = (
      _metres(unit, n) for n in (measured.low, measured.median, measured.high)
    )
    return (
      low >= self.low
      and self.median[0] <= median <= self.median[1]
      and self.high[0] <= high <= self.high[1]
    )


@dataclasses.dataclass(frozen=True)
class Candidate:
  """A unit that fits, and why, in words.

  Attributes:
    unit: name of the unit.
    reason: why it fits, in words.
    by_step: whether the step of the numbers speaks for it, more than a range
      can speak for another unit.
  """

  unit: str
  reason: str
  by_step: bool = False


@dataclasses.dataclass(frozen=True)
class Verdict:
  """What the numbers of depth files may mean.

  Attributes:
    candidates: the units that fit, the likeliest first. One means that there is
      evidence for it and none for others.
    why_none: why no unit can be named, in words; '' if there are candidates.
  """

  candidates: tuple[Candidate, ...]
  why_none: str = ''


# The Kinects, RealSense and structured light see 0.3 to 10 m, ZED and renders
# 60 m, a lidar 3 to 80 m. Virtual KITTI has streets in centimetres.
_WHOLE = {
  'mm': (Range(0.1, (0.3, 30), (0.3, 65.6)),),
  'tum': (Range(0.35, (0.5, 10), (1.8, 13.2)),),
  'matterport': (Range(0.35, (0.5, 12), (2, 16.4)),),
  'kitti': (Range(3, (4, 60), (40, 100)),),
  'cm': (Range(0.3, (0.3, 9), (0.3, 10.5)), Range(0.3, (3, 250), (100, 656))),
}
_FLOATS = {
  'm': (Range(0.01, (0.3, 200), (0.3, np.inf)),),
  'mm': (Range(0.01, (0.3, 30), (0.3, 90)),),
  'cm': (Range(0.01, (0.3, 9), (0.3, 10.5)),),
}
# Numbers above 8.191 m look small in SUN RGB-D's encoding.
_SUN = Range(0, (0.3, 8.2), (0.3, 8.2))
_LIDAR = Range(1, (3, 60), (15, 100))
# A lidar covers a fifth of KITTI's wide pictures.
_LIDAR_KNOWN = 0.4
_LIDAR_ASPECT = 2.0
# Within this range, millimetres are what an RGB-D camera in a room writes.
_ROOM = Range(0.1, (0.3, 8), (0.3, 10.5))
# Steps that a unit has where a camera's whole millimetres were multiplied.
_STEPS = {'tum': 5, 'matterport': 4}
_STEPPED = Range(0.1, (0.3, 12), (0.4, 16.4))
_LEAST_LOW_BITS = 0.98
# 8 bits that were stretched to 16 are multiples of one of these.
_STRETCHED = (256, 257)
_MOST_8_BITS = 255
# What a Kinect writes for "no disparity", in 11 bits.
_MOST_KINECT = 2047
_NO_RANGE = Range(0, (0.05, 200), (0.05, np.inf))

# Names of well-known data sets, of the folders and files below the source.
_NAMES = (
  ('kitti', r'proj_depth|/groundtruth/image_0|\d{4}_\d\d_\d\d_drive_'),
  ('tum', r'rgbd_dataset_freiburg|rgbd_bonn_'),
  ('cm', r'vkitti|frames/depth/camera_[01]/depth_'),
  ('taskonomy', r'depth_zbuffer'),
  ('matterport', r'matterport|undistorted_depth_images'),
  (
    'mm',
    r'sync_depth_|frame-\d+\.depth\.|/seq-\d\d/|scene\d{4}_\d\d/|'
    r'(lowres|highres)_depth/',
  ),
)
_SUN_NAMES = r'(^|/)(kv1|kv2|realsense|xtion)/|depth_bfx|sunrgbd'
_FLOAT_NAMES = r'_depth\.npy$'
# A word of a name that says that near is large, or that there is no unit.
_NO_DEPTH = re.compile(
  r'(?<![a-z])(disparity|disparities|disp|idepth|inv(erse)?[-_ ]?depth|'
  r'rel(ative)?[-_ ]?depth)(?![a-z])'
)


def no_depth_word(path: str) -> str | None:
  """Returns the word of a path that says that it is no depth, such as disp.

  Args:
    path: relative path of a depth file.
  """
  found = _NO_DEPTH.search(path.lower())
  return found[1] if found else None


def conclude(measured: Sequence[Values], paths: Sequence[str] = ()) -> Verdict:
  """Concludes the unit of depth files.

  Args:
    measured: statistics of some files; those without a known pixel are ignored.
    paths: relative paths of these files, with '/'.

  Returns:
    The units that fit.
  """
  measured = [values for values in measured if values.known]
  if not measured:
    return Verdict((), 'no depth is known')
  total = _total(measured)
  text = '\n'.join(paths).lower()
  why_none = _without_unit(measured, total, text)
  if why_none:
    return Verdict((), why_none)
  if not all(values.step for values in measured):
    return _of_floats(total, text)
  return _of_integers(total, text)


def _total(measured: Sequence[Values]) -> Values:
  """Returns the statistics of several files together."""

  def get(name: str) -> list:
    return [getattr(values, name) for values in measured]

  return Values(
    least=min(get('least')),
    low=min(get('low')),
    median=float(np.median(get('median'))),
    high=max(get('high')),
    most=max(get('most')),
    known=float(np.median(get('known'))),
    step=int(np.gcd.reduce(get('step'))),
    low_bits=min(get('low_bits')),
    is_whole=all(get('is_whole')),
    aspect=float(np.median(get('aspect'))),
  )


def _without_unit(measured: Sequence[Values], total: Values, text: str) -> str:
  """Returns why numbers have no unit, '' if they may have one."""
  is_kitti = re.search(dict(_NAMES)['kitti'], text) is not None
  if total.step in _STRETCHED and not is_kitti:
    return (
      f'all numbers are multiples of {total.step}: this looks like 8 bits that '
      'were stretched to 16, from which depth cannot be recovered, or like '
      "whole metres in KITTI's 1/256 m"
    )
  if total.is_whole and total.most <= _MOST_8_BITS:
    return (
      f'no number is larger than {total.most:g}: this looks like 8-bit pictures'
    )
  if len(measured) > 1 and all(v.most == _MOST_KINECT for v in measured):
    return (
      f'the largest number of each map is {_MOST_KINECT}: this looks like the '
      f'raw '
      'disparities of a Kinect, which are no depth'
    )
  if len(measured) > 1 and all(values.most == 1.0 for values in measured):
    return (
      'the largest number of each map is 1: this looks like depth that was '
      'normalised, and its unit is lost'
    )
  if len(measured) > 1 and all(
    values.low_bits < _LEAST_LOW_BITS
    and values.step
    and values.most >= 65000
    and values.least <= 655
    for values in measured
  ):
    return (
      'each map uses all of 16 bits: this looks like depth that was '
      'normalised, and its unit is lost'
    )
  return ''


def _of_floats(total: Values, text: str) -> Verdict:
  if re.search(_FLOAT_NAMES, text, re.MULTILINE) and _NO_RANGE.holds(
    'm', total
  ):
    reason = 'files called *_depth.npy hold metres, as in DIODE and TartanAir'
    return Verdict((Candidate('m', f'{reason}; {_span("m", total)}'),))
  return _fitting(_FLOATS, total)


def _of_integers(total: Values, text: str) -> Verdict:
  is_rotated = total.low_bits >= _LEAST_LOW_BITS
  if is_rotated and re.search(_SUN_NAMES, text):
    return _one('sunrgbd', 'names and steps of 8, as in SUN RGB-D', total)
  for unit, names in _NAMES:
    if re.search(names, text) and _NO_RANGE.holds(unit, total):
      return _one(unit, 'the names of a well-known data set', total)
  if (
    total.known < _LIDAR_KNOWN
    and total.aspect > _LIDAR_ASPECT
    and _LIDAR.holds('kitti', total)
  ):
    reason = 'the pictures are wide and few pixels known, as in KITTI'
    return _one('kitti', reason, total)
  found = _fitting(_WHOLE, total)
  if is_rotated and _SUN.holds('sunrgbd', total):
    reason = 'all numbers are multiples of 8, or one above'
    # In a room of millimetres, 8 may be the step of a few levels.
    far = not _ROOM.holds('mm', total)
    (first,) = _one('sunrgbd', reason, total, far).candidates
    plain = [c for c in found.candidates if c.unit == 'mm']
    return Verdict((first, *plain))
  for unit, step in _STEPS.items():
    if total.step == step and _STEPPED.holds(unit, total):
      reason = f'all numbers are multiples of {step}'
      if not _ROOM.holds('mm', total):
        return _one(unit, reason, total, by_step=True)
      stepped = _one(unit, reason, total)
      plain = [c for c in found.candidates if c.unit == 'mm']
      return Verdict((*stepped.candidates, *plain))
  return found


def _fitting(ranges: dict[str, tuple[Range, ...]], total: Values) -> Verdict:
  """Returns the units in whose usual range the numbers are."""
  candidates = tuple(
    Candidate(unit, _span(unit, total))
    for unit, usual in ranges.items()
    if any(one.holds(unit, total) for one in usual)
  )
  why_none = (
    ''
    if candidates
    else f'numbers with a median of {total.median:g}, up to {total.most:g}, '
    'are in the usual range of no unit'
  )
  return Verdict(candidates, why_none)


def _one(
  unit: str, reason: str, total: Values, by_step: bool = False
) -> Verdict:
  reason = f'{reason}; {_span(unit, total)}'
  return Verdict((Candidate(unit, reason, by_step),))


def _span(unit: str, total: Values) -> str:
  """Returns the depths that numbers would be, in words."""
  low, median, high = (
    f'{_metres(unit, number):.3g}'
    for number in (total.low, total.median, total.high)
  )
  return f'depth would be {low} to {high} m with a median of {median} m'


def _metres(unit: str, number: float) -> float:
  """Converts one measured number, which may be an average of two."""
  # Almost all numbers of SUN RGB-D are millimetres times 8.
  factor = 8 if unit == 'sunrgbd' else 1
  return number / factor / encodings.ENCODINGS[unit].units_per_metre
