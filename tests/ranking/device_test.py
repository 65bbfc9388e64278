# SPDX-License-Identifier: Apache-2.0
"""Tests of the device on which runtimes are measured."""

import platform

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.ranking import device
from depth_mai.runtime import environment
from tests.ranking import small_contest
from tests.runtime import tiny_model


class LocalDeviceTest(parameterized.TestCase):
  def test_description(self):
    described = device.LocalDevice(threads=2, warmup=3, runs=4).describe()
    machine = environment.describe_machine()
    self.assertEqual(described['kind'], 'local')
    self.assertEqual(described['name'], machine['device'])
    self.assertEqual(described['architecture'], platform.machine())
    self.assertEqual(described['runtime_version'], machine['runtime_version'])
    self.assertEqual(
      [described[key] for key in ('threads', 'warmup', 'runs')], [2, 3, 4]
    )
    self.assertIn(machine['device'], described['note'])
    # So the other tests' device is like this one.
    self.assertCountEqual(described, small_contest.FakeDevice().describe())

  def test_keys(self):
    one, two = device.LocalDevice(threads=1), device.LocalDevice(threads=2)
    self.assertNotEqual(one.time_key(), two.time_key())
    self.assertEqual(one.metrics_key(), two.metrics_key())
    self.assertNotEqual(one.time_key(), device.LocalDevice(runs=7).time_key())
    for key in ('name', 'architecture', 'runtime', 'runtime_version'):
      self.assertIn(key, one.time_key())
    # An update of the system does not make old figures wrong.
    self.assertNotIn('os', one.time_key())

  def test_times_a_file(self):
    path = self.create_tempfile(
      'm.tflite', tiny_model.split_model((8, 8))
    ).full_path
    times = device.LocalDevice(warmup=1, runs=3).time(path)
    self.assertGreater(times['runtime_ms'], 0)
    self.assertGreater(times['runtime_ms_no_xnnpack'], 0)
    # XNNPACK leaves the nearest resize in the middle out.
    self.assertEqual(times['partitions'], 2)

  @parameterized.parameters('threads', 'warmup', 'runs')
  def test_errors(self, name):
    with self.assertRaisesRegex(ValueError, f'--{name} must be at least 1'):
      device.LocalDevice(**{name: 0})


if __name__ == '__main__':
  absltest.main()
