# SPDX-License-Identifier: Apache-2.0
"""Tests of the depth pictures."""

import os

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from depth_mai.report import colours
from depth_mai.report import picture
from depth_mai.report import scale


def _photo(height=96, width=128):
  return np.random.default_rng(0).integers(
    0, 256, (height, width, 3), dtype=np.uint8
  )


def _depth_m(height=96, width=128):
  return np.geomspace(1.0, 9.0, height * width).reshape(height, width)


def _occurs(part, whole):
  """Returns whether a picture occurs inside another, pixel by pixel."""
  height, width = part.shape[:2]
  places = np.argwhere(
    (
      whole[: whole.shape[0] - height + 1, : whole.shape[1] - width + 1]
      == part[0, 0]
    ).all(axis=-1)
  )
  return any(
    np.array_equal(whole[y : y + height, x : x + width], part)
    for y, x in places
  )


class ColouriseTest(parameterized.TestCase):
  def test_ends_middle_and_unknown(self):
    depth_m = np.array([[1.0, 9.0, 3.0, 0.0], [0.1, 50.0, np.nan, -1.0]])
    got = picture.colourise(depth_m, 1.0, 9.0)
    table = colours.depth_map()
    self.assertEqual(got.shape, (2, 4, 3))
    self.assertEqual(got.dtype, np.uint8)
    np.testing.assert_array_equal(got[:, 0], [table[0]] * 2)
    np.testing.assert_array_equal(got[:, 1], [table[-1]] * 2)
    np.testing.assert_array_equal(got[0, 2], table[128])
    for unknown in (got[0, 3], got[1, 2], got[1, 3]):
      np.testing.assert_array_equal(unknown, colours.INVALID_RGB)

  def test_one_channel(self):
    depth_m = _depth_m().astype(np.float32)
    np.testing.assert_array_equal(
      picture.colourise(depth_m[..., None], 1.0, 9.0),
      picture.colourise(depth_m, 1.0, 9.0),
    )

  def test_steps(self):
    depth_m = np.array([[1.0, 3.0, 9.0, 0.0]])
    got = picture.colourise(depth_m, 1.0, 9.0, steps=3)[0]
    expected = [*colours.depth_map(3), colours.INVALID_RGB]
    np.testing.assert_array_equal(got, expected)

  @parameterized.parameters((5,), (2, 3, 3), (0, 4), (1, 4, 4, 1))
  def test_shape_errors(self, *shape):
    with self.assertRaisesRegex(ValueError, r'\[H, W\] or \[H, W, 1\]'):
      picture.colourise(np.ones(shape), 1.0, 2.0)


class ColouriseErrorTest(absltest.TestCase):
  def test_signs_limits_and_unknown(self):
    truth_m = np.array([[2.0, 2.0, 2.0, 2.0, 0.0, 2.0]])
    depth_m = np.array([[2.0, 1.0, 3.0, 9.0, 2.0, np.nan]])
    got = picture.colourise_error(depth_m, truth_m, limit=0.5)[0]
    table = colours.error_map()
    self.assertGreater(got[0].min(), 235)
    np.testing.assert_array_equal(got[1], table[0])
    np.testing.assert_array_equal(got[2], table[-1])
    np.testing.assert_array_equal(got[3], table[-1])
    np.testing.assert_array_equal(got[4], colours.INVALID_RGB)
    np.testing.assert_array_equal(got[5], colours.INVALID_RGB)

  def test_steps(self):
    truth_m = np.array([[2.0, 2.0, 2.0]])
    depth_m = np.array([[1.0, 2.0, 3.0]])
    got = picture.colourise_error(depth_m, truth_m, limit=0.5, steps=3)[0]
    np.testing.assert_array_equal(got, colours.error_map(3))

  def test_errors(self):
    with self.assertRaisesRegex(ValueError, 'resize the depth'):
      picture.colourise_error(np.ones((2, 3)), np.ones((3, 2)))
    with self.assertRaisesRegex(ValueError, 'limit'):
      picture.colourise_error(np.ones((2, 3)), np.ones((2, 3)), limit=0)


class ColourBarTest(parameterized.TestCase):
  def test_picture_stays_and_bar_runs_from_near_to_far(self):
    photo = _photo(200, 60)
    got = picture.with_colour_bar(photo, 1.0, 9.0)
    np.testing.assert_array_equal(got[:, :60], photo)
    bar = got[:, 60:]
    for colour, rows in (
      (colours.depth_map()[0], slice(150, 200)),
      (colours.depth_map()[-1], slice(0, 50)),
    ):
      self.assertTrue((bar[rows] == colour).all(axis=-1).any())
      other = np.delete(bar, np.r_[rows], axis=0)
      self.assertFalse((other == colour).all(axis=-1).any())

  def test_labels_are_complete(self):
    bar = picture.with_colour_bar(_photo(), 1.0, 9.0)[:, 128:]
    ink = (bar == picture.INK_RGB).all(axis=-1)
    self.assertGreater(ink.sum(), 20)
    # Neither the edge nor the picture cuts a label.
    self.assertFalse(ink[:, -1].any())
    self.assertFalse(ink[[0, -1]].any())

  def test_usual_bars_have_one_width(self):
    widths = {
      picture.with_colour_bar(_photo(), near_m, far_m).shape[1]
      for near_m, far_m in ((1, 2), (0.4, 40), (10.3, 12.4), (0.41, 0.5))
    }
    self.assertLen(widths, 1)

  @parameterized.parameters(1, 2, 11, 40)
  def test_low_pictures(self, height):
    got = picture.with_colour_bar(_photo(height, 5), 1.0, 9.0)
    self.assertEqual(got.shape[0], height)

  def test_labels_do_not_touch(self):
    # Eight ticks would fit at a smaller text size.
    bar = picture.colour_bar(150, 1.0, 9.0, text_size=18)
    lines = (bar.max(axis=-1) < 160)[:, 9 + 18 + 6 + 2 :].any(axis=1)
    heights = np.diff(np.flatnonzero(np.diff(np.pad(lines, 1).astype(int))))
    # Lines of text and gaps in turn; a line of digits is about 13 high.
    self.assertGreaterEqual(len(heights), 5)
    self.assertLess(heights[::2].max(), 18)
    self.assertGreaterEqual(heights[1::2].min(), 2)

  def test_bars_in_few_steps(self):
    for bar, table in (
      (picture.colour_bar(150, 1.0, 9.0, steps=4), colours.depth_map(4)),
      (picture.error_bar(150, steps=4), colours.error_map(4)),
    ):
      self.assertEqual(bar.shape[0], 150)
      colourful = bar[np.ptp(bar.astype(int), axis=-1) > 15]
      seen = {tuple(colour) for colour in colourful.tolist()}
      self.assertNotEmpty(seen)
      self.assertLessEqual(seen, {tuple(colour) for colour in table.tolist()})

  def test_error_bar(self):
    bar = picture.error_bar(96)
    self.assertEqual(bar.shape[0], 96)
    for colour in colours.error_map()[[0, -1]]:
      self.assertTrue((bar == colour).all(axis=-1).any())

  @parameterized.parameters(
    (np.zeros((4, 4), np.uint8),),
    (np.zeros((4, 4, 4), np.uint8),),
    (np.zeros((4, 4, 3), np.float32),),
    (np.zeros((0, 4, 3), np.uint8),),
    (None,),
  )
  def test_picture_errors(self, wrong):
    with self.assertRaisesRegex(ValueError, 'must be uint8'):
      picture.with_colour_bar(wrong, 1.0, 2.0)


class SideBySideTest(absltest.TestCase):
  def test_image_and_depth(self):
    photo, depth_m = _photo(), _depth_m()
    got = picture.side_by_side(photo, depth_m)
    self.assertTrue(_occurs(photo, got))
    near_m, far_m = picture.depth_range(depth_m)
    panel = picture.colourise(depth_m, near_m, far_m)
    self.assertTrue(_occurs(panel, got))
    self.assertFalse(_occurs(panel[::-1], got))

  def test_truth_sets_the_range_of_both(self):
    photo, truth_m = _photo(), _depth_m()
    depth_m = truth_m * 3.0
    got = picture.side_by_side(photo, depth_m, truth_m)
    near_m, far_m = picture.depth_range(truth_m)
    for panel in (
      photo,
      picture.colourise(depth_m, near_m, far_m),
      picture.colourise(truth_m, near_m, far_m),
      np.hstack(
        (picture.colourise_error(depth_m, truth_m), picture.error_bar(96))
      ),
    ):
      self.assertTrue(_occurs(panel, got))

  def test_range_can_be_given(self):
    colour_range = scale.ColourRange(0.5, 20.0)
    got = picture.side_by_side(_photo(), _depth_m(), colour_range=colour_range)
    self.assertTrue(_occurs(picture.colourise(_depth_m(), 0.5, 20.0), got))

  def test_small_maps_are_enlarged_in_blocks(self):
    depth_m = _depth_m(12, 16)
    got = picture.side_by_side(_photo(), depth_m)
    panel = picture.colourise(depth_m, *picture.depth_range(depth_m))
    self.assertTrue(_occurs(panel.repeat(8, axis=0).repeat(8, axis=1), got))

  def test_no_known_depth(self):
    got = picture.side_by_side(_photo(), np.zeros((96, 128)))
    grey = np.broadcast_to(np.uint8(colours.INVALID_RGB), (96, 128, 3))
    self.assertTrue(_occurs(grey, got))


class DrawPredictionTest(absltest.TestCase):
  def test_both_pictures_have_the_colours_of_the_range(self):
    rgb_uint8 = np.full((60, 80, 3), 123, np.uint8)
    depth_m = np.full((60, 80), 2.0)
    depth_m[:, 40:] = 9.0
    colour, pair = picture.draw_prediction(
      scale.ColourRange(2.0, 6.0), rgb_uint8, depth_m
    )
    nearest, farthest = colours.depth_map()[[0, -1]]
    np.testing.assert_array_equal(colour[:, :40], np.tile(nearest, (60, 40, 1)))
    np.testing.assert_array_equal(
      colour[:, 40:80], np.tile(farthest, (60, 40, 1))
    )
    # The picture to the left, both colours to the right of it.
    line = pair[pair.shape[0] // 2]
    is_picture, is_near, is_far = (
      (line == wanted).all(-1) for wanted in ((123,) * 3, nearest, farthest)
    )
    self.assertEqual(is_picture.sum(), 80)
    self.assertLess(np.nonzero(is_picture)[0][-1], np.argmax(is_near))
    self.assertLess(np.argmax(is_near), np.argmax(is_far))
    self.assertGreater(colour.shape[1], 80)  # There is a bar.


class GridTest(parameterized.TestCase):
  def test_places(self):
    a, b, c = _photo(20, 30), _photo(10, 40)[::-1], _photo(20, 12)[:, ::-1]
    got = picture.grid([[a, b], [None, c]])
    for part in (a, b, c):
      self.assertTrue(_occurs(part, got))
    # 5 is half of the smallest text, the gap.
    self.assertEqual(got.shape, (20 + 20 + 3 * 5, 30 + 40 + 3 * 5, 3))
    np.testing.assert_array_equal(got[5:25, 5:35], a)
    np.testing.assert_array_equal(got[5:15, 40:80], b)
    np.testing.assert_array_equal(got[30:50, 40:52], c)
    self.assertTrue((got[30:50, 5:35] == 255).all())

  def test_titles_are_above(self):
    plain = picture.grid([[_photo(), _photo()]])
    titled = picture.grid([[_photo(), _photo()]], ['one', 'two'], ['row'])
    self.assertEqual(plain.shape[1], titled.shape[1])
    added = titled.shape[0] - plain.shape[0]
    self.assertGreater(added, 20)
    head = titled[: added + 5]
    for half in np.array_split(head, 2, axis=1):
      self.assertLess(half.min(), 128)

  def test_text_size(self):
    small = picture.grid([[_photo()]], ['HHH'], text_size=12)
    large = picture.grid([[_photo()]], ['HHH'], text_size=24)
    inked = [
      np.ptp(np.flatnonzero((part[: 2 * size] < 128).any(axis=(1, 2))))
      for part, size in ((small, 12), (large, 24))
    ]
    self.assertAlmostEqual(inked[1] / inked[0], 2.0, delta=0.4)

  def test_a_wide_title_is_shortened(self):
    got = picture.grid([[_photo(), _photo()]], ['H' * 99, 'H'])
    # Nothing is written between the columns, where the first title would be.
    gap = got[:20, 5 + 128 + 3 : 5 + 128 + 5]
    self.assertTrue((gap == 255).all())

  @parameterized.parameters(
    ([], None, None, 'at least one'),
    ([[]], None, None, 'at least one'),
    ([[None]], None, None, 'at least one'),
    ([[_photo()]], ['a', 'b'], None, 'column_titles has 2 entries'),
    ([[_photo()]], None, [], 'row_titles has 0 entries'),
  )
  def test_errors(self, rows, column_titles, row_titles, message):
    with self.assertRaisesRegex(ValueError, message):
      picture.grid(rows, column_titles, row_titles)


class SavePictureTest(absltest.TestCase):
  def test_round_trip(self):
    folder = self.create_tempdir().full_path
    path = os.path.join(folder, 'new', 'a.png')
    picture.save_picture(path, _photo())
    with Image.open(path) as saved:
      np.testing.assert_array_equal(np.array(saved), _photo())
    self.assertEqual(os.listdir(os.path.dirname(path)), ['a.png'])


if __name__ == '__main__':
  absltest.main()
