# SPDX-License-Identifier: Apache-2.0
"""Finds what a misspelt name may have meant, for messages."""

from collections.abc import Iterable
import difflib

# At most three names, of which this share agrees with the misspelt one.
_MOST = 3
_LEAST_AGREEMENT = 0.4


def hint(name: str, known: Iterable[str]) -> str:
  """Returns 'Did you mean a or b?', '' if no known name is near.

  Args:
    name: the misspelt name.
    known: the names that exist.
  """
  near = difflib.get_close_matches(name, [*known], _MOST, _LEAST_AGREEMENT)
  return f'Did you mean {" or ".join(near)}?' if near else ''
