# SPDX-License-Identifier: Apache-2.0
r"""Predicts the depth of pictures, or live depth of a camera or video.

For each picture it writes <name>_depth.png (16 bits, millimetres),
<name>_colour.png (with a colour bar in metres) and <name>_side_by_side.png; for
--point_cloud also <name>_points.ply, and for --page one page.html of all.
Pictures that cannot be read are listed and make the exit code 1; the others are
still predicted. For a camera or video it writes <number>_depth.png, for the
pictures of a folder <name>_depth.png, if --output_dir is given.

Examples:
  python -m depth_mai.predict photo.jpg holiday/ --output_dir=depth --page
  python -m depth_mai.predict --model=tcl --camera=0 --view=browser
"""

import functools
import os
import sys

from absl import flags

from depth_mai import program
from depth_mai.files import ready_models
from depth_mai.report import depth_page
from depth_mai.report import picture
from depth_mai.report import point_cloud
from depth_mai.report import scale
from depth_mai.runtime import batch_prediction
from depth_mai.runtime import cpus
from depth_mai.runtime import interface_evidence
from depth_mai.runtime import model_file
from depth_mai.streaming import live

_MODEL = program.flag(
  'model', 'The .tflite file to predict with.', default=ready_models.DEFAULT
)
_OUTPUT_DIR = program.flag('output_dir', 'the depth maps and pictures')
_THREADS = program.flag('threads')
_NEAR_M = flags.DEFINE_float(
  'near_m',
  None,
  'Depth of the first colour, metres; by default each picture has its own.',
)
_FAR_M = flags.DEFINE_float(
  'far_m',
  None,
  'Depth of the last colour, metres; by default each picture has its own.',
)
_DECLARED = program.interface_flags('By default the file states it.')
_OVERWRITE = flags.DEFINE_bool(
  'overwrite', False, 'Replace the results of an earlier run.'
)
_PAGE = flags.DEFINE_bool(
  'page', False, 'Write page.html, which shows all pictures in a browser.'
)
_POINT_CLOUD = flags.DEFINE_bool(
  'point_cloud', False, 'Write the coloured points in space, as .ply files.'
)
_FOV = flags.DEFINE_float(
  'fov', point_cloud.FOV,
  'Field of view of --point_cloud along the longer side, degrees.', 1, 179,
)  # fmt: skip
_CAMERA = flags.DEFINE_string(
  'camera',
  None,
  'Camera to predict live: 0 for /dev/video0, or rpicam for a camera on the '
  'ribbon cable of a Raspberry Pi.',
)
_VIDEO = flags.DEFINE_string(
  'video',
  None,
  'Video to predict live: a file, a folder of pictures, or - for Motion JPEG '
  'on standard input.',
)
_VIEW = flags.DEFINE_enum('view', 'none', live.VIEWS, 'Where depth is shown.')
_ADDRESS = flags.DEFINE_string(
  'address', 'localhost:8000', 'Host and port of the page of --view=browser.'
)
_EVERY_FRAME = flags.DEFINE_bool(
  'every_frame', False,
  'Predict all frames of a video instead of skipping some to keep its speed.',
)  # fmt: skip
_MAX_FRAMES = flags.DEFINE_integer(
  'max_frames', 0, 'Stop after this many frames; 0 for no limit.', 0
)


def _pictures(
  model: model_file.TfliteModel, inputs: list[str], colours: scale.ColourRange
) -> list[str]:
  if not (folder := _OUTPUT_DIR.value):
    raise ValueError('Give a folder for the results: --output_dir=DIR.')
  draw = lambda *pair: picture.draw_prediction(colours, *pair)
  further, page = {}, None
  if _POINT_CLOUD.value:
    further['_points.ply'] = functools.partial(
      point_cloud.write_picture, fov=_FOV.value
    )
  if _PAGE.value:
    page = depth_page.DepthPage(
      os.path.join(folder, 'page.html'), _MODEL.value, colours, _OVERWRITE.value
    )
  problems = batch_prediction.predict_files(
    model, inputs, folder, draw, _OVERWRITE.value, print, further,
    page.add if page else None,
  )  # fmt: skip
  if page:
    print(page.write())
  return problems


def _stream(
  model: model_file.TfliteModel, inputs: list[str], colours: scale.ColourRange
) -> list[str]:
  if inputs:
    raise ValueError(
      f'--camera and --video take no pictures, but {inputs} were given. Leave '
      'out one or the other.'
    )
  if _PAGE.value or _POINT_CLOUD.value:
    raise ValueError('--page and --point_cloud take pictures, not streams.')
  live.run_until_interrupted(
    model, _CAMERA.value, _VIDEO.value, _VIEW.value, _ADDRESS.value, colours,
    _OUTPUT_DIR.value, _OVERWRITE.value, _EVERY_FRAME.value, _MAX_FRAMES.value,
  )  # fmt: skip
  return []


def main(argv: list[str]) -> int:
  """Predicts and returns the exit code: 1 if a picture failed."""
  colours = scale.ColourRange(_NEAR_M.value, _FAR_M.value)
  predict = _pictures if _CAMERA.value is _VIDEO.value is None else _stream
  model = model_file.TfliteModel(
    ready_models.model_path(_MODEL.value),
    num_threads=_THREADS.value,
    declared=interface_evidence.Declared(**_DECLARED()),
  )
  for note in model.reading.notes():
    print(f'{model.name}: {note}')
  if warning := cpus.thread_warning(_THREADS.value):
    print(warning, file=sys.stderr)
  problems = predict(model, argv[1:], colours)
  for problem in problems:
    print(f'error: {problem}', file=sys.stderr)
  return 1 if problems else 0


if __name__ == '__main__':
  program.run(main)
