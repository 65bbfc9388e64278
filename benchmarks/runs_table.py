# SPDX-License-Identifier: Apache-2.0
r"""Prints the last validation of every run in a folder, as Markdown.

python benchmarks/runs_table.py RUNS_DIR
"""

import pathlib

from absl import app

from depth_mai.files import metrics_log

_METRICS = ('si_rmse', 'rmse', 'log10', 'rel')


def _last(run: metrics_log.Run, split: str, metric: str) -> tuple[int, float]:
  curve = run.curve(split, metric, 'images')
  return int(curve.times[-1]), float(curve.values[-1])


def main(argv):
  """Reads the runs in the order in which they were made."""
  if len(argv) != 2:
    raise app.UsageError('Give one folder of runs.')
  paths = pathlib.Path(argv[1]).glob('*/metrics.jsonl')
  folders = sorted((p.parent for p in paths), key=lambda p: p.stat().st_ctime)
  print(
    '| run | images seen | si-RMSE | RMSE m | LOG10 | REL | train si-RMSE |'
  )
  print('|---|---|---|---|---|---|---|')
  for folder in folders:
    run = metrics_log.read_run(folder)
    images, _ = _last(run, 'validation', 'si_rmse')
    values = [_last(run, 'validation', metric)[1] for metric in _METRICS]
    values.append(_last(run, 'train_eval', 'si_rmse')[1])
    cells = ' | '.join(f'{value:.4f}' for value in values)
    print(f'| {folder.name} | {images} | {cells} |')


if __name__ == '__main__':
  app.run(main)
