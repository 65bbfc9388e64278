# SPDX-License-Identifier: Apache-2.0
r"""Damages thousands of files and shows what the project makes of them.

    python -m benchmarks.damaged_inputs --output_dir=DIR [--count=3000]
    python -m benchmarks.damaged_inputs --output_dir=DIR --only=picture:123

Pictures, depth maps, records, configurations, stores, networks, weights and
.tflite files are damaged by a seeded generator, and read by the library calls
that the programs make, some by the programs themselves. A damaged file must be
refused with a sentence, or give the right value, unless its format has nothing
that shows the damage. Prints a table, and writes DIR/outcomes.jsonl,
DIR/table.md and, for each failure, DIR/failures/KIND_NUMBER with the input. The
same command resumes an interrupted run. The exit code is 1 if anything failed.
"""

import dataclasses
import json
import os
import pathlib
import shutil
import sys
import time

from absl import flags

from benchmarks.damage import kind as kind_lib
from benchmarks.damage import outcome
from benchmarks.damage import pool as pool_lib
from depth_mai import program
from depth_mai.files import atomic

_OUTPUT = program.flag('output_dir', 'outcomes and failures', required=True)
_SEED = program.flag('seed', 'all damage')
_COUNT = flags.DEFINE_integer('count', 3000, 'Number of inputs.', 1)
_ONLY = flags.DEFINE_list(
  'only', [], 'Run only these: kinds, or single inputs such as picture:123.'
)
_WORKERS = flags.DEFINE_integer(
  'workers', len(os.sched_getaffinity(0)), 'Processes that run inputs.', 1
)
_MOST_SHOWN = 120
_OUTCOMES, _TABLE, _FAILURES = 'outcomes.jsonl', 'table.md', 'failures'


def _read(path: pathlib.Path, header: dict) -> list[outcome.Outcome]:
  """Returns the outcomes of an interrupted run."""
  if not path.exists():
    return []
  lines = [json.loads(line) for line in path.read_text().splitlines()]
  if lines[:1] != [header]:
    raise ValueError(
      f'{path} is of another run ({lines[:1]}, not {header}). Choose another '
      '--output_dir, or remove that folder.'
    )
  return [outcome.Outcome(**line) for line in lines[1:]]


def _keep(
  found: outcome.Outcome, case: pathlib.Path, output: pathlib.Path
) -> None:
  """Copies the input of a failure, with its message."""
  place = output / _FAILURES / f'{found.kind}_{found.number}'
  shutil.rmtree(place, ignore_errors=True)
  place.mkdir(parents=True)
  for folder in ('input', 'output'):
    # Pipes cannot be copied; the description of the damage is enough.
    shutil.copytree(
      case / folder,
      place / folder,
      symlinks=True,
      ignore=lambda where, names: [
        name for name in names if pathlib.Path(where, name).is_fifo()
      ],
    )
  text = json.dumps(dataclasses.asdict(found), indent=2) + '\n'
  (place / 'outcome.json').write_text(text)


def main(argv: list[str]) -> int:
  """Runs the inputs; returns 1 if one of them failed."""
  program.no_arguments(argv)
  output = pathlib.Path(_OUTPUT.value)
  tasks = kind_lib.chosen(_COUNT.value, _ONLY.value)
  output.mkdir(parents=True, exist_ok=True)
  header = {'seed': _SEED.value, 'count': _COUNT.value, 'only': _ONLY.value}
  log = output / _OUTCOMES
  outcomes = _read(log, header)
  done = {(one.kind, one.number) for one in outcomes}
  tasks = [task for task in tasks if task not in done]
  began_s = time.monotonic()
  with (
    pool_lib.Pool(output / 'work', _WORKERS.value) as pool,
    log.open('a') as stream,
  ):
    if not outcomes:
      print(json.dumps(header), file=stream, flush=True)
    pool.build(dict.fromkeys(kind for kind, _ in tasks))
    print(f'Undamaged inputs: {time.monotonic() - began_s:.0f} s', flush=True)
    for found, case in pool.run(tasks, _SEED.value):
      outcomes.append(found)
      print(json.dumps(dataclasses.asdict(found)), file=stream, flush=True)
      if found.failed:
        _keep(found, case, output)
        name = f'{found.kind}:{found.number} {found.name}'
        print(f'{name}: {found.detail[:_MOST_SHOWN]}', flush=True)
      if sys.stderr.isatty():
        print(f'{len(outcomes)} inputs', end='\r', file=sys.stderr)
  shutil.rmtree(output / 'work')
  text = outcome.markdown(outcomes)
  atomic.write_text(output / _TABLE, text + '\n')
  print(f'\n{text}\n{time.monotonic() - began_s:.0f} s')
  return 1 if any(one.failed for one in outcomes) else 0


if __name__ == '__main__':
  program.run(main)
