# SPDX-License-Identifier: Apache-2.0
r"""Draws predicted depth maps and their errors, without the photographs.

  python -m depth_mai.label --model=runs/lite2/best.keras \
    DATA/validation/rgb --output_dir=runs/labels
  python -m benchmarks.depth_maps --data_dir=DATA \
    --predictions=runs/labels/train/depth --output=maps.png

The licence of most data sets forbids to publish their pictures and depth maps;
what a network predicts may be shown. There is a row for each of some evenly
spaced pictures and a column for each --predictions.
"""

import os

from absl import flags

from depth_mai import program
from depth_mai.data import source
from depth_mai.evaluation import evaluation
from depth_mai.evaluation import file_predictors
from depth_mai.report import leaderboard_pictures
from depth_mai.runtime import image_io

_DATA_DIR = program.flag('data_dir', required=True)
_SPLIT = program.flag('split')
_PREDICTIONS = flags.DEFINE_multi_string(
  'predictions',
  None,
  'Folder of predicted depth maps: 16-bit PNGs called <id>.png. NAME=FOLDER '
  'gives its column a title. May be given several times.',
  required=True,
)
_PICTURES = flags.DEFINE_integer('pictures', 4, 'Pictures to draw.', 1)
_OUTPUT = flags.DEFINE_string('output', None, 'PNG to write.', required=True)
_TILE_PX = 240


def _titled(predictions: str) -> tuple[str, str]:
  """Returns the title of a folder's column, and the folder."""
  title, _, folder = predictions.rpartition('=')
  return title or os.path.basename(folder.rstrip(os.sep)), folder


def main(argv: list[str]) -> None:
  """Reads the pairs and the predictions, and writes the picture."""
  program.no_arguments(argv)
  data_dir = source.resolve(_DATA_DIR.value)
  names = evaluation.split_ids(data_dir, _SPLIT.value)
  chosen = {
    names[index]
    for index in leaderboard_pictures.example_indices(
      len(names), _PICTURES.value
    )
  }
  examples = [
    pair
    for pair in source.evaluation_pairs(data_dir, _SPLIT.value)
    if pair[0] in chosen
  ]
  predictions = {}
  for title, folder in map(_titled, _PREDICTIONS.value):
    predictor = file_predictors.PngPredictor(folder, names, sorted(chosen))
    predictions[title] = [
      image_io.resize_depth_mm(
        predictor.predict_mm([name], [rgb_uint8])[0], depth_mm.shape
      )
      for name, rgb_uint8, depth_mm in examples
    ]
  leaderboard_pictures.leaderboard_pictures(
    predictions, examples, _OUTPUT.value, _TILE_PX, with_data=False
  )
  print(f'Wrote {_OUTPUT.value}.')


if __name__ == '__main__':
  program.run(main)
