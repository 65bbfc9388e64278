# SPDX-License-Identifier: Apache-2.0
"""Shows that memory stays flat over many steps and pictures.

    python -m benchmarks.memory --output_dir=DIR [--count=10000]
        [--only=training,tcl_16] [--plot=docs/images/memory.png]

It makes small pictures, and trains a tiny network on them, prepares, predicts,
labels and judges them, each with the program that users start. The resident
memory of the program and its children is sampled each second. In the second
half of a run it may grow by GROWTH_MB at most; and TCL, on pairs of 480x640,
may take 3 GiB at batches of 16 and 32. The exit code is 1 if something takes
more. A run of less than 20 s says nothing of growth.
Results are kept in DIR/memory.json; what is there is not run again.
"""

import os
import pathlib

# Before TensorFlow is imported, to silence its start-up messages.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

from absl import flags

from benchmarks import memory_runs
from depth_mai import program
from depth_mai.metrics import table

GROWTH_MB = 50

_COUNT = flags.DEFINE_integer(
  'count', 10_000, 'Number of steps and of pictures.', 1
)
_ONLY = flags.DEFINE_list('only', [], 'What to run, by name; all by default.')
_PLOT = program.written(
  flags.DEFINE_string('plot', None, 'Picture of the curves to write.')
)
_OUTPUT_DIR = program.flag(
  'output_dir', 'the data, the runs and memory.json', required=True
)


def main(argv: list[str]) -> int:
  """Runs everything; returns 1 if something takes too much memory."""
  program.no_arguments(argv)
  names = _ONLY.value or list(memory_runs.ACTIVITIES)
  unknown = sorted({*names} - {*memory_runs.ACTIVITIES})
  if unknown:
    raise ValueError(
      f'--only={unknown[0]} is none of {list(memory_runs.ACTIVITIES)}.'
    )
  results = memory_runs.measure(
    pathlib.Path(_OUTPUT_DIR.value), names, _COUNT.value
  )
  rows, good = [], True
  for name, result in results.items():
    most = memory_runs.ACTIVITIES[name].most_mb
    peak = max(mb for _, mb in result['samples'])
    grown = memory_runs.growth_mb(result['samples'])
    good &= grown <= GROWTH_MB and (most is None or peak <= most)
    number = (
      memory_runs.TCL_STEPS if name.startswith('tcl') else result['count']
    )
    rows.append([name, number, result['cpu_seconds'], peak, grown])
  header = ['what', 'number', 'CPU [s]', 'peak [MB]', 'growth [MB]']
  print(table.text_table(header, rows, ['', ',d', '.0f', ',.0f', '+.0f']))
  if _PLOT.value:
    memory_runs.draw(results, _PLOT.value)
  return 0 if good else 1


if __name__ == '__main__':
  program.run(main)
