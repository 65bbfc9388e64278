# SPDX-License-Identifier: Apache-2.0
r"""Measures the stages of judging and of labelling a picture, on one core.

    python -m benchmarks.stages --data_dir=DIR --photographs=DIR [--count=48]

Prints the processor time of each stage. benchmarks/throughput.py measures the
programs as a whole.
"""

from collections.abc import Callable
from collections.abc import Iterable
import itertools
import os
import pathlib
import tempfile
import time
from typing import Any

# Before TensorFlow is imported, whose start-up messages would bury the table.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

from absl import flags

from depth_mai import program
from depth_mai.data import source
from depth_mai.evaluation import file_predictors
from depth_mai.files import ready_models
from depth_mai.labelling import agreement
from depth_mai.labelling import label_folder
from depth_mai.labelling import teachers as teachers_lib
from depth_mai.metrics import depth_metrics
from depth_mai.metrics import depth_order
from depth_mai.metrics import depth_scale
from depth_mai.metrics import table
from depth_mai.pictures import picture_files

_DATA_DIR = program.flag('data_dir', 'Pairs to judge.', required=True)
_SPLIT = program.flag('split')
_PHOTOGRAPHS = flags.DEFINE_string(
  'photographs', None, 'Folder of photographs to label.', required=True
)
_MODEL = program.flag('model', 'The .tflite file to measure.', default='tcl')
_COUNT = flags.DEFINE_integer('count', 48, 'Number of pictures.', 1)


class Stages:
  """Times one stage after the other.

  Attributes:
    rows: (stage, milliseconds of processor time for each item).
  """

  def __init__(self) -> None:
    """Starts without stages."""
    self.rows: list[tuple[str, float]] = []

  def run(
    self, name: str, action: Callable[..., Any], items: Iterable[tuple]
  ) -> list:
    """Calls an action with the arguments of each item; returns its results."""
    items = list(items)
    action(*items[0])  # Imports, allocates and fills caches.
    began_s = time.process_time()
    results = [action(*item) for item in items]
    seconds = time.process_time() - began_s
    self.rows.append((name, 1000 * seconds / len(items)))
    return results


def judging(stages: Stages) -> None:
  """Takes the stages of `evaluate`."""
  predictor = file_predictors.TflitePredictor(
    ready_models.model_path(_MODEL.value)
  )

  def predict(name, rgb_uint8, depth_mm):
    (pred_mm,) = predictor.predict_mm([name], [rgb_uint8])
    return pred_mm, depth_mm

  def read():
    pairs = source.evaluation_pairs(_DATA_DIR.value, _SPLIT.value)
    return list(itertools.islice(pairs, _COUNT.value))

  # The library reads them as one sequence.
  (pairs,) = stages.run('judging: read and check', read, [()])
  name, milliseconds = stages.rows.pop()
  stages.rows.append((name, milliseconds / len(pairs)))
  maps = stages.run('judging: predict', predict, pairs)
  stages.run('judging: metrics', depth_metrics.ImageErrors, maps)
  stages.run('judging: rank correlation', depth_order.rank_correlation, maps)
  stages.run('judging: medians', depth_scale.ratio, maps)


def labelling(stages: Stages) -> None:
  """Takes the stages of `label`, with one teacher and its mirror image."""
  paths = sorted(pathlib.Path(_PHOTOGRAPHS.value).rglob('*.jpg'))
  paths = paths[: _COUNT.value]
  if not paths:
    raise ValueError(f'--photographs={_PHOTOGRAPHS.value} has no .jpg file.')
  teacher = teachers_lib.open_teacher(_MODEL.value, 1)

  def predict(shown):
    return teachers_lib.opinions_mm([teacher], ['a'], [shown], True)[0]

  rgbs = stages.run(
    'labelling: read', picture_files.read_rgb, ((path,) for path in paths)
  )
  shown = stages.run(
    'labelling: resize',
    lambda rgb: teachers_lib.shown([teacher], rgb),
    ((rgb,) for rgb in rgbs),
  )
  opinions = stages.run(
    'labelling: predict, and its mirror image', predict, ((x,) for x in shown)
  )
  labels = stages.run(
    'labelling: join',
    lambda maps, rgb: agreement.join(maps, rgb.shape[:2]),
    zip(opinions, rgbs, strict=True),
  )
  with tempfile.TemporaryDirectory() as output:
    folder = label_folder.LabelFolder(output)
    with folder.claimed({}, False):
      stages.run(
        'labelling: write three files',
        lambda path, label: folder.write(path.stem, path, label, True),
        zip(paths, labels, strict=True),
      )


def main(argv: list[str]) -> None:
  """Prints the table."""
  program.no_arguments(argv)
  if hasattr(os, 'sched_setaffinity'):
    os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
  stages = Stages()
  judging(stages)
  labelling(stages)
  header = ['stage', 'CPU ms per picture']
  print(table.markdown_table(header, stages.rows, ['', '.1f']))


if __name__ == '__main__':
  program.run(main)
