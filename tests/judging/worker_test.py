# SPDX-License-Identifier: Apache-2.0
"""Tests of the worker, without fork server and sandbox.py."""

from absl.testing import absltest
import numpy as np

from depth_mai.judging import fork_server
from depth_mai.judging import lockdown
from depth_mai.judging import worker
from tests.judging import served_case
from tests.runtime import tiny_model


class WorkerTest(served_case.ServedCase):
  def setUp(self):
    fork_server.warm_up()
    super().setUp()

  def serve(self, connection):
    worker.serve(connection, memory_mb=256, cpu_s=20, threads=1)

  def test_is_locked_before_it_receives_a_file(self):
    protection = self.hello['protection']
    for layer in ('memory limit', 'no opening of files', 'system call filter'):
      self.assertEqual(protection[layer], lockdown.IN_FORCE)

  def test_session(self):
    content = tiny_model.quantised_model('int8', (2, 3), 1.0, -128, 0.5, -7)
    self.assertEqual(self.ask(content, do='take'), ({}, b''))
    checked, _ = self.ask(do='check', target_runtime='2.5.0')
    self.assertEqual(checked['histogram'], {'CONV_2D': 1})
    loaded, _ = self.ask(do='load', xnnpack=True)
    (taken,), (given,) = loaded['inputs'], loaded['outputs']
    self.assertEqual(taken['shape'], [1, 2, 3, 3])
    self.assertEqual((taken['type'], taken['scale']), ('int8', 1.0))
    self.assertEqual((given['scale'], given['zero_point']), (0.5, -7))
    # R = 3, G = 100, B = 4: depth 2 R + B = 10, in steps of 0.5.
    pixel = np.array([3, 100, 4]) - 128
    picture = np.tile(pixel, 6).astype(np.int8).tobytes()
    answer, depth = self.ask(picture, do='run')
    self.assertEqual(answer, {'shape': [1, 2, 3, 1]})
    self.assertEqual(np.frombuffer(depth, np.int8).tolist(), [13] * 6)
    _, times = self.ask(do='time', warmup=1, runs=3)
    self.assertLen(np.frombuffer(times, '<f8'), 3)

  def test_errors_do_not_end_it(self):
    self.ask(b'no file at all', do='take')
    for order in (
      {'do': 'check', 'target_runtime': '2.5.0'},
      {'do': 'load', 'xnnpack': True},
      {'do': 'run'},
      {'do': 'time', 'warmup': 0, 'runs': 0},
    ):
      answer, _ = self.ask(**order)
      self.assertIn('error', answer)
    self.ask(tiny_model.float_model(), do='take')
    self.assertIn('inputs', self.ask(do='load', xnnpack=False)[0])
    self.assertIn('error', self.ask(b'too short', do='run')[0])


if __name__ == '__main__':
  absltest.main()
