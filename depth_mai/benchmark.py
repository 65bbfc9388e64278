# SPDX-License-Identifier: Apache-2.0
r"""Measures the speed and memory of a .tflite model on this machine.

Example:
  python -m depth_mai.benchmark --model=model.tflite --threads=1,4 \
    --json=model.benchmark.json
"""

import sys

from absl import app
from absl import flags

from depth_mai import ready_models
from depth_mai.runtime import benchmark_report

_MODEL = flags.DEFINE_string(
  'model',
  None,
  'The .tflite file to measure, or the name of a system in pretrained/.',
  required=True,
)
_THREADS = flags.DEFINE_list(
  'threads', ['1'], 'Thread counts to measure, e.g. 1,2,4.'
)
_WARMUP = flags.DEFINE_integer(
  'warmup', 10, 'Runs of each configuration that are not counted.', 1
)
_RUNS = flags.DEFINE_integer(
  'runs', 50, 'Runs of each configuration that are counted.', 1
)
_JSON = flags.DEFINE_string(
  'json', None, 'Also write all figures to this JSON file.'
)


def main(argv: list[str]) -> None:
  """Measures, prints a table, writes the JSON file."""
  if len(argv) > 1:
    raise app.UsageError(
      f'Nothing but flags is taken, got {argv[1:]}; name the model with '
      '--model.'
    )
  try:
    threads = [int(count) for count in _THREADS.value]
  except ValueError as error:
    raise app.UsageError(
      f'--threads must list whole numbers, got {_THREADS.value}.'
    ) from error
  try:
    report = benchmark_report.measure_model(
      ready_models.model_path(_MODEL.value),
      threads,
      warmup=_WARMUP.value,
      runs=_RUNS.value,
    )
  except ValueError as error:
    sys.exit(f'benchmark: {error}')
  print(benchmark_report.format_table(report))
  if _JSON.value:
    benchmark_report.write_json(_JSON.value, report)


if __name__ == '__main__':
  app.run(main)
