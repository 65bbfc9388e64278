# SPDX-License-Identifier: Apache-2.0
r"""Prints measurements that other programs left on disk, as Markdown tables.

  python benchmarks/tables.py files TFLITE_DIR
  python benchmarks/tables.py runs RUNS_DIR
  python benchmarks/tables.py seeds RUNS_DIR
  python benchmarks/tables.py device OUT/leaderboard.json
  python benchmarks/tables.py agreement STORE.jsonl

files: size, operators and parity of every file that depth_mai.convert wrote.
runs: the last validation of every training in a folder, the oldest first.
seeds: the same for trainings called NAME_SEED: the mean, the lowest and the
  highest si-RMSE of each name.
device: what every file costs on the emulated board, from
  python -m depth_mai.leaderboard --device=emulated_pi4 --store=STORE.jsonl \
    --models_dir=TFLITE_DIR --data_dir=DATA --output_dir=OUT
agreement: from the store of the same command, how far the instruction counts of
  two processes differ for each file, and how far the emulated board's outputs
  are from those of this machine: the number of elements that differ, and the
  largest difference relative to the largest output.
"""

import json
import pathlib

from depth_mai import challenge
from depth_mai import program
from depth_mai.devices import store
from depth_mai.files import failures
from depth_mai.files import metrics_log
from depth_mai.files import regular_files
from depth_mai.files import workdir
from depth_mai.metrics import paper_results
from depth_mai.metrics import table
from depth_mai.runtime import metadata as metadata_lib

_MILLION = 1e6


def files_table(folder: pathlib.Path) -> str:
  """Returns the table of the JSON files next to the .tflite files."""
  records = {
    path.stem: json.loads(regular_files.read_text(path))
    for path in folder.glob('*.json')
  }
  rows = []
  for system in paper_results.SYSTEMS:
    for precision in metadata_lib.PRECISIONS:
      record = records.get(f'{system}_{precision}')
      if record is None:
        continue
      megabytes = record['size_bytes'] / _MILLION
      submitted = precision == paper_results.SUBMITTED_PRECISION.get(system)
      table_1_mb = paper_results.ROWS[system].size_mb if submitted else None
      outside = record['outside_delegate'] or {}
      rows.append(
        (
          record['file'],
          megabytes,
          table_1_mb,
          megabytes / table_1_mb - 1 if submitted else None,
          record['runtime_check']['min_runtime'],
          record['partitions'],
          ', '.join(f'{n} {kind}' for kind, n in outside.items()) or None,
          record['parity']['mean_relative'],
        )
      )
  return table.markdown_table(
    (
      'file', 'MB', 'Table 1 MB', 'change', 'runs from TFLite', 'partitions',
      'outside XNNPACK', 'mean relative difference from Keras',
    ),
    rows,
    ('', '.3f', '.1f', '+.1%', '', '', '', '.1e'),
  )  # fmt: skip


def runs_table(folder: pathlib.Path) -> str:
  """Returns the table of the trainings in a folder."""
  rows = []
  logs = folder.glob(f'*/{workdir.METRICS}')
  for path in sorted(logs, key=lambda log: log.parent.stat().st_ctime):
    run = metrics_log.read_run(path.parent)
    last = {
      metric: run.curve('validation', metric, 'images')
      for metric in challenge.METRICS
    }
    rows.append(
      (
        run.name,
        int(last['si_rmse'].times[-1]),
        *(float(curve.values[-1]) for curve in last.values()),
        float(run.curve('train_eval', 'si_rmse', 'images').values[-1]),
      )
    )
  return table.markdown_table(
    (
      'run', 'images seen', 'si-RMSE', 'RMSE m', 'LOG10', 'REL',
      'train si-RMSE',
    ),
    rows,
    ('', 'd', *['.4f'] * 5),
  )  # fmt: skip


def seeds_table(folder: pathlib.Path) -> str:
  """Returns the table of trainings that differ only in their seed."""
  errors: dict[str, list[float]] = {}
  for path in sorted(folder.glob(f'*_*/{workdir.METRICS}')):
    name, _, seed = path.parent.name.rpartition('_')
    if seed.isdecimal():
      curve = metrics_log.read_run(path.parent).curve(
        'validation', 'si_rmse', 'images'
      )
      errors.setdefault(name, []).append(float(curve.values[-1]))
  return table.markdown_table(
    ('run', 'seeds', 'mean si-RMSE', 'lowest', 'highest'),
    [
      (name, len(values), sum(values) / len(values), min(values), max(values))
      for name, values in errors.items()
    ],
    ('', 'd', *['.4f'] * 3),
  )


def device_table(path: pathlib.Path) -> str:
  """Returns the table of a leaderboard.json of the emulated board."""
  leaderboard = json.loads(regular_files.read_text(path))
  if leaderboard['runtimes'] != 'predicted':
    raise ValueError(
      f'{path} is of --device={leaderboard["device"]["kind"]}; give the '
      'leaderboard.json of --device=emulated_pi4.'
    )
  files = {
    entry['system']: entry['files'] for entry in leaderboard['precisions']
  }
  order = [name for name in paper_results.SYSTEMS if name in files]
  order += [name for name in files if name not in order]
  rows = [
    (
      system,
      precision,
      figures['size_mb'],
      figures['partitions'],
      figures['instructions'] / _MILLION,
      figures['instructions_no_xnnpack'] / _MILLION,
      figures['si_rmse'],
      figures['si_rmse_change'],
    )
    for system in order
    for precision, figures in files[system].items()
  ]
  return table.markdown_table(
    (
      'system', 'file', 'MB', 'partitions', 'M instructions, XNNPACK',
      'M instructions, built-in', 'si-RMSE', 'change to FP32',
    ),
    rows,
    ('', '', '.3f', 'd', '.1f', '.1f', '.4f', '+z.2%'),
  )  # fmt: skip


def agreement_table(path: pathlib.Path) -> str:
  """Returns the table of a store of the emulated board's measurements."""
  rows = []
  for key, report in store.Store(path).of_kind(store.REPORT_KIND):
    if key.get('device') != 'emulated_pi4':
      continue
    configurations = {one['xnnpack']: one for one in report['configurations']}
    outputs = [configurations[xnnpack]['outputs'] for xnnpack in (True, False)]
    rows.append(
      (
        pathlib.PurePath(report['model']['file']).stem,
        max(one['relative_spread'] for one in configurations.values()),
        *(
          one[figure]
          for one in outputs
          for figure in ('differing_elements', 'relative_difference')
        ),
      )
    )
  return table.markdown_table(
    (
      'file', 'counts differ by', 'XNNPACK: outputs that differ', 'by at most',
      'built-in: outputs that differ', 'by at most',
    ),
    sorted(rows),
    ('', '.1e', '', '.1e', '', '.1e'),
  )  # fmt: skip


_TABLES = {
  'files': files_table,
  'runs': runs_table,
  'seeds': seeds_table,
  'device': device_table,
  'agreement': agreement_table,
}


def main(argv: list[str]) -> None:
  """Prints one table."""
  if len(argv) != 3 or argv[1] not in _TABLES:
    raise ValueError(
      f'Give one of {", ".join(_TABLES)}, and its file or folder.'
    )
  path = pathlib.Path(argv[2])
  try:
    print(_TABLES[argv[1]](path))
  except (
    ArithmeticError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
  ) as error:
    raise ValueError(
      f'{path} does not have the content for the table {argv[1]!r} '
      f'({failures.reason(error)}). Make it again; docs/results_log.md has the '
      'commands.'
    ) from error


if __name__ == '__main__':
  program.run(main)
