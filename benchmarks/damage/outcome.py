# SPDX-License-Identifier: Apache-2.0
"""Names what became of a damaged input, and counts it."""

from collections.abc import Iterable
import dataclasses

from depth_mai.metrics import table

REFUSED = 'refused'
SAID = 'said'
RIGHT = 'right'
UNSEEN = 'unseen'
TRACEBACK = 'traceback'
SIGNAL = 'signal'
HANG = 'hang'
HALF_WRITTEN = 'half-written'
WRONG = 'wrong'
UNCLEAR = 'unclear'

# In the order of the table, with the head of its column.
COLUMNS = {
  REFUSED: 'refused with a sentence',
  SAID: 'accepted, damage said',
  RIGHT: 'accepted, right value',
  UNSEEN: 'accepted, damage cannot be seen',
  TRACEBACK: 'tracebacks',
  SIGNAL: 'signals',
  HANG: 'hangs',
  HALF_WRITTEN: 'half-written or lost',
  WRONG: 'wrong values',
  UNCLEAR: 'unclear messages',
}
FAILURES = (TRACEBACK, SIGNAL, HANG, HALF_WRITTEN, WRONG, UNCLEAR)


@dataclasses.dataclass(frozen=True)
class Outcome:
  """What became of one input.

  Attributes:
    kind: kind of the input.
    number: its number within the kind.
    name: one of COLUMNS.
    damage: what was damaged and how.
    message: the output of the call, its error included.
    detail: the reason for `name`.
    seconds: duration of the call.
  """

  kind: str
  number: int
  name: str
  damage: str
  message: str = ''
  detail: str = ''
  seconds: float = 0.0

  @property
  def failed(self) -> bool:
    """Whether this must not happen."""
    return self.name in FAILURES


def counts(outcomes: Iterable[Outcome]) -> dict[str, dict[str, int]]:
  """Returns the number of inputs by kind and name of the outcome."""
  found: dict[str, dict[str, int]] = {}
  for one in outcomes:
    row = found.setdefault(one.kind, dict.fromkeys(('inputs', *COLUMNS), 0))
    row['inputs'] += 1
    row[one.name] += 1
  return found


def markdown(outcomes: Iterable[Outcome]) -> str:
  """Returns a Markdown table of the counts, with their sums."""
  found = counts(outcomes)
  names = ('inputs', *COLUMNS)
  rows = [(kind, *(row[name] for name in names)) for kind, row in found.items()]
  sums = [sum(row[name] for row in found.values()) for name in names]
  return table.markdown_table(
    ('kind', 'inputs', *COLUMNS.values()),
    [*rows, ('all', *sums)],
    ('', *['d'] * len(names)),
  )
