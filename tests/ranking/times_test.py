# SPDX-License-Identifier: Apache-2.0
"""Tests of what a leaderboard takes from a report."""

from absl.testing import absltest

from depth_mai.ranking import times


class TimesTest(absltest.TestCase):
  def test_measured(self):
    report = {
      'configurations': [
        {'xnnpack': False, 'median_ms': 9.0, 'partitions': 0},
        {
          'xnnpack': True,
          'median_ms': 2.5,
          'partitions': 3,
          'state_before': {'load_average': 0.5},
        },
        {'xnnpack': True, 'median_ms': 1.0, 'partitions': 3},
      ]
    }
    found = times.from_report(report)
    self.assertEqual(
      found,
      {
        'runtime_ms': 2.5,
        'runtime_ms_no_xnnpack': 9.0,
        'instructions': None,
        'instructions_no_xnnpack': None,
        'partitions': 3,
        'load_average': 0.5,
      },
    )
    self.assertEqual(times.text(found), '2.50 ms with XNNPACK, 9.00 ms without')

  def test_emulated(self):
    report = {
      'configurations': [
        {
          'xnnpack': True,
          'instructions': 48_900_000,
          'predicted_ms_low': 10.0,
          'predicted_ms_high': 40.0,
          'partitions': None,
        },
        {
          'xnnpack': False,
          'instructions': 60_200_000,
          'predicted_ms_low': None,
          'predicted_ms_high': None,
          'partitions': None,
        },
      ]
    }
    found = times.from_report(report)
    self.assertAlmostEqual(found['runtime_ms'], 20.0)
    self.assertIsNone(found['runtime_ms_no_xnnpack'])
    self.assertEqual(found['instructions_no_xnnpack'], 60_200_000)
    self.assertEqual(
      times.text(found), '48.9 M instructions, predicted 20.00 ms'
    )


if __name__ == '__main__':
  absltest.main()
