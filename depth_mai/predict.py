# SPDX-License-Identifier: Apache-2.0
r"""Predicts the depth of pictures, or of a camera or video, live.

Each picture gives <name>_depth.png (16 bits, millimetres), <name>_colour.png
(with a bar in metres) and <name>_side_by_side.png. Pictures that cannot be read
are listed and make the exit code 1; the others are done. Of a camera or video,
--output_dir keeps <number>_depth.png.

Examples:
  python -m depth_mai.predict --model=tcl photo.jpg holiday/ --output_dir=depth
  python -m depth_mai.predict --model=tcl --camera=0 --view=browser
"""

import sys

from absl import app
from absl import flags

from depth_mai.files import ready_models
from depth_mai.report import picture
from depth_mai.report import scale
from depth_mai.runtime import batch_prediction
from depth_mai.runtime import model_file
from depth_mai.streaming import live

_MODEL = flags.DEFINE_string(
  'model',
  None,
  'A .tflite file, or the name of a system in pretrained/.',
  required=True,
)
_OUTPUT_DIR = flags.DEFINE_string(
  'output_dir', None, 'Folder for the results; made if missing.'
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
_CAMERA = flags.DEFINE_string(
  'camera', None, '0 for /dev/video0, rpicam for a Raspberry Pi camera.'
)
_VIDEO = flags.DEFINE_string(
  'video', None, 'A video, a folder of pictures, or - for Motion JPEG on stdin.'
)
_VIEW = flags.DEFINE_enum('view', 'none', live.VIEWS, 'Where to see it live.')
_ADDRESS = flags.DEFINE_string(
  'address', 'localhost:8000', 'Host and port of --view=browser.'
)
_EVERY_FRAME = flags.DEFINE_bool(
  'every_frame', False, 'Whether to take all frames of a video, at any speed.'
)
_MAX_FRAMES = flags.DEFINE_integer(
  'max_frames', 0, 'Frames to show of a camera or video; 0 for all.', 0
)


def _pictures(model, inputs, colours):
  if not _OUTPUT_DIR.value:
    raise ValueError('Name a folder for the results with --output_dir.')
  draw = lambda *pair: picture.draw_prediction(colours, *pair)
  return batch_prediction.predict_files(
    model, inputs, _OUTPUT_DIR.value, draw, overwrite=_OVERWRITE.value
  )


def _stream(model, inputs, colours):
  if inputs:
    raise ValueError(f'Beside --camera or --video, leave out {inputs}.')
  live.run_until_interrupted(
    model, _CAMERA.value, _VIDEO.value, _VIEW.value, _ADDRESS.value, colours,
    _OUTPUT_DIR.value, _OVERWRITE.value, _EVERY_FRAME.value, _MAX_FRAMES.value,
  )  # fmt: skip
  return []


def main(argv: list[str]) -> int:
  """Predicts; returns the exit code, 1 if a picture failed."""
  try:
    colours = scale.ColourRange(_NEAR_M.value, _FAR_M.value)
    predict = _pictures if _CAMERA.value is _VIDEO.value is None else _stream
    model = model_file.TfliteModel(
      ready_models.model_path(_MODEL.value), num_threads=_NUM_THREADS.value
    )
    problems = predict(model, argv[1:], colours)
  except ValueError as error:
    sys.exit(f'predict: {error}')
  for problem in problems:
    print(f'predict: {problem}', file=sys.stderr)
  return 1 if problems else 0


if __name__ == '__main__':
  app.run(main)
