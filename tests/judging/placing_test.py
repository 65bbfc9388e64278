# SPDX-License-Identifier: Apache-2.0
"""Tests of timing in the sandbox, choosing figures, score and rank."""

import math
import struct
import time
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.devices import settings
from depth_mai.judging import launcher as launcher_lib
from depth_mai.judging import placing
from depth_mai.judging import request
from depth_mai.judging import verdict
from tests.judging import hostile_graphs
from tests.runtime import tiny_model

_DESCRIBED = {'note': 'Measured on this machine.'}


def _row(xnnpack, threads=1, **figures):
  return {'threads': threads, 'xnnpack': xnnpack, 'runs': 5, **figures}


class MeasureTest(absltest.TestCase):
  def test_times_with_and_without_xnnpack(self):
    with launcher_lib.Launcher() as launcher:
      rows = placing.measure_here(
        launcher,
        tiny_model.split_model((8, 8)),
        request.Limits(),
        time.monotonic() + 60,
        settings.Settings((2,), 1, 7),
        lambda part: None,
      )
      with self.assertRaises(verdict.FileFaultError):
        placing.measure_here(
          launcher,
          hostile_graphs.endless_loop(),
          request.Limits(image_s=0.05),
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


class UntrustedTimesTest(parameterized.TestCase):
  @parameterized.parameters(
    b'',
    bytes(23),
    ([0.0] * 3,),
    ([-1.0] * 3,),
    ([math.inf] * 3,),
    ([math.nan] * 3,),
  )
  def test_invalid_times(self, times):
    if isinstance(times, list):
      times = struct.pack('<3d', *times)
    launcher = mock.MagicMock()
    box = launcher.launch.return_value.__enter__.return_value
    box.time.return_value = ({}, times)
    launcher.launch.return_value.__exit__.return_value = False
    with self.assertRaisesRegex(verdict.FileFaultError, 'times'):
      placing.measure_here(
        launcher,
        b'',
        request.Limits(),
        0.0,
        settings.Settings((1,), 1, 3),
        lambda part: None,
      )


class ChooseTest(parameterized.TestCase):
  def test_measured(self):
    got = placing.choose_runtime(
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
    got = placing.choose_runtime(rows, _DESCRIBED)
    self.assertEqual(got['kind'], 'predicted')
    self.assertIsNone(got['runtime_ms'])
    self.assertEqual(got['predicted_ms_low'], low)
    self.assertEqual(got['xnnpack'], both)


_MEASURED = {
  'kind': 'measured',
  'runtime_ms': 46.0,
  'predicted_ms_low': None,
  'predicted_ms_high': None,
  'note': 'Measured.',
}


class StandingTest(parameterized.TestCase):
  @parameterized.parameters(
    # Scores of Table 1: 298, 232, 188, 141, 122, 102, 42, 36.
    (1000.0, 1),
    (298.5, 1),
    (297.5, 2),
    (200.0, 3),
    (100.0, 7),
    (40.0, 8),
    (1.0, 9),
  )
  def test_rank(self, score, rank):
    self.assertEqual(placing.rank_of(score), rank)

  def test_measured(self):
    # TCL's row: si-RMSE 0.2773, 46 ms, score 298.
    got = placing.place(0.2773, _MEASURED)
    self.assertAlmostEqual(got['score'], 298, delta=0.5)
    self.assertEqual((got['kind'], got['of']), ('measured', 9))
    self.assertIsNone(got['score_low'])
    self.assertIn('Measured.', got['notes'])

  def test_predicted(self):
    runtime = _MEASURED | {
      'kind': 'predicted',
      'runtime_ms': None,
      'predicted_ms_low': 40.0,
      'predicted_ms_high': 160.0,
    }
    got = placing.place(0.25, runtime)
    # 640000 * 2 ** -5 = 20000.
    self.assertAlmostEqual(got['score_high'], 500)
    self.assertAlmostEqual(got['score_low'], 125)
    self.assertEqual((got['rank_best'], got['rank_worst']), (1, 5))
    self.assertEqual(got['kind'], 'predicted')
    self.assertIsNone(got['score'])
    self.assertIsNone(got['rank'])

  def test_without_a_runtime(self):
    got = placing.place(0.25, _MEASURED | {'runtime_ms': None})
    self.assertIsNone(got['score'])
    self.assertIsNone(got['score_low'])


if __name__ == '__main__':
  absltest.main()
