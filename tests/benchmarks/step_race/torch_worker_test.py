# SPDX-License-Identifier: Apache-2.0
"""Tests of twin.py and torch_worker.py against Keras, where PyTorch is."""

import tensorflow as tf

from benchmarks.step_race import own_worker
from benchmarks.step_race import recipe
from benchmarks.step_race import variants
from tests.benchmarks.step_race import tiny_network
from tests.benchmarks.step_race import torch_python


class TorchWorkerTest(tf.test.TestCase):
  def test_the_twin_predicts_and_trains_as_keras_does(self):
    python = torch_python.find_or_skip(self)
    folder = tiny_network.export(self.create_tempdir().full_path)
    _, ours = own_worker.prepare(folder, fused=True)
    for name in ('eager', 'channels_last', 'bfloat16'):
      variant = variants.COMPARED[name]
      worker = variants.start(variant, folder, 1, python)
      self.addCleanup(worker.close)
      found = recipe.Evidence(*worker.answer())
      # The prediction is that of Keras.
      self.assertLess(found.prediction_error_m, 1e-5)
      recipe.check(name, found, ours, variant.bfloat16)
      self.assertGreater(worker.turn(1).cpu_s, 0)


if __name__ == '__main__':
  tf.test.main()
