# SPDX-License-Identifier: Apache-2.0
"""Damaged inputs of the programs themselves, as a user runs them."""

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

from benchmarks.damage import containers
from benchmarks.damage import kind as kind_lib
from benchmarks.damage import model_files
from benchmarks.damage import picture_kinds
from benchmarks.damage import samples
from benchmarks.damage import texts
from depth_mai.pictures import picture_files

Case = kind_lib.Case
Kind = kind_lib.Kind
Original = kind_lib.Original

_CHECKOUT = pathlib.Path(__file__).parents[2]
_MODEL = 'models/small_fp32.tflite'
_CHECKPOINT = 'run/checkpoints/step_00000002.npz'
_RECORDINGS = """rgb = '{split}/rgb/{id}.png'
depth = '{split}/depth/{id}.png'
depth_unit = 'mm'
"""
# One pass over two pairs: a training of one step.
_ONE_STEP = (
  '--gin_param=train.epochs = 1',
  '--gin_param=train.batch_size = 2',
  '--gin_param=train.evaluations = 1',
  '--gin_param=train.train_eval_images = 0',
)
_TWO_STEPS = ('--gin_param=train.epochs = 2', *_ONE_STEP[1:])
# Name -> program and arguments; {folder} and {output} are those of the case.
_COMMANDS: dict[str, tuple[str, ...]] = {
  'predict': (
    'depth_mai.predict', f'--model={{folder}}/{_MODEL}',
    '--output_dir={output}', '{folder}/data/validation/rgb/0.png',
  ),
  'summary': (
    'depth_mai.summary', f'--model={{folder}}/{_MODEL}',
    '--json={output}/figures.json',
  ),
  'evaluate': (
    'depth_mai.evaluate', f'--model={{folder}}/{_MODEL}',
    '--data_dir={folder}/data', '--json={output}/figures.json',
  ),
  'judge': (
    'depth_mai.judge', f'{{folder}}/{_MODEL}', '--data_dir={folder}/data',
    '--limit=1', '--runs=1', '--warmup=1', '--json={output}/figures.json',
  ),
  'benchmark': (
    'depth_mai.benchmark', f'--model={{folder}}/{_MODEL}', '--runs=2',
    '--warmup=1', '--store={output}/measurements.jsonl',
    '--json={output}/figures.json',
  ),
  'leaderboard': (
    'depth_mai.leaderboard', '--models_dir={folder}/models', '--nopage',
    '--data_dir={folder}/data', '--runs=2', '--warmup=1',
    '--store={output}/measurements.jsonl', '--output_dir={output}',
  ),
  'curves': (
    'depth_mai.report.curves', '--output={output}/curves.png', '{folder}/run',
  ),
  'check': (
    'depth_mai.datasets.mai_depth.prepare', '--data_dir={folder}/data',
    '--report_only',
  ),
  'survey': (
    'depth_mai.datasets.rgbd_folder.prepare', '--source={folder}/data',
    '--description={folder}/layout.toml', '--report_only',
  ),
  'convert': (
    'depth_mai.convert', '--workdir={folder}/run', '--output_dir={output}',
  ),
  'train': (
    'depth_mai.train', '--gin_file={folder}/run.gin',
    '--data_dir={folder}/data', '--workdir={output}/run', *_ONE_STEP,
  ),
  # The training of two steps in {folder}/run is complete: it resumes at its
  # last checkpoint.
  'resume': (
    'depth_mai.train', '--gin_file={folder}/run.gin',
    '--data_dir={folder}/data', '--workdir={folder}/run', *_TWO_STEPS,
  ),
  'table': ('benchmarks.tables', 'device', '{folder}/leaderboard.json'),
}  # fmt: skip
# Name of the command, damaged file, and how its structure is damaged.
_INPUTS: tuple[tuple[str, str, kind_lib.Damager], ...] = (
  ('predict', 'data/validation/rgb/0.png', containers.damaged_png),
  ('predict', _MODEL, model_files.damaged_model),
  ('summary', _MODEL, model_files.damaged_model),
  ('evaluate', _MODEL, model_files.damaged_model),
  ('evaluate', 'data/validation/depth/0.png', containers.damaged_png),
  ('judge', _MODEL, model_files.damaged_model),
  ('benchmark', _MODEL, model_files.damaged_model),
  ('leaderboard', _MODEL, model_files.damaged_model),
  ('curves', 'run/metrics.jsonl', texts.damaged_json_lines),
  ('check', 'data/train/rgb/0.png', containers.damaged_png),
  ('survey', 'layout.toml', texts.damaged_toml),
  ('convert', 'run/best.keras', containers.damaged_zip),
  ('convert', 'run/versions.json', texts.damaged_json),
  ('train', 'run.gin', texts.damaged_gin),
  ('resume', _CHECKPOINT, containers.damaged_own_npz),
  ('resume', 'run/metrics.jsonl', texts.damaged_json_lines),
)


def _build(root: pathlib.Path) -> list[Original]:
  from benchmarks.damage import networks

  place = root / 'project'
  samples.write_challenge_folder(place / 'data', {'train': 2, 'validation': 1})
  networks.write_tflite(place / 'models', 'fp32', 'mm')
  (place / 'layout.toml').write_text(_RECORDINGS)
  (place / 'run.gin').write_text(
    "include 'gin_configs/tcl_96x128.gin'\ntrain.cache = 'none'\n"
  )
  done = subprocess.run(
    _command('resume', place, place),
    env=_environment(root),
    cwd=_CHECKOUT,
  )
  if done.returncode:
    raise RuntimeError('the undamaged training failed')
  return [
    Original(
      'project',
      file,
      damager,
      argument=command,
      checked=file.endswith(('.png', '.npz', '.keras')),
      sized=file.endswith(('.png', '.npz', '.keras', '.tflite')),
    )
    for command, file, damager in _INPUTS
  ]


def _build_leaderboard(root: pathlib.Path) -> list[Original]:
  place = root / 'leaderboard'
  place.mkdir()
  figures = {
    'size_mb': 0.8,
    'partitions': 1,
    'instructions': 29.0e6,
    'instructions_no_xnnpack': 37.1e6,
    'si_rmse': 0.2466,
    'si_rmse_change': -0.0001,
  }
  files = {'fp32': figures, 'int8': figures}
  content = {
    'runtimes': 'predicted',
    'device': {'kind': 'emulated_pi4'},
    'precisions': [{'system': 'tcl', 'files': files}],
  }
  (place / 'leaderboard.json').write_text(json.dumps(content, indent=2))
  return [
    Original(
      place.name,
      'leaderboard.json',
      texts.damaged_json,
      argument='table',
    )
  ]


def _command(
  name: str, folder: pathlib.Path, output: pathlib.Path
) -> list[str]:
  filled = [one.format(folder=folder, output=output) for one in _COMMANDS[name]]
  return [sys.executable, '-m', *filled]


def _environment(folder: pathlib.Path) -> dict[str, str]:
  # The records must not outlive the case.
  return {**os.environ, 'DEPTH_MAI_RECORDS': str(folder / 'records')}


def _call(case: Case) -> Any:
  """Runs a program; ends as it does, and returns its results."""
  done = subprocess.run(
    _command(case.original.argument, case.folder, case.output),
    env=_environment(case.folder.parent),
    cwd=_CHECKOUT,
    capture_output=True,
  )
  os.write(1, done.stdout)
  os.write(2, done.stderr)
  if done.returncode < 0:
    os.kill(os.getpid(), -done.returncode)
  if done.returncode:
    sys.exit(done.returncode)
  return _results(case.output)


def _results(output: pathlib.Path) -> dict[str, Any]:
  """Returns what a program wrote that is the same in each run."""
  found: dict[str, Any] = {}
  for path in sorted(output.glob('*_depth.png')):
    found[path.name] = picture_kinds.digest(picture_files.read_depth_mm(path))
  figures = output / 'figures.json'
  if figures.exists():
    content = json.loads(figures.read_text())
    for key in ('totals', 'si_rmse', 'accepted'):
      if key in content:
        found[key] = content[key]
  return found


KINDS = (
  Kind(
    'leaderboard',
    _build_leaderboard,
    _call,
    limit_s=60.0,
    shares=(0.4, 0.56, 0.04),
  ),
  # A resumed training writes into its folder.
  Kind('command', _build, _call, limit_s=300.0, keeps=False),
)
