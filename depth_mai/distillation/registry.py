# SPDX-License-Identifier: Apache-2.0
"""Registers the terms of a distillation by name."""

from collections.abc import Callable
import dataclasses


@dataclasses.dataclass(frozen=True)
class Term:
  """A registered term.

  Attributes:
    function: (student, teacher, valid_mask) -> float32 scalar. The student's
      map [B, h, w, C], the teacher's, resized to [B, h, w, D], and a mask [B,
      h, w, 1], true where the depth is known; options follow as keyword
      arguments. No gradient passes through the teacher's map.
    same_channels: whether C must equal D; a learned 1x1 convolution then maps
      the student's channels to the teacher's where they differ.
  """

  function: Callable
  same_channels: bool = False


# Filled by `register` when the term's module is imported; distillation.terms()
# imports all.
TERMS: dict[str, Term] = {}


def register(*, same_channels: bool = False) -> Callable[[Callable], Callable]:
  """Registers the decorated term under the name of its function.

  The name is that of the gin configurable, and used in Distillation.terms.

  Args:
    same_channels: see Term.

  Raises:
    ValueError: for a second term of the same name.
  """

  def add(function: Callable) -> Callable:
    name = function.__name__
    if name in TERMS:
      raise ValueError(
        f'The modules {TERMS[name].function.__module__} and '
        f'{function.__module__} both register the term {name!r}. Rename one of '
        'the functions.'
      )
    TERMS[name] = Term(function, same_channels)
    return function

  return add
