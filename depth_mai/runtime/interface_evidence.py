# SPDX-License-Identifier: Apache-2.0
"""Weighs what is known of a file's input range and unit without running it.

A flag comes first, because a person has stated it; then the metadata that
depth_mai.convert wrote; then the quantisation of the input. Where two of them
differ, the choice says so. Where none decides, there is no choice.
"""

from collections.abc import Sequence
import dataclasses
import re
import typing

import numpy as np

from depth_mai import challenge
from depth_mai.files import printable
from depth_mai.runtime import model_interface

AUTO = 'auto'
UNITS = tuple(challenge.MM_PER_UNIT)
RANGES = tuple(model_interface.INPUT_RANGES)

# Largest difference between a quantised range and a known one, as a fraction of
# the known one.
_QUANTISED_TOLERANCE = 0.1
# Of a range that is tried: the part that the input may clip, and how many times
# as wide the input may be.
_MOST_CLIPPED, _MOST_UNUSED = 0.25, 3.0
_BY_METADATA = "declared in the file by depth_mai.convert's metadata"
_SIZE = re.compile(r'([1-9]\d{0,4})x([1-9]\d{0,4})')
# Of a side of an open input.
_MOST_PIXELS = 8192
_MOST_SHOWN = 60


class Choice(typing.NamedTuple):
  """A property of the interface, and the reason for it.

  Attributes:
    value: the property, as text.
    why: the reason, as text.
    with_truth: whether the true depth was used.
    doubt: a warning, or ''.
    say: whether users want to know it even if they did not ask.
  """

  value: str
  why: str
  with_truth: bool = False
  doubt: str = ''
  say: bool = False


@dataclasses.dataclass(frozen=True)
class Declared:
  """What the flags state about a file; each is AUTO if they do not.

  Attributes:
    unit: --unit, unit of the depth, in UNITS.
    input_range: --input_range, in RANGES.
    layout: --layout, of the input, in `model_interface.LAYOUTS`.
    output_tensor: --output_tensor, name or place of the depth map among the
      outputs.
    input_size: --input_size, WIDTHxHEIGHT of an input that leaves it open.
  """

  unit: str = AUTO
  input_range: str = AUTO
  layout: str = AUTO
  output_tensor: str = AUTO
  input_size: str = AUTO

  def __post_init__(self):
    """Checks the values.

    Raises:
      ValueError: if one is not among those allowed.
    """
    for flag, allowed in (
      ('unit', UNITS),
      ('input_range', RANGES),
      ('layout', model_interface.LAYOUTS),
    ):
      value = getattr(self, flag)
      if value != AUTO and value not in allowed:
        raise ValueError(
          f'--{flag}={value} must be one of {", ".join((AUTO, *allowed))}.'
        )
    found = _SIZE.fullmatch(self.input_size)
    fits = found and max(map(int, found.groups())) <= _MOST_PIXELS
    if self.input_size != AUTO and not fits:
      raise ValueError(
        f'--input_size={self.input_size} must be {AUTO} or WIDTHxHEIGHT in '
        f'pixels, each at most {_MOST_PIXELS}, such as 640x480.'
      )

  @property
  def size(self) -> tuple[int, int]:
    """(height, width) for an open input: the flag's, or the challenge's."""
    if self.input_size == AUTO:
      return challenge.IMAGE_SIZE
    width, height = map(int, self.input_size.split('x'))
    return height, width


NOTHING = Declared()


def input_range(
  flag: str, metadata: dict, picture: model_interface.ImageTensor
) -> tuple[Choice | None, str]:
  """Finds the input's range.

  Args:
    flag: `Declared.input_range`.
    metadata: `metadata.read_metadata` of the file, untrusted.
    picture: the input.

  Returns:
    (the choice, or None; why the file itself does not decide, or '')
  """
  found, hint = [], ''
  if flag != AUTO:
    found.append(Choice(flag, 'declared by --input_range'))
  declared = metadata.get('input')
  ends = declared.get('range') if isinstance(declared, dict) else None
  known = {str(list(ends)): n for n, ends in _plain_ranges().items()}
  if ends is None and metadata.get('output_unit') in UNITS:
    # Every file with our metadata takes 0..255; old ones do not state it.
    found.append(Choice('0..255', _BY_METADATA))
  elif isinstance(ends, list) and _as_floats(ends) in known:
    found.append(Choice(known[_as_floats(ends)], _BY_METADATA))
  elif ends is not None:
    hint = _invalid('input.range', ends, list(known))
  covered = picture.covered()
  if picture.type_name == 'uint8' and covered is None:
    # Nothing else can be encoded in bytes without a scale.
    found.insert(0, Choice('0..255', 'the input takes bytes without a scale'))
  if covered is not None:
    text = f'its quantisation covers {covered[0]:.4g} to {covered[1]:.4g}'
    names = _near(picture, covered)
    if len(names) == 1:
      found.append(Choice(names[0], text, say=True))
    elif names:
      hint = f'{text}, as 16 bits do for {" and for ".join(names)}'
    else:
      hint = f'{text}, which is none of the known ranges'
  return _first(found, 'input range'), hint


def possible_ranges(
  picture: model_interface.ImageTensor,
) -> tuple[str, ...]:
  """Returns the ranges that an input can take and mostly uses.

  Args:
    picture: the input.

  Returns:
    Names in RANGES; all for float. Of a quantised input, those that it covers
    but for a quarter, and of which its own range is at most three times.
  """
  covered = picture.covered()
  if covered is None:
    return RANGES
  names = []
  for name, (low, high) in _ends(picture).items():
    outside = max(0.0, covered[0] - low) + max(0.0, high - covered[1])
    if outside <= _MOST_CLIPPED * (high - low) and covered[1] - covered[
      0
    ] <= _MOST_UNUSED * (high - low):
      names.append(name)
  return tuple(names)


def unit(flag: str, metadata: dict) -> tuple[Choice | None, str]:
  """Finds the output's unit.

  Args:
    flag: `Declared.unit`.
    metadata: `metadata.read_metadata` of the file, untrusted.

  Returns:
    (the choice, or None; why the file itself does not decide, or '')
  """
  found, hint = [], ''
  if flag != AUTO:
    found.append(Choice(flag, 'declared by --unit'))
  name = metadata.get('output_unit')
  if name in UNITS:
    found.append(Choice(name, _BY_METADATA))
  elif name is not None:
    hint = _invalid('output_unit', name, sorted(UNITS))
  return _first(found, 'unit'), hint


def _plain_ranges() -> dict[str, tuple[float, float]]:
  """Returns the ranges that are the same for all channels."""
  return {
    name: ends
    for name, ends in model_interface.INPUT_RANGES.items()
    if not isinstance(ends[0], tuple)
  }


def _ends(
  picture: model_interface.ImageTensor,
) -> dict[str, tuple[float, float]]:
  """Returns the least and the largest value that an input has for each range.

  With 16 bits, the zero point is 0 (TFLite's specification of quantisation), so
  the input reaches as far below 0 as above, whatever the range is.
  """
  ends = {
    name: (float(np.min(black)), float(np.max(white)))
    for name, (black, white) in model_interface.INPUT_RANGES.items()
  }
  if picture.type_name != 'int16':
    return ends
  most = {name: max(-low, high) for name, (low, high) in ends.items()}
  return {name: (-value, value) for name, value in most.items()}


def _as_floats(values: list) -> str:
  """Returns a list of numbers as text in one form, '' for other lists."""
  if not all(type(value) in (int, float) for value in values):
    return ''
  return str([float(value) for value in values])


def _near(
  picture: model_interface.ImageTensor, covered: tuple[float, float]
) -> list[str]:
  """Returns the ranges for which an input would be quantised as it is."""
  return [
    name
    for name, (low, high) in _ends(picture).items()
    if abs(covered[0] - low) + abs(covered[1] - high)
    <= _QUANTISED_TOLERANCE * (high - low)
  ]


def _first(found: Sequence[Choice], what: str) -> Choice | None:
  """Returns the first choice, with a doubt if a later one differs."""
  if not found:
    return None
  chosen = found[0]
  others = [one for one in found[1:] if one.value != chosen.value]
  if not others:
    return chosen
  against = '; '.join(f'{one.value} ({one.why})' for one in others)
  return chosen._replace(
    doubt=f'The {what} {chosen.value} ({chosen.why}) is used, but it '
    f'contradicts {against}.'
  )


def _invalid(key: str, value: object, allowed: list) -> str:
  shown = printable.printable(repr(value), _MOST_SHOWN)
  return f'{key} in the metadata is {shown}; allowed are {allowed}'
