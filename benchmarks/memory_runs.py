# SPDX-License-Identifier: Apache-2.0
"""What benchmarks/memory.py runs, and how it judges and draws the memory."""

from collections.abc import Callable
import dataclasses
import json
import os
import pathlib
import statistics
import sys

import numpy as np
from PIL import Image

from benchmarks import process_tree
from depth_mai.files import atomic
from depth_mai.files import ready_models

TCL_MB = 3 * 1024
TCL_STEPS = 300
_SIZE = (48, 64)  # of the small pictures
_LARGE = (480, 640)
_LARGE_PAIRS = 96
_MODEL = 'ours_s'
_TINY = """
train.network = @tiny
train.batch_size = 2
train.target_size = (16, 16)
train.evaluations = 4
train.train_eval_images = 8
train.log_every_steps = 50
train.epochs = {epochs}
"""


@dataclasses.dataclass(frozen=True)
class Activity:
  """Something that a user does.

  Attributes:
    command: from the folder of the output and the number of steps or pictures
      to the arguments of Python.
    most_mb: the most memory that it may take; None for any that stays flat.
  """

  command: Callable[[pathlib.Path, int], list[str]]
  most_mb: float | None = None


def _training(folder: pathlib.Path, count: int) -> list[str]:
  gin_file = folder / 'tiny.gin'
  gin_file.write_text(_TINY.format(epochs=2 * count / 100))
  pairs(folder / 'hundred', 100, _SIZE, ('train', 'validation'))
  return [
    'benchmarks.tiny_training',
    f'--gin_file={gin_file}',
    f'--data_dir={folder / "hundred"}',
    f'--workdir={folder / "training"}',
  ]


def _preparation(folder: pathlib.Path, count: int) -> list[str]:
  pairs(folder / 'pairs', count, _SIZE, ('train',))
  return [
    'depth_mai.datasets.mai_depth.prepare',
    f'--data_dir={folder / "pairs"}',
    f'--records_dir={folder / "preparation"}',
  ]


def _prediction(folder: pathlib.Path, count: int) -> list[str]:
  pairs(folder / 'pairs', count, _SIZE, ('train',))
  return [
    'depth_mai.predict',
    str(folder / 'pairs/train/rgb'),
    f'--model={_MODEL}',
    f'--output_dir={folder / "prediction"}',
  ]


def _labelling(folder: pathlib.Path, count: int) -> list[str]:
  pairs(folder / 'pairs', count, _SIZE, ('train',))
  return [
    'depth_mai.label',
    str(folder / 'pairs/train/rgb'),
    f'--model={_MODEL}',
    f'--output_dir={folder / "labelling"}',
    '--noflip',
  ]


def _judging(folder: pathlib.Path, count: int) -> list[str]:
  pairs(folder / 'pairs', count, _SIZE, ('train',))
  return [
    'depth_mai.judge',
    str(ready_models.model_path(_MODEL)),
    f'--data_dir={folder / "pairs"}',
    '--split=train',
    '--runs=5',
    '--time_s=1e6',
  ]


def _tcl(batch: int) -> Callable[[pathlib.Path, int], list[str]]:
  def command(folder: pathlib.Path, count: int) -> list[str]:
    del count
    pairs(folder / 'large', _LARGE_PAIRS, _LARGE, ('train',))
    epochs = TCL_STEPS * batch / _LARGE_PAIRS
    return [
      'depth_mai.train',
      '--gin_file=gin_configs/tcl.gin',
      f'--gin_param=train.batch_size = {batch}',
      f'--gin_param=train.epochs = {epochs}',
      '--gin_param=train.train_eval_images = 0',
      f'--data_dir={folder / "large"}',
      f'--workdir={folder / f"tcl_{batch}"}',
    ]

  return command


ACTIVITIES = {
  'training': Activity(_training),
  'preparation': Activity(_preparation),
  'prediction': Activity(_prediction),
  'labelling': Activity(_labelling),
  'judging': Activity(_judging),
  'tcl_16': Activity(_tcl(16), TCL_MB),
  'tcl_32': Activity(_tcl(32), TCL_MB),
}


def pairs(
  root: pathlib.Path,
  count: int,
  size: tuple[int, int],
  splits: tuple[str, ...],
) -> None:
  """Writes pairs of a slope, each with another brightness, where none are.

  Args:
    root: folder in the challenge's layout.
    count: number of pairs of a split.
    size: height and width, pixels.
    splits: names of the splits.
  """
  slope_mm = np.linspace(4000, 800, size[0], dtype=np.uint16)[:, None]
  slope_mm = np.repeat(slope_mm, size[1], axis=1)
  for split in splits:
    folders = [root / split / kind for kind in ('rgb', 'depth')]
    for folder in folders:
      folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
      paths = [folder / f'{number:06d}.png' for folder in folders]
      if not paths[1].exists():
        rgb = np.repeat((slope_mm // 20 + number % 50)[..., None], 3, axis=2)
        Image.fromarray(rgb.astype(np.uint8)).save(paths[0])
        Image.fromarray(slope_mm + np.uint16(number % 999)).save(paths[1])


def growth_mb(samples: list[tuple[float, float]]) -> float:
  """Returns how much memory grew in the second half of a run.

  Args:
    samples: (seconds, MB), see process_tree.Record.

  Returns:
    The median of the last tenth minus that of the sixth tenth, as the start may
    take long; 0 for a run of fewer than 20 samples, which says nothing.
  """
  if len(samples) < 20:
    return 0.0
  tenth = len(samples) // 10
  values = [mb for _, mb in samples]
  early = statistics.median(values[5 * tenth : 6 * tenth])
  return statistics.median(values[-tenth:]) - early


def draw(results: dict[str, dict], path: str | os.PathLike[str]) -> None:
  """Draws the memory of each run over its progress.

  Args:
    results: by name of the activity, {'count', 'samples'}.
    path: PNG file to write.
  """
  import matplotlib

  matplotlib.use('agg')
  from matplotlib import pyplot

  figure, axes = pyplot.subplots(figsize=(6.4, 3.6), dpi=100)
  for name, result in results.items():
    seconds, mb = np.transpose(result['samples'])
    axes.plot(100 * seconds / seconds[-1], mb, label=name, linewidth=1.2)
  axes.set(xlim=(0, 100), xlabel='share of the run, %', ylabel='memory, MB')
  axes.set_ylim(bottom=0)
  axes.grid(alpha=0.3)
  axes.legend(
    fontsize='small', ncols=4, loc='lower left', bbox_to_anchor=(0, 1)
  )
  figure.tight_layout()
  with atomic.atomic_path(path) as temporary:
    figure.savefig(temporary, format='png')
  pyplot.close(figure)


def measure(folder: pathlib.Path, names: list[str], count: int) -> dict:
  """Runs what was not run yet.

  Args:
    folder: folder of the output.
    names: names in ACTIVITIES.
    count: number of steps and pictures.

  Returns:
    The results of all runs by name, from memory.json.

  Raises:
    ValueError: if a program fails.
  """
  folder.mkdir(parents=True, exist_ok=True)
  path = folder / 'memory.json'
  results = json.loads(path.read_text()) if path.exists() else {}
  for name in names:
    if name in results:
      continue
    command = ACTIVITIES[name].command(folder, count)
    log = folder / f'{name}.log'
    print(f'{name}: {" ".join(command)}', flush=True)
    record = process_tree.run([sys.executable, '-m', *command], log)
    # 1: accepted or not, the file was judged.
    if record.exit_code not in ((0, 1) if name == 'judging' else (0,)):
      raise ValueError(f'{name} failed; {log} says why.')
    results[name] = {'count': count, **dataclasses.asdict(record)}
    atomic.write_json(path, results)
  return results
