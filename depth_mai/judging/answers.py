# SPDX-License-Identifier: Apache-2.0
"""Declares what the sandboxed process may answer, and refuses all else.

The process has run a file of strangers and may say anything. What passes has
the declared keys and types, finite numbers, and texts that are safe to show.
"""

from collections.abc import Callable
from collections.abc import Mapping
import dataclasses
import math
import typing

from depth_mai.files import printable
from depth_mai.judging import channel

# Takes an untrusted value and its name for messages; returns the checked value,
# or raises channel.MalformedError.
Check = Callable[[object, str], typing.Any]

_LONGEST = 2000
_LARGEST = (1 << 63) - 1
_LARGEST_SIZE = (1 << 31) - 1


def _refusal(name: str, wanted: str) -> channel.MalformedError:
  return channel.MalformedError(f'{name} is not {wanted}')


def text(longest: int = _LONGEST) -> Check:
  """Returns a check for a text, which becomes printable."""

  def check(value: object, name: str) -> str:
    if not isinstance(value, str) or len(value) > longest:
      raise _refusal(name, f'a text of at most {longest} characters')
    return printable.printable(value, longest)

  return check


def whole(least: int = 0, largest: int = _LARGEST) -> Check:
  """Returns a check for a whole number in a range."""

  def check(value: object, name: str) -> int:
    # bool is a kind of int.
    if type(value) is not int or not least <= value <= largest:
      raise _refusal(name, f'a whole number from {least} to {largest}')
    return value

  return check


def number(least: float = -math.inf, largest: float = math.inf) -> Check:
  """Returns a check for a finite number in a range, which becomes a float."""

  def check(value: object, name: str) -> float:
    try:
      known = type(value) in (int, float)
      found = float(typing.cast(float, value)) if known else math.nan
    except OverflowError:
      found = math.inf
    if not (math.isfinite(found) and least <= found <= largest):
      raise _refusal(name, f'a finite number from {least} to {largest}')
    return found

  return check


def absent_or(check: Check) -> Check:
  """Returns a check that allows None, too."""
  return lambda value, name: None if value is None else check(value, name)


def items(check: Check, most: int) -> Check:
  """Returns a check for a list of values."""

  def check_all(value: object, name: str) -> list:
    if not isinstance(value, list) or len(value) > most:
      raise _refusal(name, f'a list of at most {most} entries')
    return [check(one, f'an entry of {name}') for one in value]

  return check_all


def pairs(check: Check, most: int, longest: int) -> Check:
  """Returns a check for an object with any keys."""
  check_key = text(longest)

  def check_all(value: object, name: str) -> dict:
    if not isinstance(value, dict) or len(value) > most:
      raise _refusal(name, f'an object of at most {most} keys')
    return {
      check_key(key, f'a key of {name}'): check(one, f'a value of {name}')
      for key, one in value.items()
    }

  return check_all


def fields(required: Mapping[str, Check], **optional: Check) -> Check:
  """Returns a check for an object with these keys and no others."""

  def check_all(value: object, name: str) -> dict:
    if not isinstance(value, dict):
      raise _refusal(name, 'an object')
    keys = value.keys()
    if not required.keys() <= keys <= required.keys() | optional.keys():
      wanted = ', '.join((*required, *optional))
      raise _refusal(
        name,
        f'an object with the keys {wanted}' if wanted else 'an empty object',
      )
    known = {**required, **optional}
    return {key: known[key](one, key) for key, one in value.items()}

  return check_all


def _two(check: Check) -> Check:
  """Returns a check for a list of two values."""

  def check_both(value: object, name: str) -> list:
    both = items(check, 2)(value, name)
    if len(both) != 2:
      raise _refusal(name, 'a list of two entries')
    return both

  return check_both


_SIZES = items(whole(-1, _LARGEST_SIZE), 8)
_TENSOR = fields(
  {
    'name': text(400),
    'shape': _SIZES,
    'signature': _SIZES,
    'type': text(40),
    'scale': number(),
    'zero_point': whole(-_LARGEST, _LARGEST),
    'signature_names': items(text(400), 8),
  }
)
_DECLARED = fields(
  {},
  output_unit=text(80),
  layout=text(80),
  system=text(80),
  precision=text(80),
  range=_two(number()),
)


@dataclasses.dataclass(frozen=True)
class Answer:
  """What may follow a request.

  Attributes:
    check: of the JSON.
    blob: whether bytes may follow it.
  """

  check: Check
  blob: bool = False


# Request, or 'hello' for the first message -> its answer. See worker.py.
ANSWERS = {
  'hello': Answer(fields({'protection': pairs(text(200), 40, 80)})),
  'take': Answer(fields({})),
  'check': Answer(
    fields(
      {
        'target_runtime': text(40),
        'min_runtime': text(40),
        'declared_min_runtime': text(400),
        'histogram': pairs(whole(), 40, 400),
        'problems': items(text(), 40),
        'metadata': _DECLARED,
        'parameters': whole(),
        'macs': absent_or(whole()),
      }
    )
  ),
  'load': Answer(
    fields({'inputs': items(_TENSOR, 32), 'outputs': items(_TENSOR, 32)})
  ),
  'run': Answer(fields({'shape': _SIZES}), blob=True),
  'time': Answer(
    fields(
      {
        'partitions': absent_or(whole(0, 1_000_000)),
        'operators': absent_or(whole(0, 1_000_000)),
      }
    ),
    blob=True,
  ),
}
_ERROR = fields({'error': text()})


def checked(request: str, message: dict, blob: bytes | bytearray) -> dict:
  """Checks an answer.

  Args:
    request: what was asked, a key of ANSWERS.
    message: its JSON.
    blob: its bytes.

  Returns:
    The checked answer; {'error': text} if the process reports an error.

  Raises:
    channel.MalformedError: if it is not as declared; the message says where.
  """
  answer = ANSWERS[request]
  # Nothing can fail before the first message.
  reports_error = 'error' in message and request != 'hello'
  check = _ERROR if reports_error else answer.check
  if len(blob) and (reports_error or not answer.blob):
    raise _refusal('the answer', 'without further bytes')
  return check(message, 'the answer')
