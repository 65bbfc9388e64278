# SPDX-License-Identifier: Apache-2.0
r"""Prints what every file costs on the emulated board, as Markdown.

python -m depth_mai.leaderboard --models_dir=TFLITE_DIR --data_dir=DATA \
  --device=emulated_pi4 --output_dir=OUT
python benchmarks/device_table.py OUT/leaderboard.json
"""

import json
import pathlib

from absl import app

from depth_mai.metrics import paper_results as paper_results
from depth_mai.metrics import table

_HEADER = (
  'system', 'file', 'MB', 'partitions', 'M instructions, XNNPACK',
  'M instructions, built-in', 'si-RMSE', 'change to FP32',
)  # fmt: skip
_FORMATS = ('', '', '.3f', 'd', '.1f', '.1f', '.4f', '+z.2%')
_MILLION = 1e6


def _rows(leaderboard: dict) -> list[tuple]:
  """Returns a row for each file, the systems in the order of Table 1."""
  files = {
    entry['system']: entry['files'] for entry in leaderboard['precisions']
  }
  order = [name for name in paper_results.SYSTEMS if name in files]
  order += [name for name in files if name not in order]
  return [
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


def main(argv):
  """Reads a leaderboard of the emulated board and prints the table."""
  if len(argv) != 2:
    raise app.UsageError('Give the leaderboard.json of --device=emulated_pi4.')
  leaderboard = json.loads(pathlib.Path(argv[1]).read_text())
  if leaderboard['runtimes'] != 'predicted':
    raise app.UsageError(
      f'{argv[1]} is of --device={leaderboard["device"]["kind"]}; give one of '
      '--device=emulated_pi4.'
    )
  print(table.markdown_table(_HEADER, _rows(leaderboard), _FORMATS))


if __name__ == '__main__':
  app.run(main)
