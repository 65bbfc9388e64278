# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/log_view.py."""

from absl.testing import absltest

from depth_mai.streaming import log_view
from depth_mai.streaming import view


class LogViewTest(absltest.TestCase):
  def test_a_line_every_two_seconds(self):
    now_s, lines = 0.0, []
    shown_by = log_view.LogView(lines.append, lambda: now_s)
    self.assertIsNone(shown_by.panel_size(480, 640))
    for number in range(100):
      now_s = number / 10
      shown_by.show(view.Shown(None, None, 1.0, 2.0, f'at {now_s}', {}))
    shown_by.close()
    self.assertEqual(lines, ['at 2.0', 'at 4.0', 'at 6.0', 'at 8.0'])


if __name__ == '__main__':
  absltest.main()
