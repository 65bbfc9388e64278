# SPDX-License-Identifier: Apache-2.0
r"""Judges an untrusted .tflite file, as the challenge's platform did.

  python -m depth_mai.judge MODEL.tflite --data_dir=DIR --split=validation \
    --device=local --json=verdict.json
  python -m depth_mai.judge --serve --data_dir=DIR --output_dir=judged

Checks the operators against the target runtime, measures errors and runtime,
and computes the score and its rank in Table 1. The file runs in sandboxed
processes that can open no file and no connection and have limited memory and
time. The exit code is 0 for an accepted file, 1 for a rejected one, and 2 for
wrong usage or a failure of the judge.
"""

import dataclasses
import json
import traceback

from absl import flags

from depth_mai import program
from depth_mai.data import source
from depth_mai.devices import registry
from depth_mai.devices import settings
from depth_mai.files import atomic
from depth_mai.judging import request
from depth_mai.judging import stages
from depth_mai.judging.web import server

# Exit code for wrong usage and for a fault of the judge itself.
_FAILED = 2
_FLAGS = flags.FLAGS
_LIMITS = {
  'file_mb': 'Largest size of the file, MB of 2^20 bytes.',
  'memory_mb': 'Most memory of the process that runs it, MB of 2^20 bytes.',
  'load_s': 'Longest time to read and load the file, seconds.',
  'image_s': 'Longest time for the depth of one picture, seconds.',
  'time_s': 'Longest time for the whole judgement, seconds.',
}
program.flag(
  'data_dir', 'Pictures and depth maps to measure the errors on.', required=True
)
program.flag('split')
program.flag('limit')
program.flag('device', registry.HELP)
program.flag('target_runtime')
program.interface_flags('It is detected by default.')
program.flag('pictures_dir')
program.flag('threads')
program.flag('warmup')
program.flag('runs')
_JSON = program.flag('json', 'the verdict')
flags.DEFINE_bool(
  'require_sandbox',
  False,
  'Refuse to run a file where Landlock or the system call filter is missing.',
)
_SERVE = flags.DEFINE_bool('serve', False, 'Serve the judge as a web page.')
_PORT = flags.DEFINE_integer('port', 8080, 'Port of the web page.')
_OUTPUT_DIR = program.flag(
  'output_dir', 'the verdicts of the web page', default='judged'
)
for _limit in dataclasses.fields(request.Limits):
  flags.DEFINE_float(
    _limit.name, getattr(request.Limits, _limit.name), _LIMITS[_limit.name]
  )


def _flags_of(kind: type, but: str = '') -> dict:
  """Returns the values of the flags that are named like fields of `kind`."""
  names = {field.name for field in dataclasses.fields(kind)} - {but}
  return {name: _FLAGS[name].value for name in names if name in _FLAGS}


def _check_outputs() -> None:
  """Finds before the work starts what cannot be written after it."""
  try:
    if _JSON.value is not None:
      atomic.check_writable(_JSON.value)
    if _FLAGS.pictures_dir is not None:
      atomic.check_writable_folder(_FLAGS.pictures_dir)
  except OSError as error:
    raise ValueError(
      f'{error.filename} cannot be written ({error.strerror}). Give another '
      '--json or --pictures_dir.'
    ) from error


def _write(path: str, verdict: dict) -> None:
  """Writes a verdict, or prints it where that fails."""
  try:
    atomic.write_json(path, verdict)
  except OSError as error:
    print(json.dumps(verdict))
    raise ValueError(
      f'--json={path} cannot be written ({error.strerror}); the line above has '
      'the verdict. Give another path.'
    ) from error


def main(argv: list[str]) -> int:
  """Judges a file or serves the page; returns the exit code."""
  if len(argv) != 2 - _SERVE.value:
    raise ValueError(f'Give one .tflite file, or --serve; got {argv[1:]}.')
  asked = request.JudgeRequest(
    model_path=argv[-1],
    data_dir=source.resolve(_FLAGS.data_dir),
    limits=request.Limits(**_flags_of(request.Limits)),
    settings=settings.Settings((_FLAGS.threads,), _FLAGS.warmup, _FLAGS.runs),
    **_flags_of(request.JudgeRequest, but='data_dir'),
  )
  if _SERVE.value:
    where = server.Settings(_OUTPUT_DIR.value, _PORT.value)
    server.serve(stages.judge, asked, where)
    return 0
  _check_outputs()
  try:
    verdict = stages.judge(asked, lambda *_: None)
  except ValueError:
    raise
  except Exception:  # A fault of the judge must not look like a rejection.
    traceback.print_exc()
    return _FAILED
  print(verdict.to_text())
  if _JSON.value is not None:
    _write(_JSON.value, verdict.to_json())
  return 0 if verdict.accepted else 1


if __name__ == '__main__':
  # Wrong usage must differ from a rejected file.
  program.run(main, error_code=_FAILED)
