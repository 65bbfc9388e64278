# SPDX-License-Identifier: Apache-2.0
r"""Predicts the depth of pictures with a .tflite model.

Each picture gives <name>_depth.png (16 bits, millimetres), <name>_colour.png
(with a bar in metres) and <name>_side_by_side.png. Pictures that cannot be read
are listed at the end and make the exit code 1; the others are done.

Example:
  python -m depth_mai.predict --model=tcl photo.jpg holiday/ --output_dir=depth
"""

import sys

from absl import app
from absl import flags

from depth_mai import ready_models
from depth_mai.report import picture
from depth_mai.runtime import batch_prediction
from depth_mai.runtime import model_file

_MODEL = flags.DEFINE_string(
  'model',
  None,
  'The .tflite file to predict with, or the name of a system in pretrained/.',
  required=True,
)
_OUTPUT_DIR = flags.DEFINE_string(
  'output_dir', None, 'Folder for the results; made if missing.', required=True
)
_NEAR_M = flags.DEFINE_float(
  'near_m', None, 'Depth of the nearest colour, metres; default: per picture.'
)
_FAR_M = flags.DEFINE_float(
  'far_m', None, 'Depth of the farthest colour, metres; default: per picture.'
)
_NUM_THREADS = flags.DEFINE_integer('num_threads', 1, 'Threads for the model.')
_OVERWRITE = flags.DEFINE_bool(
  'overwrite', False, 'Whether to replace the results of an earlier run.'
)


def _draw(rgb_uint8, depth_m):
  """Returns the colour picture and the side-by-side picture."""
  near_m, far_m = picture.depth_range(depth_m)
  near_m = near_m if _NEAR_M.value is None else _NEAR_M.value
  far_m = far_m if _FAR_M.value is None else _FAR_M.value
  colour = picture.colourise(depth_m, near_m, far_m)
  return (
    picture.with_colour_bar(colour, near_m, far_m),
    picture.side_by_side(rgb_uint8, depth_m, near_m=near_m, far_m=far_m),
  )


def _check_range():
  """Refuses a range of colours that holds no depth, before any work."""
  near_m, far_m = _NEAR_M.value, _FAR_M.value
  ordered = near_m is None or far_m is None or near_m < far_m
  positive = all(value is None or value > 0 for value in (near_m, far_m))
  if not (ordered and positive):
    raise app.UsageError(
      f'--near_m={near_m} --far_m={far_m}: give 0 < near_m < far_m, metres.'
    )


def main(argv: list[str]) -> int:
  """Predicts; returns the exit code, 1 if a picture failed."""
  _check_range()
  try:
    problems = batch_prediction.predict_files(
      model_file.TfliteModel(
        ready_models.model_path(_MODEL.value), num_threads=_NUM_THREADS.value
      ),
      argv[1:],
      _OUTPUT_DIR.value,
      _draw,
      overwrite=_OVERWRITE.value,
    )
  except ValueError as error:
    sys.exit(f'predict: {error}')
  for problem in problems:
    print(f'predict: {problem}', file=sys.stderr)
  return 1 if problems else 0


if __name__ == '__main__':
  app.run(main)
