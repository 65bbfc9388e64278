# SPDX-License-Identifier: Apache-2.0
"""Tests of the process in which a device measures a file."""

import os
import time
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.devices import settings
from depth_mai.judging import device_process
from depth_mai.judging import verdict
from tests.judging import hostile_graphs
from tests.runtime import tiny_model

_SETTINGS = settings.Settings((1,), 1, 3)


class MeasureTest(parameterized.TestCase):
  def test_measures(self):
    # With the backend of this machine.
    rows = device_process.measure(
      'local', _SETTINGS, tiny_model.split_model((8, 8)), 256, 60
    )
    self.assertEqual([row['xnnpack'] for row in rows], [True, False])
    for row in rows:
      self.assertEqual((row['threads'], row['runs']), (1, 3))
      self.assertGreater(row['median_ms'], 0)
      self.assertIsNone(row['predicted_ms_low'])

  def test_failures(self):
    with self.assertRaisesRegex(
      verdict.FileFaultError, 'local could not measure it'
    ):
      device_process.measure('local', _SETTINGS, b'no file', 256, 60)
    with self.assertRaisesRegex(
      verdict.FileFaultError, '--device=moon is none of'
    ):
      device_process.measure('moon', _SETTINGS, b'', 256, 60)

  def test_ends_in_time_with_its_children(self):
    start = time.monotonic()
    with self.assertRaisesRegex(verdict.FileFaultError, '--time_s'):
      device_process.measure(
        'local', _SETTINGS, hostile_graphs.endless_loop(), 256, 2.0
      )
    self.assertLess(time.monotonic() - start, 10)

  @parameterized.parameters(
    ('text',),
    ({'threads': '1'},),
    ({'threads': 1, 'median_ms': 'fast'},),
    ({'threads': 1, 'median_ms': float('nan')},),
    ({'threads': 1, 'predicted_ms_low': -1.0},),
    ({'threads': 1, 'median_ms': 0},),
    ({'threads': 1, 'median_ms': 10**400},),
    ({'threads': 1, 'median_ms': True},),
    ({'threads': 1, 'median_ms': 5e-324},),
    ({'threads': 1, 'runs': 1.5},),
    ({'threads': True},),
    ({'threads': -1},),
  )
  def test_invalid_configurations(self, row):
    with self.assertRaises(verdict.FileFaultError):
      device_process._configurations({'configurations': [row]}, 'local')

  @parameterized.parameters('link', 'pipe', 'folder', 'nothing')
  def test_answers_that_are_no_file(self, kind):
    def leave(folder, *_):
      answer = folder / 'answer.json'
      if kind == 'link':
        answer.symlink_to(folder / 'request.json')
      elif kind == 'pipe':
        os.mkfifo(answer)
      elif kind == 'folder':
        answer.mkdir()

    with mock.patch.object(device_process, '_run', leave):
      with self.assertRaisesRegex(verdict.FileFaultError, 'without an answer'):
        device_process.measure('local', _SETTINGS, b'', 256, 60)

  @parameterized.parameters(
    (5,), ([],), ({},), ({'configurations': []},), ({'configurations': 'x'},)
  )
  def test_invalid_reports(self, answer):
    with self.assertRaisesRegex(verdict.FileFaultError, 'invalid report'):
      device_process._configurations(answer, 'local')


if __name__ == '__main__':
  absltest.main()
