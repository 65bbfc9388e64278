# SPDX-License-Identifier: Apache-2.0
r"""Checks a folder in the challenge's layout, and prepares its records.

Training prepares the records itself, once per folder. This program lists all
problems of the folder in advance, and prints where the records are:

  python -m depth_mai.datasets.mai_depth.prepare --data_dir=DIR --report_only
  python -m depth_mai.datasets.mai_depth.prepare --data_dir=DIR
"""

from absl import flags

from depth_mai import program
from depth_mai.challenge_folder import folder
from depth_mai.files import printable
from depth_mai.files import problems as problems_lib

_DATA_DIR = flags.DEFINE_string(
  'data_dir',
  None,
  f'Folder with the data, in the layout {folder.LAYOUT}.',
  required=True,
)
_RECORDS_DIR = program.written(
  flags.DEFINE_string(
    'records_dir',
    None,
    'Folder for the records of all data folders. The default is '
    '$DEPTH_MAI_RECORDS or, without it, ~/.cache/depth_mai/records.',
  ),
  folder=True,
)
_REPORT_ONLY = flags.DEFINE_bool(
  'report_only',
  False,
  'Read every file and list all problems, without preparing records. The exit '
  'code is 1 if there are problems.',
)


def report(data_dir: str) -> int:
  """Prints every problem of a folder, and notes; returns their number."""
  found = folder.survey(data_dir)
  problems = found.problems
  for problem in problems:
    print(problem)
  for note in found.notes:
    print(printable.printable(f'note: {note}'))
  if problems:
    count = problems_lib.count(len(problems), 'problem')
    print(f'{data_dir}: {count}.')
    return len(problems)
  for split in folder.split_names(data_dir):
    pairs = folder.list_pairs(data_dir, split)
    count = problems_lib.count(len(pairs), 'pair')
    depths = found.depths[split]
    print(f'{split}: {count} without problems{depths and f"; {depths}"}')
  return 0


def prepare(data_dir: str, records_dir: str | None) -> None:
  """Prepares the records; prints their directory and the number of pairs."""
  # Imports TensorFlow, which a report does not need.
  from depth_mai.data import records

  directory = records.prepare(data_dir, records_dir)
  print(directory)
  for split, count in records.counts_in(directory):
    print(f'{split}: {problems_lib.count(count, "pair")}')


def main(argv: list[str]) -> int:
  """Reports the problems, or prepares the records; returns the exit code."""
  program.no_arguments(argv)
  with problems_lib.exit_on_bad_input():
    if _REPORT_ONLY.value:
      return min(report(_DATA_DIR.value), 1)
    prepare(_DATA_DIR.value, _RECORDS_DIR.value)
  return 0


if __name__ == '__main__':
  program.run(main)
