# SPDX-License-Identifier: Apache-2.0
r"""Judges the .tflite files of a folder and ranks their systems.

  python -m depth_mai.leaderboard --models_dir=tflite --data_dir=DIR \
    --split=validation --device=local --output_dir=leaderboard

Every file is timed on this device and measured on the split; each system is
ranked by the file of the precision that its team submitted, beside the row of
the challenge report. Writes leaderboard.{txt,md,json,html}, plot and depth
pictures. What was judged is kept in the store, where depth_mai.benchmark puts
its reports, too, and not judged again. Files that cannot be judged make the
exit code 1; the others are ranked.
"""

import shlex
import sys

from absl import app
from absl import flags

from depth_mai.data import source
from depth_mai.devices import registry
from depth_mai.devices import store
from depth_mai.metrics import score
from depth_mai.ranking import contest
from depth_mai.ranking import leaderboard_text
from depth_mai.ranking import publication

_STRING, _LIST = flags.DEFINE_string, flags.DEFINE_list
_INTEGER = flags.DEFINE_integer
_MODELS_DIR = _STRING(
  'models_dir', None, 'Folder of .tflite files.', required=True
)
_DATA_DIR = _STRING(
  'data_dir',
  None,
  'Folder with {train,validation}/{rgb,depth}, a prepared tfds folder, or '
  'procedural_rooms.',
  required=True,
)
_OUTPUT_DIR = _STRING('output_dir', None, 'Where to write.', required=True)
_SPLIT = _STRING('split', 'validation', 'What to measure the errors on.')
_DEVICE = _STRING('device', 'local', registry.HELP)
_STORE = _STRING(
  'store', store.default_path(), 'File in which measurements are kept.'
)
_SYSTEMS = _LIST('systems', None, 'Systems to judge; default: all.')
_PRECISION = _LIST('precision', None, 'Precisions to judge; default: all.')
_THREADS = _INTEGER('threads', 1, 'Threads for the kernels.', 1)
_WARMUP = _INTEGER('warmup', 10, 'Runs that are not counted.', 1)
_RUNS = _INTEGER('runs', 50, 'Runs that are counted.', 1)
_LIMIT = _INTEGER('limit', None, 'Measure on the first N images only.', 1)
_SCORE_CONSTANT = flags.DEFINE_float(
  'score_constant',
  score.SCORE_CONSTANT,
  'K of Score = K * 2^(-20 si-RMSE) / runtime in ms.',
)
_PAGE = flags.DEFINE_bool('page', True, 'Whether to write page and pictures.')


def main(argv: list[str]) -> int:
  """Judges, ranks and writes; returns the exit code, 1 if a file failed."""
  if len(argv) > 1:
    raise app.UsageError(f'Unexpected arguments: {argv[1:]}')
  command = shlex.join(['python', '-m', 'depth_mai.leaderboard', *sys.argv[1:]])
  try:
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
      )
    )
    files = publication.write_tables(leaderboard, _OUTPUT_DIR.value)
    print(f'\n{leaderboard_text.text(leaderboard)}', flush=True)
    if _PAGE.value:
      files += publication.write_page(
        leaderboard, _MODELS_DIR.value, data_dir, _OUTPUT_DIR.value, command
      )
  except ValueError as error:
    raise SystemExit(f'leaderboard: {error}') from error
  print('Wrote', ', '.join(str(path) for path in files))
  return 1 if leaderboard['problems'] else 0


if __name__ == '__main__':
  app.run(main)
