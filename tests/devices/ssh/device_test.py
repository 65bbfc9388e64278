# SPDX-License-Identifier: Apache-2.0
"""Tests measuring through a real sshd on the loopback interface."""

import json
import os
import platform
import threading
import time

from absl.testing import absltest

from depth_mai.devices import settings as settings_lib
from depth_mai.devices.ssh import device
from depth_mai.runtime import benchmark_report
from depth_mai.runtime import environment
from tests.devices.ssh import loopback
from tests.runtime import tiny_model


class SshDeviceTest(loopback.SshdTestCase):
  def setUp(self):
    super().setUp()
    self.sshd = self.start_sshd()
    self.lines = []

  def _device(self, **settings):
    settings = settings_lib.Settings(**{'warmup': 1, 'runs': 3, **settings})
    return device.SshDevice(self.sshd.spec(), settings, self.lines.append)

  def _model(self, content=None):
    return self.create_tempfile(
      'm.tflite', content or tiny_model.split_model((16, 16))
    ).full_path

  def _assert_nothing_left(self):
    """Waits until the session has left no process and no file."""
    for _ in range(400):
      left = self.sshd.processes()
      if not left and not (self.sshd.cache / 'unfinished').exists():
        return
      time.sleep(0.05)
    self.fail(f'still there: {left or "files"}')

  def test_measures_a_file(self):
    path = self._model()
    cpus = sorted(os.sched_getaffinity(0))[:1]
    board = self._device(threads=(1, 2), cpus=tuple(cpus))
    report = board.measure(path)
    self.assertEqual(report['format'], 'depth_mai.benchmark/2')
    self.assertEqual(report['device'], self.sshd.spec().partition('?')[0])
    self.assertEqual(report['kind'], 'measured')
    # The board is this machine, so its description is known.
    self.assertEqual(
      report['machine']['device'], environment.describe_machine()['device']
    )
    self.assertEqual(report['machine']['architecture'], platform.machine())
    self.assertEqual(report['model']['file'], 'm.tflite')
    rows = report['configurations']
    self.assertEqual(
      [(row['threads'], row['xnnpack']) for row in rows],
      [(1, True), (1, False), (2, True), (2, False)],
    )
    for row in rows:
      self.assertGreater(row['median_ms'], 0)
      self.assertLessEqual(row['p10_ms'], row['p90_ms'])
      self.assertEqual((row['warmup'], row['runs']), (1, 3))
      self.assertEqual(row['cpus'], cpus)
      for state in (row['state_before'], row['state_after']):
        self.assertContainsSubset(['temperature_c', 'throttled'], state)
    # XNNPACK does not take the nearest resize in the middle.
    self.assertEqual(rows[0]['partitions'], 2)
    self.assertEqual(rows[1]['partitions'], 0)
    self.assertEqual(json.loads(json.dumps(report)), report)
    self.assertIn('m.tflite', benchmark_report.format_table(report))
    # One line for the board and one for each configuration.
    self.assertLen(self.lines, 5)
    self.assertRegex(self.lines[-1], r'2 threads, XNNPACK off: [0-9.]+ ms$')
    self._assert_nothing_left()

  def test_describes_itself(self):
    board = self._device(threads=(1, 4))
    described = board.describe()
    machine = environment.describe_machine()
    self.assertEqual(described['kind'], 'ssh')
    self.assertEqual(described['name'], machine['device'])
    self.assertEqual(described['threads'], [1, 4])
    self.assertEqual(described['runtime_version'], machine['runtime_version'])
    self.assertIn('over ssh://', described['note'])
    key = board.time_key()
    self.assertEqual(key['machine']['device'], machine['device'])
    # The path of the key has no influence on the speed.
    self.assertNotIn('identity', json.dumps(key))
    self.assertNotEqual(key, self._device(runs=4).time_key())
    # The board is asked only once.
    self.sshd.kill_sessions()
    self.sshd.forget_host()
    self.assertEqual(board.describe(), described)

  def test_lost_connection(self):
    board = self._device(runs=10**9)
    cut = threading.Thread(target=self._cut_while_it_measures)
    cut.start()
    start = time.monotonic()
    with self.assertRaises(ValueError) as raised:
      board.measure(self._model())
    self.assertLess(time.monotonic() - start, 60)
    cut.join()
    self.assertRegex(
      str(raised.exception),
      'the connection was lost while measuring with 1 threads, XNNPACK on',
    )
    self.assertIn('Run this again', str(raised.exception))
    self.assertIsNone(self.trouble)
    self._assert_nothing_left()
    # The next measurement works.
    self.assertLen(self._device().measure(self._model())['configurations'], 2)

  def _cut_while_it_measures(self):
    self.trouble = 'nothing was measured'
    for _ in range(400):
      if any('runtime.configuration' in line for line in self.sshd.processes()):
        self.trouble = None
        self.sshd.kill_sessions()
        return
      time.sleep(0.05)
    self.sshd.kill_sessions()

  def test_takes_too_long(self):
    with self.assertRaisesRegex(
      ValueError, 'ssh://.* not done after 1 s; allow more with --timeout_s'
    ):
      self._device(runs=10**9, timeout_s=1.0).measure(self._model())
    self._assert_nothing_left()

  def test_invalid_model(self):
    path = self._model(tiny_model.float_model(version=99))
    with self.assertRaisesRegex(
      ValueError, '^ssh://[^ ]*: m.tflite cannot be loaded'
    ):
      self._device().measure(path)
    self._assert_nothing_left()

  def test_missing_cpu(self):
    with self.assertRaisesRegex(ValueError, 'ssh://.*--cpus=9999: .* use CPUs'):
      self._device(cpus=(9999,)).measure(self._model())
    self._assert_nothing_left()

  def test_missing_model(self):
    # The error precedes the connection.
    with self.assertRaisesRegex(ValueError, 'no model file /no/such.tflite'):
      self._device().measure('/no/such.tflite')
    self.assertFalse(self.sshd.cache.exists())


class BadSpecTest(absltest.TestCase):
  def test_invalid_address(self):
    with self.assertRaisesRegex(ValueError, '--device=ssh:x: '):
      device.SshDevice('ssh:x', settings_lib.Settings())


if __name__ == '__main__':
  absltest.main()
