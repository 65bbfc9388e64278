# SPDX-License-Identifier: Apache-2.0
"""What is wrong with input, said with the file's name and the cure."""

import dataclasses
import pathlib


@dataclasses.dataclass(frozen=True)
class Problem:
  """One thing that is wrong on disk.

  Attributes:
    path: the file or folder to look at.
    what: what is wrong with it.
    cure: what to do about it.
  """

  path: pathlib.Path
  what: str
  cure: str

  def __str__(self) -> str:
    """Returns one line for the user."""
    return f'{self.path}: {self.what}. Cure: {self.cure}.'


class BadInputError(ValueError):
  """Input that is refused.

  Attributes:
    problems: every `Problem` that was found, at least one.
  """

  MOST_SHOWN = 5

  def __init__(self, problems: list[Problem]):
    """Shows the first `MOST_SHOWN` of the problems, a line each."""
    self.problems = list(problems)
    lines = [str(problem) for problem in self.problems[: self.MOST_SHOWN]]
    if len(self.problems) > self.MOST_SHOWN:
      lines.append(
        f'... and {len(self.problems) - self.MOST_SHOWN} more; list all with '
        'python -m depth_mai.datasets.mai_depth.prepare --data_dir=<root> '
        '--report_only'
      )
    super().__init__('\n'.join(lines))
