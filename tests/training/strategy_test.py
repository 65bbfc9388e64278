# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/training/strategy.py."""

import pathlib

import tensorflow as tf

from depth_mai.training import strategy


class StrategyTest(tf.test.TestCase):
  def test_by_name(self):
    self.assertEqual(strategy.make_strategy('default').num_replicas_in_sync, 1)
    self.assertIsInstance(
      strategy.make_strategy('mirrored'), tf.distribute.MirroredStrategy
    )

  def test_one_machine_writes_to_the_workdir(self):
    workdir = pathlib.Path('runs/tcl')
    for name in ('default', 'mirrored'):
      chosen = strategy.make_strategy(name)
      self.assertEqual(strategy.own_folder(chosen, workdir), workdir)

  def test_refuses_unknown_names(self):
    with self.assertRaisesRegex(ValueError, "'tpu'.*mirrored"):
      strategy.make_strategy('tpu')


if __name__ == '__main__':
  tf.test.main()
