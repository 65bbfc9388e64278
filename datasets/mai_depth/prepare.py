# SPDX-License-Identifier: Apache-2.0
r"""Checks a folder in the challenge's layout, and prepares its records.

Training does this by itself, once for each folder. Done by hand, it shows
everything that is wrong with the folder, and where the records are:

  python -m depth_mai.datasets.mai_depth.prepare --data_dir=DIR --report_only
  python -m depth_mai.datasets.mai_depth.prepare --data_dir=DIR
"""

import sys

from absl import app
from absl import flags

from depth_mai.files import folder
from depth_mai.files import problems as problems_lib

_DATA_DIR = flags.DEFINE_string(
  'data_dir', None, f'The folder: {folder.LAYOUT}.', required=True
)
_RECORDS_DIR = flags.DEFINE_string(
  'records_dir',
  None,
  'Where records are kept; by default $DEPTH_MAI_RECORDS, or else '
  '~/.cache/depth_mai/records.',
)
_REPORT_ONLY = flags.DEFINE_bool(
  'report_only',
  False,
  'Only read every file and list what is wrong; exit with 1 if anything is.',
)


def report(data_dir: str) -> int:
  """Prints every problem of a folder; returns how many there are."""
  problems = folder.find_problems(data_dir)
  for problem in problems:
    print(problem)
  if problems:
    print(f'{data_dir}: {len(problems)} problems.')
    return len(problems)
  for split in folder.split_names(data_dir):
    print(f'{split}: {len(folder.list_pairs(data_dir, split))} pairs, all well')
  return 0


def prepare(data_dir: str, records_dir: str | None) -> None:
  """Prepares the records; prints where they are and how many."""
  from depth_mai.data import records  # TensorFlow; not needed for a report.

  directory = records.prepare(data_dir, records_dir)
  print(directory)
  for split, count in records.counts_in(directory):
    print(f'{split}: {count} pairs')


def main(argv: list[str]) -> None:
  """Runs the report, or the preparation."""
  if len(argv) > 1:
    raise app.UsageError(f'Unknown arguments: {argv[1:]}; use --data_dir=DIR.')
  try:
    if not _REPORT_ONLY.value:
      prepare(_DATA_DIR.value, _RECORDS_DIR.value)
    elif report(_DATA_DIR.value):
      sys.exit(1)
  except problems_lib.BadInputError as error:
    print(*error.problems, sep='\n', file=sys.stderr)
    sys.exit(1)
  except ValueError as error:
    sys.exit(str(error))


if __name__ == '__main__':
  app.run(main)
