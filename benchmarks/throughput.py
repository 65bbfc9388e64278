# SPDX-License-Identifier: Apache-2.0
r"""Compares the programs' speed with a plain loop, one picture at a time.

    python -m benchmarks.throughput --data_dir=DIR --photographs=DIR \
        [--sections=judging,labelling,preparation,start_up] [--count=48]

The plain loop and the library take turns in one process, so that the machine's
other work meets both; only ratios carry over to other machines. A ratio of
processor time below the ratio of elapsed time means that cores were used at the
same time. benchmarks/input_pipeline.py measures the batches of a training.
"""

from collections.abc import Callable
import io
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

# Before TensorFlow is imported, whose start-up messages would bury the lines.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

from absl import flags
import numpy as np
from PIL import Image

from depth_mai import challenge
from depth_mai import command_line
from depth_mai import program
from depth_mai.challenge_folder import folder
from depth_mai.data import source
from depth_mai.evaluation import evaluation
from depth_mai.evaluation import file_predictors
from depth_mai.files import ready_models
from depth_mai.labelling import agreement
from depth_mai.labelling import label_folder
from depth_mai.labelling import labelling
from depth_mai.labelling import teachers as teachers_lib
from depth_mai.pictures import picture_files
from depth_mai.pictures import true_depth

_SECTIONS = ('judging', 'labelling', 'preparation', 'start_up')
_DATA_DIR = program.flag(
  'data_dir', 'Pairs in the layout of the challenge.', default=''
)
_SPLIT = program.flag('split')
_PHOTOGRAPHS = flags.DEFINE_string(
  'photographs', '', 'Folder of photographs to label.'
)
_MODEL = program.flag('model', 'The .tflite file to measure.', default='tcl')
_TEACHER = flags.DEFINE_string(
  'teacher', 'tcl', 'The network that labels: a .keras or a .tflite file.'
)
_CHOSEN = flags.DEFINE_list('sections', list(_SECTIONS), 'What is measured.')
_COUNT = flags.DEFINE_integer('count', 48, 'Pictures of each turn.', 1)
_TURNS = flags.DEFINE_integer('turns', 4, 'Turns of each of the two.', 1)
_RANGES_M = (1.0, 2.0, 4.0, 8.0, 16.0)


class Seconds(NamedTuple):
  """What something took.

  Attributes:
    elapsed: by the clock.
    cpu: processor time of all threads.
  """

  elapsed: float
  cpu: float


def timed(action: Callable[[], object]) -> Seconds:
  """Times an action."""
  elapsed, cpu = time.perf_counter(), time.process_time()
  action()
  return Seconds(time.perf_counter() - elapsed, time.process_time() - cpu)


def compare(
  name: str, plain: Callable[[], object], library: Callable[[], object]
) -> None:
  """Lets both take turns, and prints a row of a table."""
  for action in (plain, library):
    action()  # Fills caches, and compiles.
  turns = [(timed(plain), timed(library)) for _ in range(_TURNS.value)]
  count = _COUNT.value * len(turns)
  slow, fast = (
    Seconds(*(sum(values) for values in zip(*side, strict=True)))
    for side in zip(*turns, strict=True)
  )
  print(
    f'| {name} | {count / fast.elapsed:.1f} | '
    f'{1000 * slow.cpu / count:.1f} | {1000 * fast.cpu / count:.1f} | '
    f'{slow.cpu / fast.cpu:.2f} | {slow.elapsed / fast.elapsed:.2f} |',
    flush=True,
  )


def plain_metrics(pred_mm: np.ndarray, depth_mm: np.ndarray) -> list[float]:
  """Returns what evaluation measures, in whole arrays one after the other."""
  known = depth_mm > 1
  p = np.maximum(pred_mm[known].astype(np.float64), 1.0)
  d = depth_mm[known].astype(np.float64)
  error, log_error = (p - d) / challenge.MM_PER_M, np.log(p / d)
  ratio = np.maximum(p / d, d / p)
  columns = [
    np.square(error),
    error,
    np.abs(log_error) / math.log(10),
    np.abs(p - d) / d,
    *(ratio < 1.25**power for power in (1, 2, 3)),
  ]
  index = np.searchsorted(np.array(_RANGES_M) * challenge.MM_PER_M, d, 'right')
  means = [float(np.mean(column)) for column in columns]
  for column in columns:
    means += list(np.bincount(index, column, len(_RANGES_M) + 1))
  return [*means, float(np.std(log_error))]


def pairs_of(root: str | os.PathLike[str]) -> list[tuple[str, ...]]:
  """Returns (id, picture, depth map) of the first pairs of a folder."""
  pairs = folder.list_pairs(root, _SPLIT.value)[: _COUNT.value]
  return [(x.id, str(x.rgb_path), str(x.depth_path)) for x in pairs]


def judging() -> None:
  """Evaluates a .tflite file, as `evaluate`, `judge` and `leaderboard` do."""
  predictor = file_predictors.TflitePredictor(
    ready_models.model_path(_MODEL.value)
  )
  pairs = pairs_of(_DATA_DIR.value)

  def plain() -> None:
    for name, rgb_path, depth_path in pairs:
      rgb = picture_files.read_rgb(rgb_path)
      depth_mm = true_depth.read_mm(depth_path)[0]
      (pred_mm,) = predictor.predict_mm([name], [rgb])
      plain_metrics(pred_mm, depth_mm)

  def library() -> None:
    evaluation.evaluate(
      predictor,
      source.evaluation_pairs(_DATA_DIR.value, _SPLIT.value),
      len(pairs),
    )

  compare('judging', plain, library)


def preparation() -> None:
  """Writes the records of a folder."""
  import tensorflow as tf

  from depth_mai.data import records
  from depth_mai.datasets.mai_depth import mai_depth_dataset_builder as mai

  pairs = pairs_of(_DATA_DIR.value)
  with tempfile.TemporaryDirectory() as working:
    root = pathlib.Path(working, 'data')
    for _, *paths in pairs:
      for path in map(pathlib.Path, paths):
        copy = root / _SPLIT.value / path.parent.name / path.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)

    def plain() -> None:
      with tf.io.TFRecordWriter(os.path.join(working, 'plain')) as writer:
        for key, rgb_path, depth_path in pairs_of(root):
          arrays = {
            'rgb': picture_files.read_rgb(rgb_path),
            'depth': true_depth.read_mm(depth_path)[0],
          }
          features = {'id': key.encode()}
          for name, values in arrays.items():
            stream = io.BytesIO()
            Image.fromarray(values).save(stream, 'PNG')
            features[name] = stream.getvalue()
          feature = {
            name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[x]))
            for name, x in features.items()
          }
          example = tf.train.Example(
            features=tf.train.Features(feature=feature)
          )
          writer.write(example.SerializeToString())

    def library() -> None:
      with tempfile.TemporaryDirectory(dir=working) as output:
        records.write(mai.Builder(data_dir=output), root)

    compare('preparation', plain, library)


def label() -> None:
  """Labels photographs with one teacher and its mirror image."""
  paths = sorted(pathlib.Path(_PHOTOGRAPHS.value).rglob('*.jpg'))
  paths = paths[: _COUNT.value]
  teacher = teachers_lib.open_teacher(_TEACHER.value, os.cpu_count() or 1)

  def plain() -> None:
    with tempfile.TemporaryDirectory() as output:
      labels = label_folder.LabelFolder(output)
      with labels.claimed({}, False):
        for path in paths:
          rgb = picture_files.read_rgb(path)
          (opinions,) = teachers_lib.opinions_mm(
            [teacher], [path.stem], [teachers_lib.shown([teacher], rgb)], True
          )
          label = agreement.join(opinions, rgb.shape[:2])
          labels.write(path.stem, path, label, True)

  def library() -> None:
    with tempfile.TemporaryDirectory() as output:
      labelling.label_photographs(
        [teacher], list(map(str, paths)), output, report_line=lambda _: None
      )

  compare('labelling', plain, library)


def start_up() -> None:
  """Starts every program, as multiples of an empty Python program."""

  def best_s(arguments: list[str]) -> float:
    def run() -> None:
      subprocess.run(
        [sys.executable, *arguments], check=False, capture_output=True
      )

    return min(timed(run).elapsed for _ in range(_TURNS.value))

  print('\n| program | --help, s | times `python -c pass` |\n|---|---:|---:|')
  for name in command_line.PROGRAMS:
    # In turn, as the machine may have become slower meanwhile.
    nothing_s = best_s(['-c', 'pass'])
    help_s = best_s(['-m', f'depth_mai.{name}', '--help'])
    print(f'| {name} | {help_s:.2f} | {help_s / nothing_s:.1f} |', flush=True)


def main(argv: list[str]) -> None:
  """Measures the chosen sections."""
  program.no_arguments(argv)
  sections = {
    'judging': judging,
    'labelling': label,
    'preparation': preparation,
    'start_up': start_up,
  }
  needed = {'judging': _DATA_DIR, 'preparation': _DATA_DIR}
  needed['labelling'] = _PHOTOGRAPHS
  for name in _CHOSEN.value:
    if name not in sections:
      raise ValueError(f'--sections={name} must be of {", ".join(_SECTIONS)}.')
    if name in needed and not needed[name].value:
      raise ValueError(f'--sections={name} needs --{needed[name].name}.')
  if set(_CHOSEN.value) - {'start_up'}:
    print(
      '| section | pictures/s | CPU ms per picture, plain loop | CPU ms, '
      'library | plain / library, CPU | plain / library, elapsed |\n'
      '|---|---:|---:|---:|---:|---:|'
    )
  for name in _CHOSEN.value:
    sections[name]()


if __name__ == '__main__':
  program.run(main)
