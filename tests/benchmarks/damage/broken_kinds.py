# SPDX-License-Identifier: Apache-2.0
"""Kinds of input whose calls misbehave, each in the way of its name."""

import os
import pathlib
import signal
import sys
import time

from benchmarks.damage import kind as kind_lib

Case = kind_lib.Case
Kind = kind_lib.Kind
Original = kind_lib.Original

_VALUE = 42


def _build(root: pathlib.Path) -> list[Original]:
  place = root / 'numbers'
  place.mkdir()
  (place / 'number.txt').write_text(f'{_VALUE}\n' * 99)
  return [Original('numbers', 'number.txt', truth=_VALUE, checked=True)]


def _build_unchecked(root: pathlib.Path) -> list[Original]:
  return [Original('numbers', one.file) for one in _build(root)]


def _is_damaged(case: Case) -> bool:
  """Returns whether a case is damaged; the first call of a worker is not."""
  return case.path.read_text(errors='replace') != f'{_VALUE}\n' * 99


def _only_if_damaged(call):
  return lambda case: call(case) if _is_damaged(case) else _VALUE


def _raise_key_error(case: Case) -> int:
  return {}['no such key']


def _crash(case: Case) -> int:
  os.kill(os.getpid(), signal.SIGSEGV)
  return 0


def _sleep(case: Case) -> int:
  time.sleep(99)
  return 0


def _leave_half(case: Case) -> int:
  (case.output / '.tmp-1-picture.png').write_bytes(b'')
  raise ValueError('refused, but something is left behind')


def _write_half(case: Case) -> int:
  (case.output / 'figures.json').write_text('{"a": ')
  return _VALUE


def _change_input(case: Case) -> int:
  case.path.write_text('other')
  return _VALUE


def _other_value(case: Case) -> int:
  return 7


def _known_to_be_wrong(case: Case) -> int:
  raise kind_lib.WrongValueError('a line is lost')


def _warn(case: Case) -> int:
  print(f'{case.path.name} is damaged; it is skipped.', file=sys.stderr)
  return 7


def _clear_screen(case: Case) -> int:
  os.write(2, b'\x1b[2J')  # Past the streams, which escape it.
  raise ValueError('this is no number')


def _say_nothing(case: Case) -> int:
  sys.exit(1)


def _refuse(case: Case) -> int:
  raise ValueError('this is no number')


def _take_memory(case: Case) -> int:
  return len(bytes(1 << 38))


def _kind(name, call, build=_build, limit_s=20.0) -> Kind:
  call = _only_if_damaged(call)
  return Kind(name, build, call, limit_s=limit_s, shares=(1.0, 0.0, 0.0))


KINDS = (
  _kind('key error', _raise_key_error),
  _kind('memory', _take_memory),
  _kind('crash', _crash),
  _kind('sleep', _sleep, limit_s=0.3),
  _kind('left behind', _leave_half),
  _kind('half a file', _write_half),
  _kind('changed input', _change_input),
  _kind('other value', _other_value),
  _kind('lost line', _known_to_be_wrong),
  _kind('escape sequence', _clear_screen),
  _kind('silence', _say_nothing),
  _kind('refusal', _refuse),
  _kind('warning', _warn),
  _kind('same value', lambda case: _VALUE),
  _kind('unchecked', _other_value, _build_unchecked),
  Kind('wrong at once', _build, lambda case: 7),
)
