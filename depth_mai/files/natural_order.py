# SPDX-License-Identifier: Apache-2.0
"""Sorts names as people number them: 2.png before 10.png."""

import os
import re

_NUMBERS = re.compile(r'([0-9]+)')


def natural_key(name: str | os.PathLike[str]) -> tuple:
  """Returns the sort key of a name or path.

  Digits are compared as numbers, all other characters as they are. Names that
  are equal in this way, such as 7 and 007, keep the order of their characters.

  Args:
    name: a name or a path.
  """
  name = os.fspath(name)
  # Texts are at even and numbers at odd positions, so only equals are compared.
  parts = _NUMBERS.split(name)
  return (
    tuple(int(part) if part.isdigit() else part for part in parts),
    name,
  )
