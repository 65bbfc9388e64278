# SPDX-License-Identifier: Apache-2.0
r"""Prints what `convert` measured of every file in a folder, as Markdown.

python benchmarks/files_table.py TFLITE_DIR
"""

import json
import pathlib

from absl import app

from depth_mai.metrics import paper_results as paper_results
from depth_mai.metrics import table
from depth_mai.runtime import metadata as metadata_lib

_HEADER = (
  'file', 'MB', 'Table 1 MB', 'change', 'runs from TFLite', 'partitions',
  'outside XNNPACK', 'mean relative difference from Keras',
)  # fmt: skip
_FORMATS = ('', '.3f', '.1f', '+.1%', '', '', '', '.1e')


def _row(record: dict) -> tuple:
  name, precision = record['file'].removesuffix('.tflite').rsplit('_', 1)
  megabytes = record['size_bytes'] / 1e6
  submitted = precision == paper_results.SUBMITTED_PRECISION.get(name)
  report_mb = paper_results.ROWS[name].size_mb if submitted else None
  outside = record['outside_delegate'] or {}
  return (
    record['file'],
    megabytes,
    report_mb,
    megabytes / report_mb - 1 if submitted else None,
    record['runtime_check']['min_runtime'],
    record['partitions'],
    ', '.join(f'{n} {kind}' for kind, n in outside.items()) or None,
    record['parity']['mean_relative'],
  )


def main(argv):
  """Reads the JSON files that lie beside the .tflite files."""
  if len(argv) != 2:
    raise app.UsageError('Give one folder of files written by convert.')
  records = {
    path.stem: json.loads(path.read_text())
    for path in pathlib.Path(argv[1]).glob('*.json')
  }
  names = [
    f'{system}_{precision}'
    for system in paper_results.SYSTEMS
    for precision in metadata_lib.PRECISIONS
  ]
  rows = [_row(records[name]) for name in names if name in records]
  print(table.markdown_table(_HEADER, rows, _FORMATS))


if __name__ == '__main__':
  app.run(main)
