# SPDX-License-Identifier: Apache-2.0
r"""Measures the speed of a .tflite file: here, on a board, or emulated.

  python -m depth_mai.benchmark --model=model.tflite --threads=1,4 \
    --json=model.benchmark.json
  python -m depth_mai.benchmark --model=tcl --device=ssh://pi@raspberrypi
  python -m depth_mai.benchmark --model=tcl --device=emulated_pi4

The report is added to the store, where depth_mai.leaderboard finds it, unless
--store is empty.
"""

from absl import flags

from depth_mai import program
from depth_mai.devices import registry
from depth_mai.devices import settings
from depth_mai.devices import store
from depth_mai.files import atomic
from depth_mai.files import ready_models

_MODEL = program.flag('model', 'The .tflite file to measure.', required=True)
_DEVICE = program.flag('device', registry.HELP)
_THREADS = flags.DEFINE_list(
  'threads', ['1'], 'Numbers of threads to measure with, e.g. 1,2,4.'
)
_WARMUP, _RUNS = program.flag('warmup'), program.flag('runs')
_CPUS = flags.DEFINE_list(
  'cpus', [], 'CPUs to run on, e.g. 0,1; any CPU by default.'
)
_TIMEOUT_S = flags.DEFINE_float(
  'timeout_s', 600.0, 'Longest time that one configuration may take, seconds.'
)
_LITERT_BENCHMARK = flags.DEFINE_bool(
  'litert_benchmark',
  False,
  "Run LiteRT's own benchmark as well; only with --device=local.",
)
_ADB_BENCHMARK = flags.DEFINE_string(
  'adb_benchmark',
  '',
  "TensorFlow Lite's benchmark_model for Android, to be run as well; only with "
  '--device=adb.',
)
_JSON = program.flag('json', 'all figures')
_STORE = program.flag('store', default=store.default_path())


def _numbers(flag: flags.FlagHolder) -> tuple[int, ...]:
  try:
    return tuple(int(text) for text in flag.value)
  except ValueError as error:
    raise ValueError(
      f'--{flag.name} must list whole numbers, got {flag.value}.'
    ) from error


def main(argv: list[str]) -> None:
  """Measures, prints a table, writes the JSON file, adds to the store."""
  program.no_arguments(argv)
  path = ready_models.model_path(_MODEL.value)
  device = registry.open_device(
    _DEVICE.value,
    settings.Settings(
      threads=_numbers(_THREADS),
      warmup=_WARMUP.value,
      runs=_RUNS.value,
      cpus=_numbers(_CPUS),
      timeout_s=_TIMEOUT_S.value,
      litert_benchmark=_LITERT_BENCHMARK.value,
      adb_benchmark=_ADB_BENCHMARK.value,
    ),
  )
  measured = store.Store(_STORE.value)
  report = device.measure(path)
  print(registry.format_report(report))
  if measured.put_report(device, report):
    print(f'Added to {_STORE.value}.')
  if _JSON.value:
    atomic.write_json(_JSON.value, report)


if __name__ == '__main__':
  program.run(main)
