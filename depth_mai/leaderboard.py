# SPDX-License-Identifier: Apache-2.0
r"""Judges the .tflite files of a folder and ranks their systems.

  python -m depth_mai.leaderboard --models_dir=tflite --data_dir=DIR \
    --split=validation --device=local --output_dir=leaderboard

Every file is timed on the device and its errors are measured on the split. Each
system is ranked by the file of the precision that its team submitted, next to
its row of Table 1. Writes leaderboard.{txt,md,json,html}, a plot and depth
pictures. Measurements are kept in the store, which depth_mai.benchmark also
fills, and are not repeated. A file that cannot be judged makes the exit code 1;
the others are still ranked.
"""

import shlex
import sys

from absl import flags

from depth_mai import program
from depth_mai.data import source
from depth_mai.devices import registry
from depth_mai.devices import store
from depth_mai.metrics import score
from depth_mai.ranking import contest
from depth_mai.ranking import leaderboard_text
from depth_mai.ranking import publication
from depth_mai.runtime import interface_evidence

_MODELS_DIR = flags.DEFINE_string(
  'models_dir', None, 'Folder of the .tflite files to rank.', required=True
)
_DATA_DIR = program.flag(
  'data_dir', 'Pictures and depth maps to measure errors on.', required=True
)
_OUTPUT_DIR = program.flag('output_dir', 'the leaderboard', required=True)
_SPLIT = program.flag('split')
_LIMIT = program.flag('limit')
_DEVICE = program.flag('device', registry.HELP)
_STORE = program.flag('store', default=store.default_path())
_SYSTEMS = flags.DEFINE_list(
  'systems', None, 'Systems to rank, separated by commas; all by default.'
)
_PRECISION = flags.DEFINE_list(
  'precision', None, 'Precisions to judge, separated by commas; all by default.'
)
_THREADS = program.flag('threads')
_WARMUP, _RUNS = program.flag('warmup'), program.flag('runs')
_SCORE_CONSTANT = flags.DEFINE_float(
  'score_constant',
  score.SCORE_CONSTANT,
  'The K in score = K * 2^(-20 si-RMSE) / runtime in ms.',
)
_DECLARED = program.interface_flags(
  'By default a file states it, or it is found with the true depth, and said.',
  'input_size',
)
_PAGE = flags.DEFINE_bool(
  'page', True, 'Also write the HTML page with the plot and depth pictures.'
)


def main(argv: list[str]) -> int:
  """Ranks the files and returns the exit code: 1 if a file failed."""
  program.no_arguments(argv)
  command = shlex.join(['python', '-m', 'depth_mai.leaderboard', *sys.argv[1:]])
  data_dir = source.resolve(_DATA_DIR.value)
  leaderboard = contest.run(
    contest.Contest(
      models_dir=_MODELS_DIR.value,
      data_dir=data_dir,
      split=_SPLIT.value,
      store=_STORE.value,
      device=_DEVICE.value,
      systems=_SYSTEMS.value,
      precisions=_PRECISION.value,
      threads=_THREADS.value,
      warmup=_WARMUP.value,
      runs=_RUNS.value,
      limit=_LIMIT.value,
      score_constant=_SCORE_CONSTANT.value,
      declared=interface_evidence.Declared(**_DECLARED()),
    )
  )
  # Printed first, in case the disk is full.
  print(f'\n{leaderboard_text.text(leaderboard)}', flush=True)
  files = publication.write_tables(leaderboard, _OUTPUT_DIR.value)
  if _PAGE.value:
    files += publication.write_page(
      leaderboard, _MODELS_DIR.value, data_dir, _OUTPUT_DIR.value, command
    )
  print('Wrote', ', '.join(str(path) for path in files))
  return 1 if leaderboard['problems'] else 0


if __name__ == '__main__':
  program.run(main)
