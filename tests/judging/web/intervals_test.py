# SPDX-License-Identifier: Apache-2.0
"""Tests of predicted figures."""

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.judging.web import intervals
from tests.judging.web import small_verdicts


class PredictedTest(absltest.TestCase):
  def test_predicted(self):
    self.assertEqual(
      intervals.predicted(small_verdicts.predicted_record()['verdict']),
      {'score': (120.0, 180.0), 'rank': (4, 6), 'runtime_ms': (40.0, 55.0)},
    )

  def test_measured_or_nothing(self):
    self.assertEqual(
      intervals.predicted(small_verdicts.record()['verdict']), {}
    )
    rejected = small_verdicts.record(errors=['No.'])
    self.assertEqual(intervals.predicted(rejected['verdict']), {})


class ShownTest(parameterized.TestCase):
  @parameterized.parameters(
    ((40.2, 55.0), '.0f', '40–55'),
    ((40.2, 40.4), '.0f', '40'),
    ((1200.0, 1800.0), ',.0f', '1,200–1,800'),
    ((4, 6), 'd', '4–6'),
  )
  def test_shown(self, interval, spec, expected):
    self.assertEqual(intervals.shown(interval, spec), expected)


if __name__ == '__main__':
  absltest.main()
