# SPDX-License-Identifier: Apache-2.0
r"""Shows which operators a training step spends its time in.

    python -m benchmarks.step_profile [--system=tcl] [--precision=float32]

The step is the one that benchmarks/pytorch_step.py times, with batches of 32 on
one thread. TensorFlow's profiler, which takes some percent itself, records each
operator.
"""

import collections
from collections.abc import Callable
import os
import pathlib
import re
import tempfile
from typing import NamedTuple

# Before TensorFlow is imported, whose start-up messages would bury the table.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

from absl import flags
import tensorflow as tf
from tensorflow.tsl.profiler.protobuf import xplane_pb2

from benchmarks.step_race import own_worker
from benchmarks.step_race import recipe
from depth_mai import program
from depth_mai.metrics import table
from depth_mai.models import network_file

_SYSTEM = flags.DEFINE_string('system', 'tcl', 'The network that is trained.')
_PRECISION = flags.DEFINE_enum(
  'precision',
  'float32',
  ['float32', 'bfloat16_convolutions'],
  'The arithmetic of the training.',
)
_BATCH_SIZE = 32
_STEPS = 10
# The first pattern that an operator's type matches names its part of the step.
_PARTS = {
  'convolutions, gradient of kernels': r'(?!.*Depthwise).*Conv2DBackpropFilter',
  'convolutions, gradient of inputs': r'(?!.*Depthwise).*Conv2DBackpropInput',
  'convolutions': r'(?!.*Depthwise).*Conv2D',
  'depthwise convolutions and their gradients': r'.*Depthwise',
  'products of matrices (1x1 convolutions, CLBs)': r'.*MatMul',
  'BatchNorm and its gradients': r'.*BatchNorm',
  'activations and their gradients': r'.*Relu|Softplus|Sigmoid',
  'resizing, concatenation and their gradients': (
    r'Resize|Concat|Slice|Gather|Unsorted'
  ),
  'conversions': r'Cast',
  'optimizer, variables': r'ResourceApply|Assign|ReadVariable|L2Loss',
}  # fmt: skip
_REST = 'element by element: loss, decay, averages'


class Part(NamedTuple):
  """What operators of some types take in one step.

  Attributes:
    operators: their number.
    ms: their time, milliseconds.
  """

  operators: float
  ms: float


def operators(step: Callable[[], object], steps: int) -> dict[str, Part]:
  """Profiles a step.

  Args:
    step: runs it; it ran before.
    steps: how often it is profiled.

  Returns:
    What the operators of each type take, by type.
  """
  with tempfile.TemporaryDirectory() as folder:
    with tf.profiler.experimental.Profile(folder):
      for _ in range(steps):
        step()
    (path,) = pathlib.Path(folder).rglob('*.xplane.pb')
    space = xplane_pb2.XSpace.FromString(path.read_bytes())
  count: collections.Counter = collections.Counter()
  picoseconds: collections.Counter = collections.Counter()
  for plane in space.planes:
    for event in (event for line in plane.lines for event in line.events):
      name = plane.event_metadata[event.metadata_id].name
      # Operators are called NAME:TYPE; what runs them NAME::METHOD or NAME: x.
      if match := re.fullmatch(r'[\w/.-]+:(\w+)', name):
        count[match[1]] += 1
        picoseconds[match[1]] += event.duration_ps
  return {
    name: Part(number / steps, picoseconds[name] / 1e9 / steps)
    for name, number in count.items()
  }


def parts(types: dict[str, Part]) -> dict[str, Part]:
  """Sums the types of operators that belong together.

  Args:
    types: from `operators`.

  Returns:
    What the operators of each part of the step take, the longest part first.
  """
  sums: dict[str, Part] = {}
  for name, part in types.items():
    belonging = (x for x, pattern in _PARTS.items() if re.match(pattern, name))
    title = next(belonging, _REST)
    old = sums.get(title, Part(0, 0))
    sums[title] = Part(old.operators + part.operators, old.ms + part.ms)
  return dict(sorted(sums.items(), key=lambda item: -item[1].ms))


def main(argv: list[str]) -> None:
  """Prints the table."""
  program.no_arguments(argv)
  systems = network_file.systems()
  if _SYSTEM.value not in systems:
    raise ValueError(
      f'--system={_SYSTEM.value} must be of {", ".join(systems)}.'
    )
  tf.config.threading.set_intra_op_parallelism_threads(1)
  tf.config.threading.set_inter_op_parallelism_threads(1)
  system = systems[_SYSTEM.value]
  network, average = system.build(), system.build()
  train_step = own_worker.make_step(
    network, average, system.output_upsampling, True, _PRECISION.value
  )
  height, width = network.input_shape[1:3]
  batch = {
    name: tf.constant(array)
    for name, array in recipe.batch(height, width, _BATCH_SIZE).items()
  }

  def step() -> None:
    float(train_step(batch)['loss'])

  for _ in range(_STEPS):
    step()
  found = parts(operators(step, _STEPS))
  whole_ms = sum(part.ms for part in found.values())
  rows = [
    (title, part.operators, part.ms, part.ms / whole_ms)
    for title, part in found.items()
  ]
  header = ['part of the step', 'operators', 'ms', 'share']
  print(table.markdown_table(header, rows, ['', '.0f', '.1f', '.0%']))


if __name__ == '__main__':
  program.run(main)
