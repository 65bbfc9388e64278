# SPDX-License-Identifier: Apache-2.0
"""Tests of the settings of a measurement."""

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.devices import settings


class SettingsTest(parameterized.TestCase):
  def test_valid_settings(self):
    asked = settings.Settings((4, 1), 1, 1, (0, 3), 0.5)
    self.assertEqual(asked.threads, (4, 1))
    self.assertEqual(settings.Settings().threads, (1,))

  @parameterized.parameters(
    ({'threads': ()}, '--threads must list different whole'),
    ({'threads': (0,)}, r'got \[0\]'),
    ({'threads': (2, 2)}, r'got \[2, 2\]'),
    ({'warmup': 0}, '--warmup must be at least 1, got 0'),
    ({'runs': -1}, '--runs must be at least 1, got -1'),
    ({'cpus': (0, -1)}, '--cpus must list numbers of CPUs from 0'),
    ({'timeout_s': 0.0}, '--timeout_s must be positive'),
    ({'timeout_s': float('nan')}, '--timeout_s must be positive'),
  )
  def test_errors(self, arguments, message):
    with self.assertRaisesRegex(ValueError, message):
      settings.Settings(**arguments)


if __name__ == '__main__':
  absltest.main()
