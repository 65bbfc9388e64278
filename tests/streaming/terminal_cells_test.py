# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/terminal_cells.py on a simulated terminal."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.streaming import terminal_cells
from tests.streaming import screen


def _noise(height=12, width=31):
  return np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)


def _shown(rgb_uint8, mode):
  """Returns the pixels that a terminal shows."""
  lines, columns = rgb_uint8.shape[0] // 2, rgb_uint8.shape[1]
  terminal = screen.Screen(lines, columns)
  text = b'\r\n'.join(terminal_cells.encode(rgb_uint8, mode))
  terminal.feed(text.decode())
  return terminal.pixels(0, lines, columns)


class TerminalCellsTest(parameterized.TestCase):
  def test_true_colour_is_exact(self):
    np.testing.assert_array_equal(_shown(_noise(), '24bit'), _noise())

  def test_the_nearest_of_256_colours_is_taken(self):
    palette = np.array([screen.colour_of_index(i) for i in range(16, 256)])
    rgb = _noise().astype(int)
    distances = np.square(rgb[:, :, None] - palette).sum(-1)
    shown = _shown(_noise(), '256').astype(int)
    np.testing.assert_array_equal(
      np.square(rgb - shown).sum(-1), distances.min(-1)
    )

  def test_ascii_is_brighter_where_the_picture_is(self):
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    line = terminal_cells.encode(np.repeat(ramp, 2, axis=0), 'ascii')[0]
    ink = ' .:-=+*#%@'
    self.assertEqual(
      line.decode(), ''.join(sorted(line.decode(), key=ink.find))
    )
    self.assertEqual(set(line.decode()), set(ink))

  @parameterized.parameters(
    ({'TERM': 'xterm-256color', 'COLORTERM': 'truecolor'}, 'UTF-8', '24bit'),
    ({'TERM': 'xterm-256color', 'COLORTERM': '24bit'}, 'utf-8', '24bit'),
    ({'TERM': 'xterm-kitty'}, 'utf-8', '24bit'),
    ({'TERM': 'xterm-256color'}, 'utf-8', '256'),
    ({'TERM': 'screen'}, 'utf-8', '256'),
    ({'TERM': 'linux'}, 'utf-8', '256'),
    ({'TERM': 'vt100'}, 'utf-8', 'ascii'),
    ({'TERM': 'xterm-256color'}, 'ANSI_X3.4-1968', 'ascii'),
    ({'TERM': 'xterm', 'COLORTERM': 'truecolor', 'NO_COLOR': '1'}, 'utf-8',
     'ascii'),
  )  # fmt: skip
  def test_modes(self, environment, encoding, mode):
    self.assertEqual(terminal_cells.mode_of(environment, encoding), mode)


if __name__ == '__main__':
  absltest.main()
