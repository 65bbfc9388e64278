# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/training/run.py."""

import contextlib
import io
import pathlib

import keras
import numpy as np
import tensorflow as tf

from depth_mai.files import metrics_log
from depth_mai.models import network_file
from depth_mai.training import checkpoint
from depth_mai.training import run as run_lib
from depth_mai.training import state as state_lib


def _network():
  image = keras.Input((12, 16, 3))
  x = keras.layers.Conv2D(4, 3, padding='same')(image)
  x = keras.layers.ReLU()(keras.layers.BatchNormalization(name='norm')(x))
  bias = keras.initializers.Constant(2.0)
  x = keras.layers.Conv2D(1, 1, activation='relu', bias_initializer=bias)(x)
  return keras.Model(image, x, name='toy')


class RunTest(tf.test.TestCase):
  def setUp(self):
    super().setUp()
    self.workdir = pathlib.Path(self.create_tempdir().full_path)
    self.state = state_lib.create(
      strategy=tf.distribute.get_strategy(),
      network=_network,
      optimizer=lambda steps: keras.optimizers.SGD(0.1),
      total_steps=10,
      initial_network=None,
      loss_scaling=False,
    )
    rng = np.random.default_rng(0)
    batch = {
      'rgb': rng.integers(0, 255, (1, 480, 640, 3), np.uint8),
      'depth_mm': rng.integers(900, 4000, (1, 480, 640, 1)).astype(np.uint16),
    }
    self.sets = {'validation': [batch]}

  def _run(self):
    return run_lib.Run(
      self.workdir, self.state, 10, pass_images=4, batch_size=2
    )

  def _lost(self, has_best=True):
    with contextlib.redirect_stdout(io.StringIO()) as stdout:
      lost = run_lib.lost_networks(self.workdir, self.state, has_best)
    return lost, stdout.getvalue()

  def test_a_machine_that_follows_checks_the_losses_and_writes_nothing(self):
    steps = run_lib.Steps(self.workdir, self.state, 10)
    steps.add({'loss': tf.constant(1.0)})
    for act in (steps.log, steps.save, steps.save_best, steps.restart_best):
      act()
    steps.evaluate(self.sets)
    self.assertEqual(self.state.step, 1)
    self.assertEmpty(list(self.workdir.iterdir()))
    steps.add({'loss': tf.constant(np.nan)})
    with self.assertRaisesRegex(FloatingPointError, 'Step 2: loss'):
      steps.log()

  def test_the_best_network_is_saved(self):
    run = self._run()
    self.state.step = 2
    run.evaluate(self.sets)
    self.assertLess(self.state.best, np.inf)
    line = metrics_log.best_validation(self.workdir)
    self.assertAllClose(line['si_rmse'], self.state.best, rtol=1e-4)
    self.assertEqual((line['step'], line['epoch']), (2, 1.0))
    saved = (self.workdir / 'best.keras').stat().st_mtime_ns
    run.evaluate(self.sets)  # It is not better.
    self.assertEqual((self.workdir / 'best.keras').stat().st_mtime_ns, saved)

  def test_a_statistic_that_is_no_number_is_never_judged_or_saved(self):
    run = self._run()
    statistic = self.state.average.get_layer('norm').moving_variance
    statistic.assign([1.0, np.nan, 1.0, 1.0])
    depth_mm = run.predict(self.sets['validation'][0]['rgb'])
    self.assertAllInRange(depth_mm, 0, 1e9)  # Nothing would show it.
    with self.assertRaisesRegex(
      FloatingPointError, 'evaluated: .*norm.*moving_variance has 1 of 4'
    ):
      run.evaluate(self.sets)
    with self.assertRaisesRegex(FloatingPointError, 'moving_variance'):
      run.save()
    self.assertFalse((self.workdir / 'best.keras').exists())
    self.assertFalse((self.workdir / 'checkpoints').exists())

  def test_lost_networks_are_reported_and_set_aside(self):
    self.assertEqual(self._lost(has_best=False), ([], ''))
    run = self._run()
    self.state.step = 3
    run.evaluate(self.sets)
    run.save()
    self.assertEqual(self._lost(), ([], ''))
    best = self.workdir / 'best.keras'
    best.write_bytes(best.read_bytes()[:1000])
    lost, text = self._lost()
    self.assertEqual(lost, ['best.keras'])
    self.assertRegex(text, 'best.keras is lost .*cut off')
    self.assertTrue((self.workdir / 'damaged_1_best.keras').exists())
    (self.workdir / 'last.keras').unlink()
    lost, text = self._lost()
    self.assertEqual(lost, ['last.keras', 'best.keras'])
    self.assertIn('it is missing', text)

  def test_the_best_is_chosen_anew(self):
    run = self._run()
    run.evaluate(self.sets)
    self.state.best = 1e-9  # No later network is as good.
    self.state.step = 5
    with contextlib.redirect_stdout(io.StringIO()):
      run.restart_best()
      restored = checkpoint.restore_newest(
        self.workdir / 'checkpoints', self.state._variables()
      )
      self.assertEqual(restored, (5, np.inf))
      (self.workdir / 'best.keras').unlink()
      run.evaluate(self.sets)
    network_file.load_network(self.workdir / 'best.keras')
    self.assertEqual(metrics_log.best_validation(self.workdir)['step'], 5)


if __name__ == '__main__':
  tf.test.main()
