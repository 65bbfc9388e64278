# SPDX-License-Identifier: Apache-2.0
r"""Measures the speed of a .tflite model: here, on a board, or emulated.

  python -m depth_mai.benchmark --model=model.tflite --threads=1,4 \
    --json=model.benchmark.json
  python -m depth_mai.benchmark --model=tcl --device=ssh://pi@raspberrypi
  python -m depth_mai.benchmark --model=tcl --device=emulated_pi4

Every report is added to the store, from which depth_mai.leaderboard takes it.
"""

import json
import sys

from absl import app
from absl import flags

from depth_mai.devices import measurements
from depth_mai.devices import registry
from depth_mai.devices import settings
from depth_mai.devices import store
from depth_mai.files import atomic
from depth_mai.files import ready_models

_STRING, _LIST = flags.DEFINE_string, flags.DEFINE_list
_INTEGER = flags.DEFINE_integer
_MODEL = _STRING(
  'model',
  None,
  'The .tflite file to measure, or the name of a system in pretrained/.',
  required=True,
)
_DEVICE = _STRING('device', 'local', registry.HELP)
_THREADS = _LIST('threads', ['1'], 'Thread counts to measure, e.g. 1,2,4.')
_WARMUP = _INTEGER('warmup', 10, 'Runs of each configuration not counted.')
_RUNS = _INTEGER('runs', 50, 'Runs of each configuration that are counted.')
_CPUS = _LIST('cpus', [], 'CPUs to stay on, e.g. 0,1; default: any.')
_TIMEOUT_S = flags.DEFINE_float(
  'timeout_s', 600.0, 'Seconds that one configuration may take.'
)
_LITERT_BENCHMARK = flags.DEFINE_bool(
  'litert_benchmark', False, "Also run LiteRT's own benchmark (device local)."
)
_ADB_BENCHMARK = _STRING(
  'adb_benchmark', '', "TensorFlow Lite's benchmark_model for Android, a file."
)
_JSON = _STRING('json', None, 'Also write all figures to this JSON file.')
_STORE = _STRING(
  'store',
  store.default_path(),
  'JSON lines file that the report is added to; empty for none.',
)


def _numbers(flag: flags.FlagHolder) -> tuple[int, ...]:
  try:
    return tuple(int(text) for text in flag.value)
  except ValueError as error:
    raise app.UsageError(
      f'--{flag.name} must list whole numbers, got {flag.value}.'
    ) from error


def main(argv: list[str]) -> None:
  """Measures, prints a table, writes the JSON file, adds to the store."""
  if len(argv) > 1:
    raise app.UsageError(
      f'Nothing but flags is taken, got {argv[1:]}; name the model with '
      '--model.'
    )
  threads, cpus = _numbers(_THREADS), _numbers(_CPUS)
  try:
    path = ready_models.model_path(_MODEL.value)
    device = registry.open_device(
      _DEVICE.value,
      settings.Settings(
        threads=threads,
        warmup=_WARMUP.value,
        runs=_RUNS.value,
        cpus=cpus,
        timeout_s=_TIMEOUT_S.value,
        litert_benchmark=_LITERT_BENCHMARK.value,
        adb_benchmark=_ADB_BENCHMARK.value,
      ),
    )
    kept = store.Store(_STORE.value) if _STORE.value else None
    report = device.measure(path)
    print(registry.format_report(report))
    if _JSON.value:
      atomic.write_text(_JSON.value, json.dumps(report, indent=2) + '\n')
    if kept is not None:
      measurements.keep(kept, device, report)
      print(f'Added to {_STORE.value}.')
  except ValueError as error:
    sys.exit(f'benchmark: {error}')


if __name__ == '__main__':
  app.run(main)
