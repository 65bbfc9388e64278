# SPDX-License-Identifier: Apache-2.0
"""Runs damaged inputs in a separate process, one after another.

The process is started by pool.py. It imports TensorFlow or LiteRT once, reads
requests from a connection and answers on it. A call that crashes or hangs takes
only this process with it.
"""

from collections.abc import Callable
import json
from multiprocessing import connection
import os
import pathlib
import pickle
import re
import resource
import shutil
import sys
import time
import traceback
from typing import Any
from typing import NamedTuple
import zipfile
import zlib

import numpy as np
from PIL import Image

from benchmarks.damage import containers
from benchmarks.damage import damage as damage_lib
from benchmarks.damage import kind as kind_lib
from benchmarks.damage import outcome
from depth_mai import program

ORIGINALS = 'originals.pickle'
# A call may use this much memory more than the process does before it.
_MEMORY_BYTES = 3 << 30
# A refusal that is longer is no sentence.
_MOST_CHARACTERS = 4000
_MOST_KEPT = 20_000
# Everything that moves the cursor or rings, but newlines and tabs.
_UNPRINTABLE = re.compile(
  '[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff]'
)
_TEMPORARY = '.tmp-'
# Standard output and error, which are files.
_STREAMS = (1, 2)


def build(module: str, name: str, folder: pathlib.Path) -> int:
  """Writes the undamaged inputs of a kind, and checks what the call returns.

  Args:
    module: the module of the kind.
    name: the kind.
    folder: folder for the inputs.

  Returns:
    The number of undamaged inputs.

  Raises:
    RuntimeError: the call returns another value than the known one.
  """
  kind = kind_lib.load(module, name)
  folder.mkdir(parents=True)
  found, values = [], {}
  for original in kind.build(folder):
    which = original.folder, original.argument
    if which not in values:
      values[which] = _reference(kind, original, folder)
    value = values[which]
    if original.truth is not None and value != original.truth:
      raise RuntimeError(
        f'{name}: {original.folder}/{original.file} is not damaged, but its '
        f'value is {value}, not {original.truth}.'
      )
    found.append((original, value))
  (folder / ORIGINALS).write_bytes(pickle.dumps(found))
  return len(found)


def _reference(
  kind: kind_lib.Kind, original: kind_lib.Original, folder: pathlib.Path
) -> Any:
  """Returns the value of an undamaged input."""
  scratch = folder / 'scratch'
  case = _new_case(original, folder, scratch)
  try:
    return _plain(kind.call(case))
  finally:
    shutil.rmtree(scratch)


def _plain(value: Any) -> Any:
  """Returns a value as it comes back from JSON."""
  return json.loads(json.dumps(value))


def _new_case(
  original: kind_lib.Original, originals: pathlib.Path, folder: pathlib.Path
) -> kind_lib.Case:
  case = kind_lib.Case(original, folder / 'input', folder / 'output')
  shutil.copytree(originals / original.folder, case.folder)
  case.output.mkdir()
  return case


def damage(
  original: kind_lib.Original,
  content: bytes,
  shares: tuple[float, ...],
  seed: list[int],
) -> damage_lib.Damage:
  """Returns the damage that belongs to a seed."""
  random = np.random.default_rng(seed)
  structure = original.damager or damage_lib.damaged_bytes
  chosen = random.choice(3, p=shares)
  damager = (damage_lib.damaged_bytes, structure, damage_lib.replaced)[chosen]
  return damager(content, random)


class Worker:
  """Answers requests."""

  def __init__(self, channel: connection.Connection):
    """Stores the channel of requests and answers."""
    self._channel = channel
    self._known: dict[str, list] = {}

  def serve(self) -> None:
    """Answers until the channel is closed."""
    actions: dict[str, Callable] = {'build': self._build, 'run': self._run}
    while True:
      try:
        action, arguments = self._channel.recv()
      except EOFError:
        return
      try:
        answer = actions[action](*arguments)
      except Exception:  # A fault of this program, not of what it tests.
        answer = 'fault', traceback.format_exc()
      self._channel.send(answer)

  def _build(self, module: str, name: str, folder: str) -> tuple[str, int]:
    return 'built', build(module, name, pathlib.Path(folder))

  def _originals(self, kind: kind_lib.Kind, folder: pathlib.Path) -> list:
    """Returns the undamaged inputs, after a first call, which is slow."""
    if kind.name not in self._known:
      found = pickle.loads((folder / ORIGINALS).read_bytes())
      self._known[kind.name] = found
      shutil.rmtree(folder / f'scratch-{os.getpid()}', ignore_errors=True)
      scratch = folder / f'scratch-{os.getpid()}'
      kind.call(_new_case(found[0][0], folder, scratch))
      shutil.rmtree(scratch)
    return self._known[kind.name]

  def _run(
    self,
    module: str,
    name: str,
    originals: str,
    folder: str,
    seed: int,
    number: int,
  ) -> tuple[str, dict]:
    """Damages an input, runs the call, and judges what it did."""
    kind = kind_lib.load(module, name)
    source, place = pathlib.Path(originals), pathlib.Path(folder)
    found = self._originals(kind, source)
    original, expected = found[number % len(found)]
    shutil.rmtree(place, ignore_errors=True)
    case = _new_case(original, source, place)
    content = case.path.read_bytes()
    done = damage(
      original, content, kind.shares, [seed, zlib.crc32(name.encode()), number]
    )
    damage_lib.put(done, case.path)
    before = _state(case)
    what = f'{original.folder}/{original.file}: {done.what}'
    self._channel.send(('started', (what, kind.limit_s)))
    starts = [os.fstat(stream).st_size for stream in _STREAMS]
    began_s = time.monotonic()
    result = _as_program(kind, case)
    seconds = time.monotonic() - began_s
    texts = [_output(*pair) for pair in zip(_STREAMS, starts, strict=True)]
    name, detail = _judge(kind, case, done, content, result, texts, expected)
    if name not in outcome.FAILURES:
      half = half_written(case)
      changed = kind.keeps and before != _state(case)
      if half or changed:
        name = outcome.HALF_WRITTEN
        detail = half or 'the input was changed'
    return 'done', {
      'name': name,
      'damage': what,
      'message': '\n'.join(filter(None, (*texts, result.error)))
      .encode('utf-8', 'backslashreplace')
      .decode(),
      'detail': detail,
      'seconds': seconds,
    }


class _Result(NamedTuple):
  """What a call did.

  Attributes:
    code: exit code of the program.
    value: what it returned, or the WrongValueError that it raised.
    error: traceback of an error that the program does not handle.
    reason: its type and text.
  """

  code: Any
  value: Any
  error: str | None
  reason: str


def _output(stream: int, start: int) -> str:
  """Returns what was written to a stream since a position."""
  size = min(os.fstat(stream).st_size - start, _MOST_KEPT)
  return os.pread(stream, size, start).decode('utf-8', 'surrogateescape')


def _as_program(kind: kind_lib.Kind, case: kind_lib.Case) -> _Result:
  """Runs a call as a program's main."""
  values: list[Any] = []

  def main(argv: list[str]) -> int:
    del argv
    try:
      values.append(_plain(kind.call(case)))
    except kind_lib.WrongValueError as error:
      values.append(error)
    return 0

  here = os.getcwd()
  os.chdir(case.output)
  # A program may replace its streams, so each gets its own.
  streams = [
    open(number, 'w', encoding='utf-8', errors=errors, closefd=False)
    for number, errors in ((1, 'strict'), (2, 'backslashreplace'))
  ]
  sys.stdout, sys.stderr = streams
  sys.argv = ['damaged_inputs']
  code: Any = None
  error, reason = None, ''
  try:
    with _limited_memory():
      program.run(main)
  except SystemExit as done:
    code = done.code
  except BaseException as unexpected:
    error = traceback.format_exc()
    reason = f'{type(unexpected).__name__}: {unexpected}'
  finally:
    os.chdir(here)
    for stream in (sys.stdout, sys.stderr, *streams):
      stream.flush()
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
  return _Result(code, values[0] if values else None, error, reason)


class _limited_memory:  # noqa: N801, used like a function
  """Limits the address space to a little more than is used."""

  def __enter__(self):
    self._before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(pathlib.Path('/proc/self/statm').read_text().split()[0])
    limit = pages * resource.getpagesize() + _MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, self._before[1]))

  def __exit__(self, *unused):
    resource.setrlimit(resource.RLIMIT_AS, self._before)


def _judge(
  kind: kind_lib.Kind,
  case: kind_lib.Case,
  done: damage_lib.Damage,
  content: bytes,
  result: _Result,
  texts: list[str],
  expected: Any,
) -> tuple[str, str]:
  """Returns the name of the outcome and its reason."""
  (code, value, error, reason), (_, warning) = result, texts
  message = ''.join(texts)
  if error is not None:
    return outcome.TRACEBACK, reason
  if 'Traceback (most recent call last)' in message:
    return outcome.TRACEBACK, message.strip().splitlines()[-1]
  unprintable = _UNPRINTABLE.search(message)
  if unprintable:
    return outcome.UNCLEAR, f'it prints {unprintable[0]!a}'
  if code:
    if not message.strip():
      return outcome.UNCLEAR, f'no message, but the exit code {code}'
    if len(message) > _MOST_CHARACTERS:
      return outcome.UNCLEAR, f'a message of {len(message)} characters'
    return outcome.REFUSED, ''
  try:
    if isinstance(value, kind_lib.WrongValueError):
      raise value
    if kind.right(case, content, expected, value):
      return outcome.RIGHT, ''
  except kind_lib.WrongValueError as wrong:
    return outcome.WRONG, str(wrong)
  if case.path.name in warning:
    return outcome.SAID, ''
  must_see = case.original.checked and not done.sealed
  must_see |= case.original.sized and done.cut
  must_see |= bool(done.place)
  must_see &= not (kind.scans and done.place == damage_lib.ABSENT)
  if must_see:
    return outcome.WRONG, f'{_short(value)} instead of {_short(expected)}'
  return outcome.UNSEEN, ''


def _short(value: Any) -> str:
  text = json.dumps(value)
  return text if len(text) < 200 else f'{text[:200]}...'


def _state(case: kind_lib.Case) -> dict[str, int]:
  """Returns the names and checksums of the files in a case's folder."""
  return {
    str(path.relative_to(case.folder)): zlib.crc32(path.read_bytes())
    for path in sorted(case.folder.rglob('*'))
    if not path.is_symlink() and path.is_file()
  }


def half_written(case: kind_lib.Case) -> str:
  """Returns which file a call left unfinished, '' for none."""
  for path in sorted(case.folder.parent.rglob('*')):
    if path.name.startswith(_TEMPORARY):
      return f'{path.name} was left behind'
    if path.name == containers.Planted.NAME:
      return 'a pickle in the input was run'
  checks: dict[str, Callable[[pathlib.Path], object]] = {
    '.png': _check_picture,
    '.json': lambda path: json.loads(path.read_text()),
    '.npz': lambda path: zipfile.ZipFile(path).testzip(),
    '.keras': lambda path: zipfile.ZipFile(path).testzip(),
  }
  for path in sorted(case.output.rglob('*')):
    check = checks.get(path.suffix)
    if check is None or not path.is_file():
      continue
    try:
      check(path)
    except Exception as error:
      return f'{path.name}: {error}'
  return ''


def _check_picture(path: pathlib.Path) -> None:
  with Image.open(path) as picture:
    picture.load()
  if not path.read_bytes().endswith(b'IEND\xaeB`\x82'):
    raise ValueError('its end is missing')


if __name__ == '__main__':
  Worker(connection.Connection(int(sys.argv[1]))).serve()
