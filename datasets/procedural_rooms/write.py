# SPDX-License-Identifier: Apache-2.0
r"""Writes pictures of procedural rooms and their depth to a folder.

  python -m depth_mai.datasets.procedural_rooms.write \
    --output_dir=/tmp/rooms --train=300 --validation=48

The folder has the challenge's layout, {train,validation,test}/{rgb,depth}/
<id>.png. The same command resumes an interrupted run.
"""

from absl import flags

from depth_mai import program
from depth_mai.datasets.procedural_rooms import folder
from depth_mai.datasets.procedural_rooms import scene

_OUTPUT_DIR = program.flag('output_dir', 'the pairs', required=True)
_TRAIN = flags.DEFINE_integer('train', 300, 'Number of training pairs.', 0)
_VALIDATION = flags.DEFINE_integer(
  'validation', 48, 'Number of validation pairs.', 0
)
_TEST = flags.DEFINE_integer('test', 0, 'Number of test pairs.', 0)
_SEED = program.flag(
  'seed', 'the data set; another seed gives other scenes', default=0
)
_WORKERS = flags.DEFINE_integer(
  'workers', 0, 'Number of processes; 0 starts one per processor.', 0
)
_RGB_FORMAT = flags.DEFINE_enum(
  'rgb_format', 'png', folder.RGB_FORMATS, 'File format of the pictures.'
)
_STREETS = flags.DEFINE_float(
  'street_fraction', 0.25, 'Fraction of the scenes that are streets.', 0, 1
)
_HOLES = flags.DEFINE_bool(
  'holes', False, 'Remove depth where a stereo camera measures none.'
)
_RANGE_NOISE = flags.DEFINE_float(
  'range_noise',
  0.0,
  'Standard deviation of the depth noise at 1 m, in metres. It grows with the '
  'square of the distance; a ZED camera has about 0.0015.',
  0,
)


def main(argv: list[str]) -> None:
  """Parses the flags and writes the pairs."""
  program.no_arguments(argv)
  options = scene.SceneOptions(
    street_fraction=_STREETS.value,
    holes=_HOLES.value,
    range_noise=_RANGE_NOISE.value,
  )
  counts = {
    'train': _TRAIN.value,
    'validation': _VALIDATION.value,
    'test': _TEST.value,
  }
  folder.write(
    _OUTPUT_DIR.value,
    counts,
    seed=_SEED.value,
    options=options,
    workers=_WORKERS.value,
    rgb_format=_RGB_FORMAT.value,
  )


if __name__ == '__main__':
  program.run(main)
