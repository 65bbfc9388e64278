# SPDX-License-Identifier: Apache-2.0
r"""Prints how far the emulated board computes and counts the same, as Markdown.

python -m depth_mai.leaderboard --models_dir=TFLITE_DIR --data_dir=DATA \
  --device=emulated_pi4 --store=STORE.jsonl --output_dir=OUT
python benchmarks/agreement_table.py STORE.jsonl

For each file that was measured: how far the counts of two processes are apart,
and its outputs from those of this machine, in numbers that differ and relative
to the largest one.
"""

import json
import pathlib

from absl import app

from depth_mai.devices import measurements
from depth_mai.metrics import table

_HEADER = (
  'file', 'counts differ by', 'XNNPACK: outputs that differ', 'by at most',
  'built-in: outputs that differ', 'by at most',
)  # fmt: skip
_FORMATS = ('', '.1e', '', '.1e', '', '.1e')


def _row(report: dict) -> tuple:
  rows = {one['xnnpack']: one for one in report['configurations']}
  outputs = [rows[xnnpack]['outputs'] for xnnpack in (True, False)]
  return (
    pathlib.PurePath(report['model']['file']).stem,
    max(one['relative_spread'] for one in rows.values()),
    *(
      figure
      for one in outputs
      for figure in (one['differing_elements'], one['relative_difference'])
    ),
  )


def main(argv):
  """Reads a store and prints the table."""
  if len(argv) != 2:
    raise app.UsageError('Give the file of measurements, see --store.')
  entries = map(json.loads, pathlib.Path(argv[1]).read_text().splitlines())
  rows = [
    _row(entry['value'])
    for entry in entries
    if entry['kind'] == measurements.KIND
    and entry['key']['device'] == 'emulated_pi4'
  ]
  print(table.markdown_table(_HEADER, sorted(rows), _FORMATS))


if __name__ == '__main__':
  app.run(main)
