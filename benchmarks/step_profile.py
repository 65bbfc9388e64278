# SPDX-License-Identifier: Apache-2.0
r"""Shows which operators a training step spends its time in.

    python -m benchmarks.step_profile [--system=tcl] [--precision=float32]

The step is the one that benchmarks/pytorch_step.py times, with batches of 32 on
one thread. TensorFlow's profiler, which takes some percent itself, records each
operator.
"""

import os

# Before TensorFlow is imported, whose start-up messages would bury the table.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

from absl import flags
import tensorflow as tf

from benchmarks.step_race import graph
from benchmarks.step_race import operators
from benchmarks.step_race import own_worker
from benchmarks.step_race import recipe
from depth_mai import program
from depth_mai.metrics import table

_SYSTEM = flags.DEFINE_string('system', 'tcl', 'The network that is trained.')
_PRECISION = flags.DEFINE_enum(
  'precision',
  'float32',
  ['float32', 'bfloat16_convolutions'],
  'The arithmetic of the training.',
)
_BATCH_SIZE = 32
_STEPS = 10


def main(argv: list[str]) -> None:
  """Prints the table."""
  program.no_arguments(argv)
  tf.config.threading.set_intra_op_parallelism_threads(1)
  tf.config.threading.set_inter_op_parallelism_threads(1)
  system = graph.system(_SYSTEM.value)
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
  found = operators.parts(operators.measure(step, _STEPS))
  whole_ms = sum(part.ms for part in found.values())
  rows = [
    (title, part.operators, part.ms, part.ms / whole_ms)
    for title, part in found.items()
  ]
  header = ['part of the step', 'operators', 'ms', 'share']
  print(table.markdown_table(header, rows, ['', '.0f', '.1f', '.0%']))


if __name__ == '__main__':
  program.run(main)
