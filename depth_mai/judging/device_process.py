# SPDX-License-Identifier: Apache-2.0
"""Measures a file on another device, from a separate process.

A device backend runs programs, opens connections or hands the file to an
emulator, so it cannot be sandboxed as strictly as worker.py. The process of a
device on this machine (RESTRICTED) and its children may write in one folder
only and open no connection. A board reached over a network is not protected by
the judge. The process runs this file: `python -m
depth_mai.judging.device_process FOLDER`.
"""

import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

from depth_mai.devices import registry
from depth_mai.devices import settings as settings_lib
from depth_mai.files import printable
from depth_mai.judging import answers
from depth_mai.judging import channel
from depth_mai.judging import lockdown
from depth_mai.judging import verdict
from depth_mai.runtime import environment

# Devices that run on this machine.
RESTRICTED = ('emulated_pi4', 'tflite_2_5')

_REQUEST, _ANSWER, _MODEL = 'request.json', 'answer.json', 'judged.tflite'
_MAX_ANSWER = 64 << 20
# Memory of the device's own program, in addition to what the file may use.
_EMULATOR_MB = 6144.0
# No runtime is 0 ms; a count may be 0.
_MILLISECONDS = answers.number(1e-6, 1e9)
_COUNT = answers.whole(0, 1_000_000)
_NUMBERS = {
  'median_ms': _MILLISECONDS,
  'predicted_ms_low': _MILLISECONDS,
  'predicted_ms_high': _MILLISECONDS,
  'instructions': answers.number(0, 1e18),
  'partitions': _COUNT,
  'runs': _COUNT,
}


def measure(
  spec: str,
  settings: settings_lib.Settings,
  content: bytes,
  memory_mb: float,
  time_s: float,
) -> list[dict]:
  """Measures a file.

  Args:
    spec: the device, as --device names it.
    settings: how to measure.
    content: the file.
    memory_mb: see `request.Limits`; for RESTRICTED devices.
    time_s: most seconds in total.

  Returns:
    The configurations of the report (see devices/device.py): threads, xnnpack
    and _NUMBERS, each None if not given.

  Raises:
    verdict.FileFaultError: if the device fails to measure the file in time.
  """
  with tempfile.TemporaryDirectory(prefix='depth_mai_judge_') as name:
    folder = pathlib.Path(name)
    (folder / _MODEL).write_bytes(content)
    request = {
      'spec': spec,
      'settings': dataclasses.asdict(settings),
      'memory_mb': memory_mb,
      'time_s': time_s,
    }
    (folder / _REQUEST).write_text(json.dumps(request))
    _run(folder, time_s, spec)
    try:
      # The process may have left a link, or a pipe that nobody writes to.
      descriptor = os.open(
        folder / _ANSWER, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
      )
      with open(descriptor, 'rb') as stream:
        answer = json.loads(stream.read(_MAX_ANSWER) or b'')
    except (OSError, ValueError, RecursionError) as error:
      raise verdict.FileFaultError(
        f'{spec} could not measure it: its process ended without an answer.'
      ) from error
  return _configurations(answer, spec)


def _run(folder: pathlib.Path, time_s: float, spec: str) -> None:
  """Runs the process; ends it and its children in time."""
  process = subprocess.Popen(
    [sys.executable, '-m', 'depth_mai.judging.device_process', str(folder)],
    env={
      **os.environ,
      'PYTHONPATH': environment.import_path(),
      'TMPDIR': str(folder),
    },
    stdin=subprocess.DEVNULL,
    stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL,
    start_new_session=True,
  )
  try:
    process.wait(max(1.0, time_s))
  except subprocess.TimeoutExpired as error:
    raise verdict.FileFaultError(
      f'{spec} took more than the {time_s:.3g} s that were left to measure it '
      '(--time_s), and was stopped.'
    ) from error
  finally:
    try:
      os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
      pass
    process.wait()


def _configurations(answer: object, spec: str) -> list[dict]:
  """Checks an untrusted answer; returns its configurations."""
  answer = answer if isinstance(answer, dict) else {}
  if 'error' in answer:
    raise verdict.FileFaultError(
      f'{spec} could not measure it: '
      f'{printable.printable(answer["error"], 2000)}'
    )
  rows = answer.get('configurations')
  if not isinstance(rows, list) or not rows:
    raise verdict.FileFaultError(f'{spec} returned an invalid report.')
  return [_configuration(row, spec) for row in rows]


def _configuration(row: object, spec: str) -> dict:
  """Checks an untrusted configuration; returns the keys that are needed."""
  row = row if isinstance(row, dict) else {}
  try:
    answers.whole(1, 4096)(row.get('threads'), 'report')
    for key, check in _NUMBERS.items():
      answers.absent_or(check)(row.get(key), key)
  except channel.MalformedError as error:
    raise verdict.FileFaultError(
      f'{spec} returned an invalid report: {error}.'
    ) from error
  numbers = {key: row.get(key) for key in _NUMBERS}
  xnnpack = row.get('xnnpack') is True
  return {'threads': row['threads'], 'xnnpack': xnnpack, **numbers}


def _main(name: str) -> None:
  """Carries out the request in a folder; writes the answer there."""
  folder = pathlib.Path(name)
  request = json.loads((folder / _REQUEST).read_text())
  settings = request['settings']
  settings['threads'] = tuple(settings['threads'])
  settings['cpus'] = tuple(settings['cpus'])
  try:
    if registry.check_spec(request['spec']) in RESTRICTED:
      lockdown.limit_device(
        request['memory_mb'] + _EMULATOR_MB, request['time_s'], name
      )
    device = registry.open_device(
      request['spec'], settings_lib.Settings(**settings)
    )
    answer = device.measure(folder / _MODEL)
  except (ValueError, RuntimeError, OSError) as error:
    answer = {'error': str(error)}
  (folder / _ANSWER).write_text(json.dumps(answer))


if __name__ == '__main__':
  _main(sys.argv[1])
