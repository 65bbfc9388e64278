# SPDX-License-Identifier: Apache-2.0
"""Tests of the pictures: one scale for all, and the colours at each place."""

import io
import os

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from depth_mai.report import colours
from depth_mai.report import leaderboard_pictures

_TILE = (60, 80)


def _images():
  """Returns two scenes, 1 to 2 m and 4 to 8 m away, and random photographs."""
  random = np.random.default_rng(0)
  near, far = np.linspace(1000, 2000, 80), np.linspace(4000, 8000, 80)
  return [
    (
      name,
      random.integers(0, 256, (*_TILE, 3), dtype=np.uint8),
      np.broadcast_to(depth_mm, _TILE).astype(np.uint16),
    )
    for name, depth_mm in (('near', near), ('far', far))
  ]


def _picture(count, seed=0):
  """Returns a picture of 40 x 50 random colours, and the first of them."""
  random = np.random.default_rng(seed)
  picture = random.integers(0, 256, (40, 50, 3), dtype=np.uint8)
  return picture, picture.reshape(-1, 3)[:count].copy()


def _rgb(image):
  return np.array(image.convert('RGB'))


class LeaderboardPicturesTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.path = os.path.join(self.create_tempdir().full_path, 'pictures.png')

  def draw(self, predictions, images=None, **rest):
    leaderboard_pictures.leaderboard_pictures(
      predictions, images or _images(), self.path, tile_width=80, **rest
    )
    with Image.open(self.path) as saved:
      return np.array(saved.convert('RGB'))

  def tops(self, whole):
    """Returns where the two photographs begin, pixels from the top."""
    # The photographs are random colours; paper and letters are grey.
    colourful = np.ptp(whole[:, 5:85].astype(int), axis=-1) > 60
    is_photo = colourful.mean(axis=1) > 0.3
    tops = np.flatnonzero(is_photo[1:] & ~is_photo[:-1]) + 1
    self.assertLen(tops, 2)
    return tops

  def tiles(self, whole, columns):
    """Returns (upper, lower) tiles as [row][column]."""
    return [
      [
        (whole[y : y + 60, x : x + 80], whole[y + 64 : y + 124, x : x + 80])
        for x in range(5, 5 + columns * 85, 85)
      ]
      for y in self.tops(whole)
    ]

  def test_one_metric_scale_for_truths_and_all_predictions(self):
    images = _images()
    truths = [image[2] for image in images]
    flat = [np.full(_TILE, 1500.0), np.full(_TILE, 1500.0)]
    whole = self.draw({'right': truths, 'flat': flat}, images)
    near, far = self.tiles(whole, columns=4)
    for (_, truth, right, constant), depth_mm in zip(
      (near, far), truths, strict=True
    ):
      np.testing.assert_array_equal(truth[0], right[0])
      # The scale of all truths together, the 1st and 99th percentiles.
      limits = np.log(np.percentile(np.array(truths) / 1e3, (1, 99)))
      place = (np.log(depth_mm / 1e3) - limits[0]) / (limits[1] - limits[0])
      index = np.rint(place.clip(0, 1) * 63).astype(int)
      np.testing.assert_array_equal(truth[0], colours.depth_map(64)[index])
      self.assertLen(np.unique(constant[0].reshape(-1, 3), axis=0), 1)
    # 1.5 m has one colour, whatever else is in the row.
    np.testing.assert_array_equal(near[3][0], far[3][0])

  def test_errors_share_one_scale_and_lie_below(self):
    images = _images()
    predictions = {
      'right': [image[2] for image in images],
      'too far': [image[2] * 1.25 for image in images],
      'too near': [image[2] * 0.5 for image in images],
    }
    table = colours.error_map(64)
    whole = self.draw(predictions, images)
    for row in self.tiles(whole, columns=5):
      _, _, right, far, near = (lower for _, lower in row)
      # 0, +25 and -50 % on a scale from -50 to +50 %.
      for tile, place in ((right, 0.5), (far, 0.75), (near, 0.0)):
        expected = np.broadcast_to(table[round(place * 63)], tile.shape)
        np.testing.assert_array_equal(tile, expected)

  def test_pictures_and_truths_can_be_left_out(self):
    predictions = {'flat': [np.full(_TILE, 1500.0)] * 2}
    with_data = self.draw(predictions)
    without = self.draw(predictions, with_data=False)
    # Two columns of 85 pixels are missing on the left; the rest is as it was.
    self.assertEqual(without.shape[1], with_data.shape[1] - 170)
    top = self.tops(with_data)[0]
    np.testing.assert_array_equal(
      without[top : top + 124, 5:85], with_data[top : top + 124, 175:255]
    )

  def test_error_limit(self):
    images = _images()
    predictions = {'far': [image[2] * 1.25 for image in images]}
    whole = self.draw(predictions, images, error_limit=0.25)
    lower = self.tiles(whole, columns=3)[0][2][1]
    expected = np.broadcast_to(colours.error_map(64)[-1], lower.shape)
    np.testing.assert_array_equal(lower, expected)

  def test_unknown_and_one_channel(self):
    left = np.arange(80) < 40
    images = [
      (name, rgb_uint8, np.where(left, 0, depth_mm)[..., None])
      for name, rgb_uint8, depth_mm in _images()
    ]
    predictions = {'one': [np.full((*_TILE, 1), 3000, np.float32)] * 2}
    row = self.tiles(self.draw(predictions, images), columns=3)[0]
    for tile in (row[1][0], row[2][1]):
      unknown = (tile == colours.INVALID_RGB).all(axis=-1)
      self.assertTrue(unknown[:, :40].all())
      self.assertFalse(unknown[:, 40:].any())

  def test_larger_maps_are_subsampled_not_averaged(self):
    # Stripes of 1 and 4 m: an average would have another colour.
    depth_mm = np.broadcast_to(
      np.where(np.arange(320) // 3 % 2, 4000, 1000), (240, 320)
    )
    rgb_uint8 = np.random.default_rng(0).integers(
      0, 256, (240, 320, 3), dtype=np.uint8
    )
    whole = self.draw({'a': [depth_mm]}, [('stripes', rgb_uint8, depth_mm)])
    ends = {tuple(colour) for colour in colours.depth_map(64)[[0, -1]].tolist()}
    # The second column, below the title: the truth.
    for y in (40, 50, 60):
      seen = {tuple(colour) for colour in whole[y, 90:170].tolist()}
      self.assertEqual(seen, ends)

  def test_bars_show_the_scales(self):
    whole = self.draw({'a': [image[2] for image in _images()]})
    bars = whole[:, 5 + 3 * 85 :].reshape(-1, 3)
    seen = {tuple(colour) for colour in bars.tolist()}
    for table in (colours.depth_map(64), colours.error_map(64)):
      shown = [tuple(colour) in seen for colour in table.tolist()]
      self.assertGreater(np.mean(shown), 0.6)
      self.assertTrue(shown[0] and shown[-1])

  def test_no_known_depth(self):
    images = [(name, rgb, np.zeros(_TILE)) for name, rgb, _ in _images()]
    whole = self.draw({'a': [np.full(_TILE, 2000.0)] * 2}, images)
    row = self.tiles(whole, columns=3)[0]
    for tile in (row[1][0], row[2][1]):
      self.assertTrue((tile == colours.INVALID_RGB).all())

  def test_a_system_that_diverged(self):
    whole = self.draw({'a': [np.full(_TILE, np.nan)] * 2})
    for tile in self.tiles(whole, columns=3)[0][2]:
      self.assertTrue((tile == colours.INVALID_RGB).all())

  def test_si_rmse_is_below_the_error_map(self):
    truths = [image[2] for image in _images()]
    worse = [truths[0], truths[1].copy()]
    worse[1][:, ::2] *= 2
    captions = []
    for depths_mm in (truths, [2 * truth for truth in truths], worse):
      whole = self.draw({'a': depths_mm})
      captions.append([self.caption(whole, row) for row in (0, 1)])
    # A common factor changes nothing; the second picture of the third is worse.
    # The greys of letters share a palette with each whole picture, so single
    # pixels may differ.
    changed = lambda a, b: np.mean(np.array(a) != np.array(b))
    self.assertLess(changed(captions[0], captions[1]), 0.003)
    self.assertLess(changed(captions[0][0], captions[2][0]), 0.003)
    self.assertGreater(changed(captions[0][1], captions[2][1]), 0.02)
    self.assertTrue(captions[0][1].any())

  def caption(self, whole, row):
    """Returns the ink below the only system's error map."""
    top = self.tops(whole)[row] + 128
    return whole[top : top + 14, 175:255].max(axis=-1) < 128

  def test_file_has_a_palette(self):
    self.draw({'a': [image[2] for image in _images()]})
    with Image.open(self.path) as saved:
      self.assertEqual(saved.mode, 'P')

  @parameterized.parameters(
    ({}, 2, '0 systems and 2 images'),
    ({'a': [np.ones(_TILE)]}, 0, '1 systems and 0 images'),
    ({'a': [np.ones(_TILE)]}, 2, 'a has 1 depths for 2 images'),
    ({'a': [np.ones((5, 6))]}, 1, r'depth of near by a is \(5, 6\)'),
  )
  def test_errors(self, predictions, count, message):
    with self.assertRaisesRegex(ValueError, message):
      leaderboard_pictures.leaderboard_pictures(
        predictions, _images()[:count], self.path
      )
    self.assertFalse(os.path.exists(self.path))


class WithPaletteTest(absltest.TestCase):
  def test_kept_colours_are_exact_and_others_close(self):
    picture, kept = _picture(60)
    got = leaderboard_pictures.with_palette(picture, kept)
    self.assertEqual(got.mode, 'P')
    self.assertLen(np.unique(_rgb(got).reshape(-1, 3), axis=0), 256)
    np.testing.assert_array_equal(_rgb(got).reshape(-1, 3)[:60], kept)
    error = np.abs(_rgb(got).astype(int) - picture).max(axis=-1)
    # 196 colours for a whole colour cube: cells of about 45 in each channel.
    self.assertLess(np.median(error), 45)

  def test_few_colours_are_all_exact(self):
    random = np.random.default_rng(1)
    few = random.integers(0, 256, (100, 3), dtype=np.uint8)
    picture = few[random.integers(0, 100, (40, 50))]
    for kept in (few[:7], few, few[:1]):
      np.testing.assert_array_equal(
        _rgb(leaderboard_pictures.with_palette(picture, kept)), picture
      )

  def test_unused_exact_colours(self):
    picture = np.full((4, 5, 3), 200, np.uint8)
    got = leaderboard_pictures.with_palette(
      picture, np.array([[0, 0, 0], [9, 9, 9]], np.uint8)
    )
    np.testing.assert_array_equal(_rgb(got), picture)

  def test_file_is_smaller(self):
    picture, kept = _picture(60)
    sizes = []
    for image in (
      leaderboard_pictures.with_palette(picture, kept),
      Image.fromarray(picture),
    ):
      stream = io.BytesIO()
      image.save(stream, format='PNG')
      sizes.append(stream.tell())
    self.assertLess(sizes[0], 0.6 * sizes[1])

  def test_errors(self):
    picture, kept = _picture(300)
    with self.assertRaisesRegex(ValueError, '300 exact colours are too many'):
      leaderboard_pictures.with_palette(picture, kept)


class ExampleIndicesTest(parameterized.TestCase):
  @parameterized.parameters(
    (192, 5, [19, 57, 96, 134, 172]),
    (5, 5, [0, 1, 2, 3, 4]),
    (3, 5, [0, 1, 2]),
    (1, 5, [0]),
    (10, 1, [5]),
    (10, 2, [2, 7]),
  )
  def test_middles_of_equal_parts(self, count, examples, expected):
    got = leaderboard_pictures.example_indices(count, examples)
    self.assertEqual(got, expected)

  @parameterized.parameters((0, 5), (5, 0))
  def test_errors(self, count, examples):
    with self.assertRaisesRegex(ValueError, 'at least 1'):
      leaderboard_pictures.example_indices(count, examples)


if __name__ == '__main__':
  absltest.main()
