# SPDX-License-Identifier: Apache-2.0
"""Tests of timing behind bars, and of choosing a report's figures."""

import time

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.devices import settings
from depth_mai.judging import cage
from depth_mai.judging import fault
from depth_mai.judging import limits
from depth_mai.judging import runtimes
from tests.judging import hostile_graphs
from tests.runtime import tiny_model

_DESCRIBED = {'note': 'Measured on this machine.'}


def _row(xnnpack, threads=1, **figures):
  return {'threads': threads, 'xnnpack': xnnpack, 'runs': 5, **figures}


class MeasureTest(absltest.TestCase):
  def test_times_with_xnnpack_and_without(self):
    with cage.Cages() as cages:
      rows = runtimes.measure_caged(
        cages,
        tiny_model.split_model((8, 8)),
        limits.Limits(),
        time.monotonic() + 60,
        settings.Settings((2,), 1, 7),
        lambda part: None,
      )
      with self.assertRaises(fault.FileFaultError):
        runtimes.measure_caged(
          cages,
          hostile_graphs.endless_loop(),
          limits.Limits(image_s=0.05),
          time.monotonic() + 60,
          settings.Settings((1,), 1, 2),
          lambda part: None,
        )
    self.assertEqual([row['xnnpack'] for row in rows], [True, False])
    self.assertEqual([row['partitions'] for row in rows], [2, 0])
    for row in rows:
      self.assertEqual((row['threads'], row['runs']), (2, 7))
      self.assertBetween(row['median_ms'], row['min_ms'], row['p90_ms'])
      self.assertGreater(row['min_ms'], 0)


class ChooseTest(parameterized.TestCase):
  def test_measured(self):
    got = runtimes.from_configurations(
      [
        _row(True, median_ms=3.0, partitions=1),
        _row(False, median_ms=9.0, partitions=0),
        _row(True, 4, median_ms=1.0),
      ],
      _DESCRIBED,
    )
    self.assertEqual(got['kind'], 'measured')
    self.assertEqual(got['runtime_ms'], 3.0)
    self.assertEqual(got['runtime_ms_no_xnnpack'], 9.0)
    self.assertEqual((got['threads'], got['partitions']), (1, 1))
    self.assertEqual(got['note'], _DESCRIBED['note'])

  @parameterized.parameters((True, 40.0), (False, 90.0))
  def test_predicted(self, both, low):
    rows = [
      _row(
        True,
        instructions=10,
        predicted_ms_low=40.0 if both else None,
        predicted_ms_high=60.0 if both else None,
      ),
      _row(
        False, instructions=20, predicted_ms_low=90.0, predicted_ms_high=99.0
      ),
    ]
    got = runtimes.from_configurations(rows, _DESCRIBED)
    self.assertEqual(got['kind'], 'predicted')
    self.assertIsNone(got['runtime_ms'])
    self.assertEqual(got['predicted_ms_low'], low)
    self.assertEqual(got['xnnpack'], both)


if __name__ == '__main__':
  absltest.main()
