# SPDX-License-Identifier: Apache-2.0
r"""Judges a .tflite file of any team, as the challenge's platform did.

  python -m depth_mai.judge MODEL.tflite --data_dir=DIR --split=validation \
    --device=local --json=verdict.json
  python -m depth_mai.judge --serve --data_dir=DIR --output_dir=judged

Checks the operators against the target runtime, measures errors and runtime,
and says which place the score would have had in Table 1 of the report. The file
is run in processes that can open no file and no connection, with limits on
memory and time. Exit code: 0 accepted, 1 rejected, 2 wrong usage.
"""

import dataclasses
import sys

from absl import app
from absl import flags

from depth_mai import challenge
from depth_mai.data import source
from depth_mai.devices import registry
from depth_mai.devices import settings
from depth_mai.judging import request
from depth_mai.judging import stages
from depth_mai.judging.web import server

_STRING, _ENUM = flags.DEFINE_string, flags.DEFINE_enum
_INTEGER, _AUTO = flags.DEFINE_integer, request.AUTO
_FLAGS = flags.FLAGS
_STRING('data_dir', None, 'As depth_mai.evaluate takes it.', required=True)
_STRING('split', 'validation', 'What to measure the errors on.')
_STRING('device', 'local', registry.HELP)
_STRING('target_runtime', challenge.RUNTIME, 'What must run it.')
_ENUM('unit', _AUTO, [_AUTO, *request.UNITS], 'Of its depth.')
_ENUM('layout', _AUTO, [_AUTO, *request.LAYOUTS], 'Of its input.')
_ENUM('input_range', _AUTO, [_AUTO, *request.INPUT_RANGES], 'Of its input.')
_INTEGER('limit', None, 'Measure on the first N pictures only.', 1)
_STRING('pictures_dir', None, 'Folder for depth pictures.')
_INTEGER('threads', 1, 'Threads for the kernels.', 1)
_INTEGER('warmup', 10, 'Runs that are not counted.', 1)
_INTEGER('runs', 50, 'Runs that are counted.', 1)
_JSON = _STRING('json', None, 'File to write the verdict to.')
_SERVE = flags.DEFINE_bool('serve', False, 'Whether to serve a web page.')
_PORT = _INTEGER('port', 8080, 'Of the web page.')
_OUTPUT_DIR = _STRING('output_dir', 'judged', "The web page's verdicts.")
for _one in dataclasses.fields(request.Limits):
  flags.DEFINE_float(_one.name, _one.default, 'A limit, see request.py.')


def _flags_of(kind: type, but: str = '') -> dict:
  """Returns the flags that are called as a dataclass' fields."""
  names = {field.name for field in dataclasses.fields(kind)} - {but}
  return {name: _FLAGS[name].value for name in names if name in _FLAGS}


def _judge(argv: list[str]) -> int:
  """Judges a file, or serves; returns the exit code."""
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
  verdict = stages.judge(asked, lambda *_: None)
  print(verdict.to_text())
  if _JSON.value is not None:
    verdict.write_json(_JSON.value)
  return 0 if verdict.accepted else 1


def main(argv: list[str]) -> int:
  """Judges or serves; returns the exit code."""
  try:
    return _judge(argv)
  except ValueError as error:
    print(f'judge: {error}', file=sys.stderr)
    return 2


def _parse(argv: list[str]) -> list[str]:
  """Parses the flags; wrong ones are wrong usage, not a rejected file."""
  try:
    return _FLAGS(argv)
  except flags.Error as error:
    print(f'judge: {error}', file=sys.stderr)
    raise SystemExit(2) from error


if __name__ == '__main__':
  app.run(main, flags_parser=_parse)
