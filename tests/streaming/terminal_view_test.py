# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/terminal_view.py in a pseudo-terminal."""

import fcntl
import io
import os
import struct
import termios
import threading
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.report import colours
from depth_mai.report import scale
from depth_mai.streaming import terminal_view
from depth_mai.streaming import view
from tests.streaming import screen

_STATUS = (
  '12.3 fps, 4 dropped | ms: wait 1.0, capture 2.0, preprocess 3.0, infe'
)


class _Terminal:
  """A pseudo-terminal that shows what is written to it."""

  def __init__(self, lines, columns):
    self._master, slave = os.openpty()
    self.stream = open(slave, 'w', encoding='utf-8')
    self.resize(lines, columns)
    self._text = b''
    self._reader = threading.Thread(target=self._read)
    self._reader.start()

  def resize(self, lines, columns):
    self.size = lines, columns
    size = struct.pack('HHHH', lines, columns, 0, 0)
    fcntl.ioctl(self.stream, termios.TIOCSWINSZ, size)

  def hang_up(self):
    """Returns all that was written."""
    self.stream.close()
    self._reader.join()
    return self._text.decode()

  def _read(self):
    try:
      while block := os.read(self._master, 1 << 16):
        self._text += block
    except OSError:  # The other end is closed.
      pass
    os.close(self._master)


def _shown(size, status=_STATUS):
  noise = np.random.default_rng(0)
  return view.Shown(
    noise.integers(0, 256, (*size, 3), np.uint8),
    noise.integers(0, 256, (*size, 3), np.uint8),
    near_m=0.9,
    far_m=6.5,
    status=status,
    statistics={},
    depth_mm=np.ones(size, np.float32),
    name='000000',
  )


class TerminalViewTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.enter_context(
      mock.patch.dict(os.environ, TERM='xterm', COLORTERM='truecolor')
    )

  def _draw(self, *sizes):
    """Draws a frame at each size; returns the screen and the last frame."""
    terminal = _Terminal(*sizes[0])
    drawn = terminal_view.TerminalView(terminal.stream)
    for size in sizes:
      terminal.resize(*size)
      shown = _shown(drawn.panel_size(480, 640))
      drawn.show(shown)
    text = terminal.hang_up()
    result = screen.Screen(*sizes[-1])
    result.feed(text)
    return result, shown

  @parameterized.parameters(
    ((24, 80),), ((60, 100),), ((20, 200),), ((50, 300),)
  )
  def test_the_screen_shows_all_parts(self, size):
    result, shown = self._draw(size)
    height, width = shown.rgb_uint8.shape[:2]
    lines, total = height // 2, 2 * width + 1
    # Half blocks are square, so the shape of 640 x 480 is kept.
    self.assertAlmostEqual(height / width, 0.75, delta=0.05)
    self.assertLessEqual(total, size[1])
    self.assertTrue(
      total >= size[1] - 2 or lines + 4 == size[0] or total >= 198
    )
    pixels = result.pixels(0, lines, total)
    np.testing.assert_array_equal(pixels[:, :width], shown.rgb_uint8)
    np.testing.assert_array_equal(pixels[:, width + 1 :], shown.depth_rgb)
    bar = result.pixels(lines, 1, total)
    np.testing.assert_array_equal(bar[0, 0], colours.depth_map()[0])
    np.testing.assert_array_equal(bar[0, -1], colours.depth_map()[-1])
    self.assertIn('|1 m', result.text(lines + 1))
    figures = result.text(lines + 2) + ' ' + result.text(lines + 3)
    self.assertEqual(figures.strip(), _STATUS)

  def test_it_follows_the_size_of_the_terminal(self):
    result, _ = self._draw((50, 160), (24, 80))
    alone, shown = self._draw((24, 80))
    lines, width = shown.rgb_uint8.shape[0] // 2, shown.rgb_uint8.shape[1]
    np.testing.assert_array_equal(
      result.pixels(0, lines, 2 * width + 1),
      alone.pixels(0, lines, 2 * width + 1),
    )
    self.assertEqual(
      [result.text(line) for line in range(lines, 24)],
      [alone.text(line) for line in range(lines, 24)],
    )

  def test_a_small_terminal_shows_a_message(self):
    result, _ = self._draw((5, 40))
    self.assertEqual(result.text(0), 'The terminal is too small.')
    self._draw((1, 1))

  def test_the_terminal_is_restored(self):
    terminal = _Terminal(24, 80)
    drawn = terminal_view.TerminalView(terminal.stream)
    drawn.show(_shown(drawn.panel_size(480, 640)))
    drawn.close()
    drawn.close()
    text = terminal.hang_up()
    used, free = screen.Screen(24, 80), screen.Screen(24, 80)
    used.feed(text[: text.rindex('\x1b[0m')])
    self.assertEqual(used.modes, {'?1049'})  # The alternate screen, no cursor.
    free.feed('\x1b[?25h\x1b[?7h')
    before = set(free.modes)
    free.feed(text)
    self.assertEqual(free.modes, before)

  def test_a_closed_terminal(self):
    master, slave = os.openpty()
    stream = open(slave, 'w', encoding='utf-8')
    drawn = terminal_view.TerminalView(stream)
    os.close(master)
    with self.assertRaisesRegex(ValueError, 'The terminal was closed'):
      drawn.show(_shown((10, 10)))
    drawn.close()

  def test_no_terminal(self):
    with self.assertRaisesRegex(ValueError, 'use ssh -t; otherwise .*browser'):
      terminal_view.TerminalView(io.TextIOWrapper(io.BytesIO()))

  def test_a_terminal_without_a_cursor(self):
    terminal = _Terminal(24, 80)
    self.addCleanup(terminal.hang_up)
    with mock.patch.dict(os.environ, TERM='dumb'):
      with self.assertRaisesRegex(ValueError, 'cannot move its cursor'):
        terminal_view.TerminalView(terminal.stream)

  @parameterized.parameters((0.9, 6.5, 79), (2.0, 2.4, 40), (0.3, 80.0, 120))
  def test_labels_are_below_their_colours(self, near_m, far_m, columns):
    line = terminal_view.legend(columns, near_m, far_m)
    self.assertLessEqual(len(line), columns)
    labels = line.split('|')[1:]
    self.assertGreater(len(labels), 1)
    for label in labels:
      self.assertTrue(label.rstrip().endswith(' m'), line)
      metres = float(label.split()[0])
      self.assertIn(metres, scale.ticks(near_m, far_m))
      place = np.log(metres / near_m) / np.log(far_m / near_m)
      column = line.index(f'|{label.rstrip()}')
      self.assertAlmostEqual(column / (columns - 1), place, delta=1 / columns)


def _noise(height=12, width=31):
  return np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)


def _pixels(rgb_uint8, mode):
  """Returns the pixels that a terminal shows."""
  lines, columns = rgb_uint8.shape[0] // 2, rgb_uint8.shape[1]
  terminal = screen.Screen(lines, columns)
  text = b'\r\n'.join(terminal_view.encode(rgb_uint8, mode))
  terminal.feed(text.decode())
  return terminal.pixels(0, lines, columns)


class EncodeTest(parameterized.TestCase):
  def test_true_colour_is_exact(self):
    np.testing.assert_array_equal(_pixels(_noise(), '24bit'), _noise())

  def test_the_nearest_of_256_colours_is_taken(self):
    palette = np.array([screen.colour_of_index(i) for i in range(16, 256)])
    rgb = _noise().astype(int)
    distances = np.square(rgb[:, :, None] - palette).sum(-1)
    shown = _pixels(_noise(), '256').astype(int)
    np.testing.assert_array_equal(
      np.square(rgb - shown).sum(-1), distances.min(-1)
    )

  def test_ascii_is_brighter_where_the_picture_is(self):
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    line = terminal_view.encode(np.repeat(ramp, 2, axis=0), 'ascii')[0]
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
    self.assertEqual(terminal_view.mode_of(environment, encoding), mode)


if __name__ == '__main__':
  absltest.main()
