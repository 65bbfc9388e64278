# SPDX-License-Identifier: Apache-2.0
r"""Measures how fast training batches are made.

    python benchmarks/input_pipeline.py --data_dir=DIR \
        [--gin_file=gin_configs/tcl.gin] [--precision=bfloat16_convolutions]

Prints for each way of caching: seconds until the first batch, which fills the
cache; images per second; and CPU time per image, which does not depend on the
machine's other work. With --gin_file, the augmentation, loss and network of
that configuration are used, and each line ends with two ratios measured in the
same run: the speed of the pipeline to that of the training step alone (below 1
the step waits for images), and the speed of both together to that of the step.
The step alone and both together take turns, so that the machine's other work
meets both.
"""

from collections.abc import Callable
from collections.abc import Iterator
import functools
import os
import statistics
import time
from typing import Any
from typing import NamedTuple

# Before TensorFlow is imported, whose start-up messages would bury the lines.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

from absl import flags
from absl import logging
import tensorflow as tf

from depth_mai import gin_registry
from depth_mai import program
from depth_mai.data import augmentation as augmentation_lib
from depth_mai.data import pipeline
from depth_mai.data import source
from depth_mai.training import optimizers
from depth_mai.training import precision as precision_lib
from depth_mai.training import state as state_lib
from depth_mai.training import step as step_lib

_DATA_DIR = program.flag(
  'data_dir', 'Pairs whose training batches are made.', required=True
)
_RECORDS_DIR = flags.DEFINE_string(
  'records_dir',
  None,
  'Folder of the prepared records; ~/.cache/depth_mai/records by default.',
)
_GIN_FILE = program.flag('gin_file', default=[])
_GIN_PARAM = program.flag('gin_param')
_CACHES = flags.DEFINE_list(
  'caches', list(pipeline.CACHES), 'Ways of caching to measure.'
)
_BATCH_SIZE = flags.DEFINE_integer('batch_size', 32, 'Images per batch.', 1)
_BATCHES = flags.DEFINE_integer('batches', 40, 'Number of batches to time.', 1)
_PRECISION = flags.DEFINE_enum(
  'precision',
  'float32',
  ['float32', 'bfloat16_convolutions'],
  'The arithmetic of the step.',
)
# Turns of the step alone and of both together, and batches between them, which
# use up what was made in advance meanwhile.
_TURNS = 8
_BETWEEN = 4


class Rate(NamedTuple):
  """A speed.

  Attributes:
    images_per_second: by the clock.
    cpu_ms_per_image: processor time of all threads, milliseconds.
  """

  images_per_second: float
  cpu_ms_per_image: float


def measure(action: Callable[[], Any], images: int, times: int) -> Rate:
  """Times an action that handles `images` images, run `times` times."""
  wall_s, cpu_s = time.perf_counter(), time.process_time()
  for _ in range(times):
    action()
  wall_s = time.perf_counter() - wall_s
  cpu_s = time.process_time() - cpu_s
  return Rate(times * images / wall_s, 1000 * cpu_s / (times * images))


def images_per_second(
  batches: Iterator, images_per_batch: int, times: int
) -> Rate:
  """Times an iterator over batches, once its buffers are used up."""
  for _ in range(4):
    next(batches)
  return measure(lambda: next(batches), images_per_batch, times)


def configured_step() -> tuple[Callable[[dict], float], tuple[int, int]]:
  """Returns the training step of the parsed configuration, and its input size.

  The step waits for its result, so it can be timed.
  """
  strategy = tf.distribute.get_strategy()
  state = state_lib.create(
    strategy=strategy,
    network=lambda: gin_registry.load_network()[0],
    optimizer=optimizers.adamw,
    total_steps=1000,
    initial_network=None,
    loss_scaling=False,
  )
  precision_lib.apply(_PRECISION.value, state.network)
  step = step_lib.make_train_step(
    strategy=strategy,
    network=state.network,
    average=state.average,
    optimizer=state.optimizer,
    loss=gin_registry.CONFIGURABLES['WeightedLoss'](),
    gradient_clip=35.0,
    ema_decay=0.998,
  )
  size = tuple(state.network.input_shape[1:3])
  return lambda batch: float(step(batch)['loss']), size


def compare(
  step: Callable[[dict], float], batches: Iterator, pipeline_rate: Rate
) -> str:
  """Times a step alone and after the pipeline; returns their ratios as text."""
  size, times = _BATCH_SIZE.value, max(1, _BATCHES.value // _TURNS)
  batch = next(batches)
  step(batch)  # Compiles.
  alone, both = [], []
  for _ in range(_TURNS):
    alone.append(measure(lambda: step(batch), size, times))
    for _ in range(_BETWEEN):
      step(next(batches))
    both.append(measure(lambda: step(next(batches)), size, times))
  # Seconds for one image, and processor time.
  alone_s, both_s = [
    statistics.mean(1 / rate.images_per_second for rate in rates)
    for rates in (alone, both)
  ]
  cpu_ms = statistics.mean(rate.cpu_ms_per_image for rate in alone)
  return (
    f'step alone {1 / alone_s:.0f} images/s, {cpu_ms:.2f} ms CPU per image, '
    f'pipeline / step {pipeline_rate.images_per_second * alone_s:.2f}, '
    f'both / step {alone_s / both_s:.2f}'
  )


def main(argv: list[str]) -> None:
  """Measures every way of caching."""
  program.no_arguments(argv)
  logging.set_verbosity(logging.WARNING)  # tfds logs every step at INFO.
  augmentation, step = augmentation_lib.Augmentation(), None
  input_size = (128, 160)
  opened = functools.partial(
    source.open_split, _DATA_DIR.value, 'train', _RECORDS_DIR.value
  )
  if _GIN_FILE.value:
    gin_registry.parse(_GIN_FILE.value, _GIN_PARAM.value)
    augmentation = gin_registry.CONFIGURABLES['Augmentation']()
    step, input_size = configured_step()
  for cache in _CACHES.value:
    began_s = time.perf_counter()
    dataset = pipeline.train_dataset(
      opened(on_disk=cache == 'disk'),
      batch_size=_BATCH_SIZE.value,
      seed=1,
      augmentation=augmentation,
      input_size=input_size,
      cache=cache,
    )
    batches = iter(dataset)
    next(batches)
    first_s = time.perf_counter() - began_s
    rate = images_per_second(batches, _BATCH_SIZE.value, _BATCHES.value)
    line = [
      f'{cache:8}',
      f'first batch {first_s:5.1f} s',
      f'{rate.images_per_second:6.0f} images/s',
      f'{rate.cpu_ms_per_image:5.2f} ms CPU per image',
    ]
    if step:
      line.append(compare(step, batches, rate))
    print('  '.join(line), flush=True)


if __name__ == '__main__':
  program.run(main)
