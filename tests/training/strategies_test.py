# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/training/strategies.py.

Two devices train in step_test.py, and two machines in workers_test.py.
"""

import itertools
import json
import os
from unittest import mock

import tensorflow as tf

from depth_mai.data import pipeline
from depth_mai.training import cluster
from depth_mai.training import strategies

_CONFIG = {
  'cluster': {'worker': ['10.0.0.1:2222', '10.0.0.2:2222', '10.0.0.3:2222']},
  'task': {'type': 'worker', 'index': 2},
}
_ENVIRONMENT = {'TF_CONFIG': json.dumps(_CONFIG)}


class StrategiesTest(tf.test.TestCase):
  def test_strategies_by_name(self):
    self.assertEqual(strategies.make('default').num_replicas_in_sync, 1)
    self.assertIsInstance(
      strategies.make('mirrored'), tf.distribute.MirroredStrategy
    )

  def test_one_machine_ignores_tf_config(self):
    with mock.patch.dict(os.environ, _ENVIRONMENT):
      mirrored = strategies.make('mirrored')
      self.assertEqual(strategies.part(mirrored), pipeline.Part(0, 1, 1))
    self.assertEqual(mirrored.num_replicas_in_sync, 1)

  def test_refuses_unknown_names(self):
    with self.assertRaisesRegex(ValueError, "'tpu'.*mirrored"):
      strategies.make('tpu')

  def test_several_machines_need_tf_config(self):
    with mock.patch.dict(os.environ, {'TF_CONFIG': '{"cluster": 1}'}):
      with self.assertRaisesRegex(ValueError, 'TF_CONFIG has no workers'):
        strategies.make('multi_worker')

  def test_a_port_that_is_used_is_explained(self):
    failing = mock.Mock(side_effect=tf.errors.UnknownError(None, None, 'used'))
    with mock.patch.dict(os.environ, _ENVIRONMENT):
      with mock.patch.object(
        tf.distribute, 'MultiWorkerMirroredStrategy', failing
      ):
        with self.assertRaisesRegex(
          cluster.LostWorkerError, r'Worker 2 of 3 .*\(used\).*10.0.0.3:2222'
        ):
          strategies.make('multi_worker')

  def test_each_machine_has_its_part(self):
    two_devices_each = mock.Mock(num_replicas_in_sync=6)
    with mock.patch.dict(os.environ, _ENVIRONMENT):
      self.assertEqual(
        strategies.part(two_devices_each), pipeline.Part(4, 2, 6)
      )

  def test_devices_share_a_batch_equally(self):
    strategies.check_counts((6, 3), 3)
    with self.assertRaisesRegex(ValueError, 'batch_size = 7 is not a multiple'):
      strategies.check_counts((7,), 2)
    with self.assertRaisesRegex(ValueError, r'8 images .* 5 \+ 3 of the data'):
      strategies.check_counts((5, 3), 2)

  def test_a_single_device_gets_the_batches(self):
    batches = tf.data.Dataset.range(3)
    given = strategies.distributed(strategies.make('default'), batches)
    self.assertEqual([int(x) for x in itertools.islice(given, 9)], [0, 1, 2])


if __name__ == '__main__':
  tf.test.main()
