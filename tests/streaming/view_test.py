# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/view.py."""

import inspect

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.streaming import browser_view
from depth_mai.streaming import log_view
from depth_mai.streaming import terminal_view
from depth_mai.streaming import view


class ViewTest(parameterized.TestCase):
  @parameterized.parameters(
    browser_view.BrowserView, log_view.LogView, terminal_view.TerminalView
  )
  def test_every_view_takes_what_the_protocol_says(self, kind):
    for name in ('panel_size', 'show', 'close'):
      wanted = inspect.signature(getattr(view.View, name)).parameters
      given = inspect.signature(getattr(kind, name)).parameters
      self.assertEqual(list(given), list(wanted), name)


if __name__ == '__main__':
  absltest.main()
