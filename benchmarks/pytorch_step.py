# SPDX-License-Identifier: Apache-2.0
r"""Compares the training steps of this project and of PyTorch.

    python -m benchmarks.pytorch_step --torch_python=VENV/bin/python \
        [--system=tcl] [--batch_size=32] [--threads=1]

PyTorch is no requirement of this project: VENV is another virtual environment,
with torch and numpy. Without --torch_python only our own steps are compared:
exact, fast (train.precision = 'bfloat16_convolutions'), and exact with the
BatchNorm of Keras.

Both sides have the same network, layer by layer and with the same weights, the
same batch, SILog, AdamW, clipping and averaging of the weights. Before they are
timed, the program compares their predictions, and the losses, gradients and
weights of the first steps. Then the processes take turns.
"""

import os
import pathlib
import sys
import tempfile

# Before TensorFlow is imported, whose start-up messages would bury the lines.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

from absl import flags

from benchmarks.step_race import graph
from benchmarks.step_race import recipe
from benchmarks.step_race import table
from benchmarks.step_race import turns
from benchmarks.step_race import variants as variants_lib
from depth_mai import program

_TORCH_PYTHON = flags.DEFINE_string(
  'torch_python', None, 'A Python interpreter that has torch and numpy.'
)
_SYSTEM = flags.DEFINE_string('system', 'tcl', 'The network that is trained.')
_NAMES = flags.DEFINE_list(
  'compared',
  None,
  'What our step is compared with; by default all that --torch_python allows '
  f'of {", ".join(variants_lib.COMPARED)}.',
)
_BATCH_SIZE = flags.DEFINE_integer('batch_size', 32, 'Images per batch.', 1)
_THREADS = flags.DEFINE_integer('threads', 1, 'Threads of each process.', 1)
_TURNS = flags.DEFINE_integer('turns', 20, 'Turns of each process.', 1)
_STEPS = flags.DEFINE_integer('steps', 4, 'Steps of each turn.', 1)


def main(argv: list[str]) -> None:
  """Checks that all train the same, lets them take turns and prints a table."""
  program.no_arguments(argv)
  system = graph.system(_SYSTEM.value)
  variants = variants_lib.chosen(_NAMES.value, _TORCH_PYTHON.value)
  network = system.build()
  height, width = network.input_shape[1:3]
  batch = recipe.batch(height, width, _BATCH_SIZE.value)
  workers: list[turns.Worker] = []
  with tempfile.TemporaryDirectory() as working:
    folder = pathlib.Path(working)
    graph.export(network, system.output_upsampling, batch, folder)
    try:
      expected = None
      for variant in variants:
        workers.append(
          variants_lib.start(
            variant, folder, _THREADS.value, _TORCH_PYTHON.value
          )
        )
        found = recipe.Evidence(*workers[-1].answer())
        expected = expected or found
        recipe.check(variant.title, found, expected, variant.bfloat16)
        print(f'{variant.title}: {found}', file=sys.stderr, flush=True)
      taken = turns.race(workers, _TURNS.value, _STEPS.value)
    finally:
      for worker in workers:
        worker.close()
  titles = [variant.title for variant in variants]
  references = [
    variant.title
    for variant in variants
    if variant in (variants_lib.OURS, variants_lib.FAST)
  ]
  print(table.table(titles, taken, _BATCH_SIZE.value, references))


if __name__ == '__main__':
  program.run(main)
