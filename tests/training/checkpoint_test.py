# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/training/checkpoint.py."""

import pathlib

import keras
import numpy as np
import tensorflow as tf

from depth_mai.training import checkpoint


def _variables(width=3):
  return {
    'network': [
      keras.Variable(np.arange(width, dtype=np.float32), name='kernel'),
      keras.Variable(np.array([7, 8], np.uint32), dtype='uint32', name='seed'),
    ]
  }


class CheckpointTest(tf.test.TestCase):
  def setUp(self):
    super().setUp()
    self.directory = pathlib.Path(self.get_temp_dir()) / 'checkpoints'

  def test_round_trip(self):
    saved = _variables()
    path = checkpoint.save(self.directory, 12, 0.25, saved)
    restored = _variables()
    for variable in restored['network']:
      variable.assign(np.zeros(variable.shape))
    self.assertEqual(checkpoint.restore(path, restored), (12, 0.25))
    for old, new in zip(saved['network'], restored['network'], strict=True):
      self.assertAllEqual(old, new)

  def test_removes_all_but_the_newest(self):
    self.assertIsNone(checkpoint.newest(self.directory))
    for step in (5, 90, 100):
      checkpoint.save(self.directory, step, 1.0, _variables())
    self.assertEqual(
      sorted(path.name for path in self.directory.iterdir()),
      ['step_00000090.npz', 'step_00000100.npz'],
    )
    self.assertEqual(
      checkpoint.newest(self.directory).name, 'step_00000100.npz'
    )

  def test_refuses_another_network(self):
    path = checkpoint.save(self.directory, 1, 1.0, _variables())
    with self.assertRaisesRegex(ValueError, 'shape.*--workdir'):
      checkpoint.restore(path, _variables(width=4))
    with self.assertRaisesRegex(ValueError, 'another network'):
      checkpoint.restore(path, {'network': _variables()['network'][:1]})


if __name__ == '__main__':
  tf.test.main()
