# SPDX-License-Identifier: Apache-2.0
"""Reports bad input: which file, what is wrong with it, and how to fix it."""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import dataclasses
import pathlib
import sys
from typing import TypeVar

import numpy as np

from depth_mai.files import failures
from depth_mai.files import printable

_S = TypeVar('_S')
_T = TypeVar('_T')


@dataclasses.dataclass(frozen=True)
class Problem:
  """One problem on disk.

  Attributes:
    path: the file or folder to look at.
    what: what is wrong with it.
    cure: how to fix it.
  """

  path: pathlib.Path
  what: str
  cure: str

  def __str__(self) -> str:
    """Returns one line for the user."""
    return printable.printable(f'{self.path}: {self.what}. Cure: {self.cure}.')


class BadInputError(ValueError):
  """Refused input.

  Attributes:
    problems: every `Problem` that was found, at least one.
  """

  MOST_SHOWN = 5

  def __init__(self, problems: list[Problem]):
    """Makes a message of the first `MOST_SHOWN` problems, one per line."""
    self.problems = list(problems)
    lines = [str(problem) for problem in self.problems[: self.MOST_SHOWN]]
    if len(self.problems) > self.MOST_SHOWN:
      lines.append(
        f'... and {len(self.problems) - self.MOST_SHOWN} more; list all with '
        'python -m depth_mai.datasets.mai_depth.prepare --data_dir=<root> '
        '--report_only'
      )
    super().__init__('\n'.join(lines))


def check(problems: list[Problem]) -> None:
  """Raises a BadInputError if there are problems."""
  if problems:
    raise BadInputError(problems)


def attempt(
  reader: Callable[[_S], _T], source: _S | None
) -> tuple[_T | None, list[Problem]]:
  """Runs a reader, and returns its result or its problems.

  Args:
    reader: raises a BadInputError for files that it refuses.
    source: the file or files to read; None for an absent file, which is not a
      problem.

  Returns:
    The result and an empty list, or None and the problems.
  """
  try:
    return (None if source is None else reader(source)), []
  except BadInputError as error:
    return None, error.problems


def refusal(path: pathlib.Path, what: str, cure: str) -> BadInputError:
  """Returns the error for a single `Problem`."""
  return BadInputError([Problem(path, what, cure)])


@contextlib.contextmanager
def exit_on_bad_input() -> Iterator[None]:
  """Prints every problem of a BadInputError to stderr and exits with code 1."""
  try:
    yield
  except BadInputError as error:
    print(*error.problems, sep='\n', file=sys.stderr)
    sys.exit(1)


def listing(names: Sequence[str], most: int = 8) -> str:
  """Joins names for a message: the first `most` and the number of others."""
  rest = f' and {len(names) - most} more' if len(names) > most else ''
  shown = ', '.join(map(printable.printable, names[:most]))
  return shown + rest if names else 'nothing'


def with_name(name: str, error: Exception) -> str:
  """Returns the text of an error, starting with a name that it lacks."""
  name = printable.printable(name)
  text = failures.explain(error) or str(error) or type(error).__name__
  text = printable.printable_lines(text)
  return text if name in text else f'{name}: {text}'


def count(number: int, noun: str) -> str:
  """Returns a number and a noun, such as '1 pair' or '2 pairs'."""
  return f'{number} {noun}{"" if number == 1 else "s"}'


def size_text(image: np.ndarray) -> str:
  """Returns 'width x height' of an array [H, W, ...]."""
  return f'{image.shape[1]} x {image.shape[0]}'
