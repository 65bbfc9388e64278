# SPDX-License-Identifier: Apache-2.0
import keras
import tensorflow as tf

from benchmarks.step_race import own_worker
from benchmarks.step_race import recipe
from benchmarks.step_race import variants
from depth_mai.training import fused_norm
from tests.benchmarks.step_race import tiny_network


class OwnWorkerTest(tf.test.TestCase):
  def test_only_the_fused_step_has_the_fused_kernel(self):
    fuse = fused_norm.fuse
    for fused in (False, True):
      network, average = (
        keras.models.clone_model(tiny_network.build()) for _ in range(2)
      )
      step = own_worker.make_step(network, average, 'nearest', fused)
      batch = recipe.batch(*tiny_network.SIZE, 2)
      graph = step.get_concrete_function(
        {name: tf.constant(array) for name, array in batch.items()}
      ).graph
      kernels = {
        operation.type
        for function in (graph, *graph._functions.values())
        for operation in getattr(function, 'graph', function).get_operations()
      }
      self.assertEqual('FusedBatchNormV3' in kernels, fused)
      self.assertIs(fused_norm.fuse, fuse)

  def test_a_process_trains_what_this_one_does(self):
    folder = tiny_network.export(self.create_tempdir().full_path)
    worker, fast = (
      variants.start(variant, folder, threads=1)
      for variant in (variants.OURS, variants.FAST)
    )
    self.addCleanup(worker.close)
    self.addCleanup(fast.close)
    step, plain = own_worker.prepare(folder, fused=False)
    self.assertLess(plain.losses[-1], plain.losses[0])
    self.assertGreater(plain.average_moved, 0)
    self.assertLess(plain.average_moved, plain.moved)
    recipe.check('fused', recipe.Evidence(*worker.answer()), plain)
    rounded = recipe.Evidence(*fast.answer())
    recipe.check('fast', rounded, plain, bfloat16=True)
    self.assertNotEqual(rounded.losses, plain.losses)
    self.assertGreater(worker.turn(2).cpu_s, 0)
    loss, _ = step()
    self.assertLess(loss, plain.losses[0])


if __name__ == '__main__':
  tf.test.main()
