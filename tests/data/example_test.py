# SPDX-License-Identifier: Apache-2.0
"""Tests of example.py against slices of arrays and NumPy."""

import dataclasses

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.data import augmentation
from depth_mai.data import crop
from depth_mai.data import example

Augmentation = augmentation.Augmentation
OFF = Augmentation.off()
# One for each of the three sizes, as a test below checks.
R2_SEEDS = (0, 1, 4)


def pair(height, width, seed=0):
  """Returns a random image, and depth with a tenth of it unknown."""
  rng = np.random.default_rng(seed)
  rgb = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
  depth_mm = rng.integers(400, 9000, (height, width, 1))
  depth_mm[rng.random((height, width, 1)) < 0.1] = 0
  return rgb, depth_mm.astype(np.uint16)


def position_pair(height, width):
  """Returns an image and depth that both encode the position of a pixel.

  Red grows with x and green with y; depth_mm is 1 + 256 * int(green) + red.
  """
  x = (np.arange(width) + 0.5) / width * 255
  y = (np.arange(height) + 0.5) / height * 255
  red, green = np.meshgrid(np.round(x), np.round(y))
  rgb = np.stack([red, green, np.full_like(red, 9)], axis=-1)
  depth_mm = (1 + 256 * green + red)[..., None]
  return rgb.astype(np.uint8), depth_mm.astype(np.uint16)


def augment(pair_, seed, options, input_size=(12, 16), target_size=None):
  result = example.augment(
    *pair_, (0, seed), options, input_size, target_size or input_size
  )
  return {name: value.numpy() for name, value in result.items()}


def number(name, seed):
  return float(example.by_decision(example.draw((0, seed)))[name])


def changed(options=OFF, **changes):
  return dataclasses.replace(options, **changes)


class TeacherPictureTest(tf.test.TestCase):
  OPTIONS = Augmentation(
    crop='zoom', rotation_degrees=20.0, brightness=(0.3, 0.9)
  )

  def _augment(self, seed, teacher_size, pair_=None):
    return example.augment(
      *(pair_ or position_pair(96, 128)),
      (0, seed),
      self.OPTIONS,
      (12, 16),
      (6, 8),
      teacher_size,
    )

  def test_shows_the_same_window_in_the_same_colours(self):
    for seed in range(4):
      result = self._augment(seed, (24, 32))
      teacher_rgb = result['teacher_rgb'].numpy()
      # Colours grow linearly with the position: where all is inside the frame,
      # a pixel has the mean colour of the four that it covers.
      halved = teacher_rgb.reshape(12, 2, 16, 2, 3).mean(axis=(1, 3))
      blue = teacher_rgb[..., 2].reshape(12, 2, 16, 2).min(axis=(1, 3))
      inside = blue > 0.99 * blue.max()
      self.assertGreater(inside.mean(), 0.5)
      self.assertAllClose(
        result['rgb'].numpy()[inside], halved[inside], atol=1.5
      )

  def test_changes_nothing_else(self):
    pair_ = pair(96, 128)
    without = self._augment(1, None, pair_)
    self.assertEqual(set(without), {'rgb', 'depth_m', 'valid_mask'})
    with_teacher = self._augment(1, (24, 32), pair_)
    for name, value in without.items():
      self.assertAllEqual(with_teacher[name], value)
    self.assertNotIn('teacher_rgb', self._augment(1, [12, 16], pair_))


class DrawTest(tf.test.TestCase):
  def test_same_seeds_same_numbers(self):
    first, again = example.draw((3, 4)), example.draw((3, 4))
    self.assertAllEqual(first, again)

  def test_numbers_are_uniform_and_differ_between_examples(self):
    count = len(example.by_decision(example.draw((0, 0))))
    numbers = next(
      iter(
        tf.data.Dataset.range(2000)
        .map(lambda i: example.draw((7, i)))
        .batch(2000)
      )
    ).numpy()
    self.assertEqual(numbers.shape, (2000, count))
    self.assertAllInRange(numbers, 0, 1, open_upper_bound=True)
    # Five standard errors of the mean of a uniform number, and of the
    # correlation of two independent ones.
    self.assertAllClose(
      numbers.mean(axis=0), np.full(count, 0.5), atol=5 * 0.29 / 2000**0.5
    )
    correlation = np.corrcoef(numbers.T) - np.eye(count)
    self.assertAllInRange(correlation, -5 / 2000**0.5, 5 / 2000**0.5)


class GeometryTest(tf.test.TestCase, parameterized.TestCase):
  def test_off_only_resizes(self):
    rgb, depth_mm = pair(48, 64)
    result = augment((rgb, depth_mm), 0, OFF, (12, 16), (6, 8))
    self.assertAllEqual(
      result['rgb'], tf.image.resize(rgb, (12, 16), antialias=False)
    )
    nearest = tf.image.resize(depth_mm, (6, 8), 'nearest').numpy()
    self.assertAllEqual(np.round(result['depth_m'] * 1000), nearest)
    self.assertAllEqual(result['valid_mask'], nearest > 0)

  def test_r2_crop_is_crop_then_constant_resize_then_padding(self):
    rgb, depth_mm = pair(*crop.R2_FRAME)
    options = changed(crop='r2')
    seen = set()
    for seed in R2_SEEDS:
      window = crop.r2_window(
        *[number(n, seed) for n in ('crop_size', 'crop_top', 'crop_left')]
      )
      top, left, height, width = [int(side) for side in window]
      seen.add((height, width))
      rgb_cut = rgb[top : top + height, left : left + width]
      depth_cut = depth_mm[top : top + height, left : left + width]
      # 128/480 and 160/640; a quarter of both sides for the target.
      shown = (height * 128 // 480, width * 160 // 640)
      expected_rgb = np.full((128, 160, 3), 127.5, np.float32)
      expected_rgb[: shown[0], : shown[1]] = tf.image.resize(
        rgb_cut, shown, antialias=False
      )
      expected_mm = np.zeros((120, 160, 1))
      expected_mm[: height // 4, : width // 4] = tf.image.resize(
        depth_cut, (height // 4, width // 4), 'nearest'
      )
      result = augment((rgb, depth_mm), seed, options, (128, 160), (120, 160))
      self.assertAllClose(result['rgb'], expected_rgb, atol=2e-2)
      self.assertAllEqual(np.round(result['depth_m'] * 1000), expected_mm)
      self.assertAllEqual(result['valid_mask'], expected_mm > 0)
    self.assertEqual(seen, set(crop.R2_SIZES))

  def test_r2_padding_ignores_colour_options(self):
    result = augment(pair(48, 64), self.small_r2_seed(), Augmentation())
    self.assertAllEqual(result['rgb'][6:], np.full((6, 16, 3), 127.5))
    self.assertAllEqual(result['valid_mask'][6:], np.zeros((6, 16, 1)))

  def small_r2_seed(self):
    return next(s for s in range(99) if number('crop_size', s) < 1 / 3)

  def test_r2_crop_is_relative_to_the_size_of_the_image(self):
    # The same view at two resolutions gives the same example.
    options = changed(crop='r2', rotation_probability=1.0)
    for seed in R2_SEEDS:
      full = augment(position_pair(480, 640), seed, options)
      half = augment(position_pair(240, 320), seed, options)
      self.assertAllClose(full['rgb'], half['rgb'], atol=2.0)
      self.assertAllEqual(full['valid_mask'], half['valid_mask'])

  @parameterized.parameters('zoom', 'none')
  def test_flip_is_the_example_of_the_mirrored_image(self, kind):
    rgb, depth_mm = pair(47, 63)
    mirrored = (rgb[:, ::-1].copy(), depth_mm[:, ::-1].copy())
    options = changed(crop=kind)
    flipped = augment(
      (rgb, depth_mm), 5, changed(options, flip_probability=1.0), (11, 13)
    )
    expected = augment(mirrored, 5, options, (11, 13))
    self.assertAllClose(flipped['rgb'], expected['rgb'], atol=2e-2)
    self.assertAllClose(flipped['depth_m'], expected['depth_m'])

  @parameterized.parameters(
    ('r2', 480, 640), ('zoom', 60, 80), ('zoom', 50, 120), ('none', 60, 80)
  )
  def test_image_and_target_show_the_same_place(self, kind, height, width):
    options = changed(
      crop=kind,
      min_zoom=0.3,
      aspect_jitter=0.2,
      rotation_degrees=20.0,
      rotation_probability=1.0,
      flip_probability=0.5,
    )
    for seed in range(4):
      result = augment(position_pair(height, width), seed, options, (24, 32))
      code = np.round(result['depth_m'][..., 0] * 1000) - 1
      valid = result['valid_mask'][..., 0] > 0
      self.assertGreater(valid.sum(), 50)
      red, green = code % 256, code // 256
      # Two source pixels, in units of the colour ramps.
      self.assertLess(
        np.abs(result['rgb'][..., 0] - red)[valid].max(), 2 * 255 / width + 1
      )
      self.assertLess(
        np.abs(result['rgb'][..., 1] - green)[valid].max(),
        2 * 255 / height + 1,
      )

  def test_depth_at_another_resolution_than_the_image(self):
    rgb, _ = position_pair(60, 80)
    depth_mm = position_pair(30, 40)[1]
    options = changed(crop='zoom', rotation_probability=1.0)
    result = augment((rgb, depth_mm), 1, options, (24, 32))
    code = np.round(result['depth_m'][..., 0] * 1000) - 1
    valid = result['valid_mask'][..., 0] > 0
    error = np.abs(result['rgb'][..., 0] - code % 256)[valid]
    self.assertLess(error.max(), 2 * 255 / 40 + 1)

  def test_rotation_leaves_black_unknown_corners(self):
    rgb = np.full((48, 64, 3), 200, np.uint8)
    depth_mm = np.full((48, 64, 1), 3000, np.uint16)
    options = changed(rotation_degrees=40.0, rotation_probability=1.0)
    seed = max(range(20), key=lambda s: abs(number('angle', s) - 0.5))
    result = augment((rgb, depth_mm), seed, options, (48, 64))
    valid = result['valid_mask'][..., 0] > 0
    self.assertBetween(valid.mean(), 0.5, 0.95)
    self.assertAllClose(result['rgb'][valid], np.full((valid.sum(), 3), 200))
    black = result['rgb'][~valid].max(axis=-1) == 0
    # On the border the two may disagree about a pixel centre by rounding.
    self.assertGreater(black.mean(), 0.99)
    self.assertFalse(valid[[0, 0, -1, -1], [0, -1, 0, -1]].any())

  def test_zoom_can_scale_depth(self):
    depth_mm = np.full((48, 64, 1), 4000, np.uint16)
    options = changed(crop='zoom', min_zoom=0.25, zoom_scales_depth=True)
    zoom = 0.25 + 0.75 * number('crop_size', 3)
    result = augment((pair(48, 64)[0], depth_mm), 3, options)
    self.assertAllClose(result['depth_m'], np.full((12, 16, 1), 4 * zoom))

  def test_zoom_of_one_size_is_a_random_patch(self):
    rgb, depth_mm = pair(48, 64)
    options = changed(crop='zoom', min_zoom=0.75, max_zoom=0.75)
    places = set()
    for seed in range(4):
      # 12 pixels are left over in height, 16 in width.
      top, left = number('crop_top', seed) * 12, number('crop_left', seed) * 16
      result = augment((rgb, depth_mm), seed, options, (36, 48))
      # sample_depth takes the nearest pixel.
      rows = np.int32(np.floor(top + np.arange(36) + 0.5))
      columns = np.int32(np.floor(left + np.arange(48) + 0.5))
      expected = depth_mm[rows][:, columns] / 1000
      self.assertAllClose(result['depth_m'], expected)
      places.add((rows[0], columns[0]))
    self.assertLen(places, 4)


class ColourTest(tf.test.TestCase, parameterized.TestCase):
  def test_default_colour_against_numpy(self):
    rgb = augment(pair(48, 64), 0, OFF)['rgb'].astype(np.float64)
    options = changed(
      Augmentation(),
      crop='none',
      rotation_probability=0.0,
      flip_probability=0.0,
    )
    for seed in range(5):
      expected = rgb ** (0.9 + 0.2 * number('gamma', seed))
      expected *= 0.75 + 0.5 * number('brightness', seed)
      expected *= [
        0.9 + 0.2 * number(c, seed) for c in ('red', 'green', 'blue')
      ]
      self.assertAllClose(
        augment(pair(48, 64), seed, options)['rgb'],
        np.clip(expected, 0, 255),
        rtol=1e-4,
        atol=1e-3,
      )

  def test_saturation_and_contrast_against_numpy(self):
    rgb = augment(pair(48, 64), 0, OFF)['rgb'].astype(np.float64)
    options = changed(saturation=(0.2, 0.8), contrast=(0.5, 1.5))
    grey = rgb.mean(axis=-1, keepdims=True)
    expected = grey + (rgb - grey) * (0.2 + 0.6 * number('saturation', 2))
    mean = expected.mean()
    expected = mean + (expected - mean) * (0.5 + number('contrast', 2))
    self.assertAllClose(
      augment(pair(48, 64), 2, options)['rgb'],
      np.clip(expected, 0, 255),
      atol=1e-2,
    )

  def test_cutout_replaces_one_rectangle_and_keeps_depth(self):
    plain = augment(pair(48, 64), 0, OFF)
    options = changed(cutout_probability=1.0, cutout_size=(0.5, 0.5))
    cut = augment(pair(48, 64), 0, options)
    differs = (cut['rgb'] != plain['rgb']).any(axis=-1)
    self.assertAllEqual(cut['rgb'][differs], np.full((differs.sum(), 3), 127.5))
    rows, columns = np.where(differs)
    area = (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
    self.assertEqual(differs.sum(), area)
    self.assertBetween(area, 6 * 8 // 4, 7 * 9)
    self.assertAllEqual(cut['depth_m'], plain['depth_m'])

  def test_switching_one_option_on_leaves_the_others(self):
    more = changed(Augmentation(), cutout_probability=1.0)
    plain = augment(pair(48, 64), 3, Augmentation())
    cut = augment(pair(48, 64), 3, more)
    self.assertAllEqual(cut['depth_m'], plain['depth_m'])


class ProbabilityTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(
    ({'flip_probability': 0.25}, 'flip', 0.25),
    ({'rotation_probability': 0.5, 'rotation_degrees': 30.0}, 'rotate', 0.5),
    ({'cutout_probability': 0.7, 'cutout_size': (0.5, 0.5)}, 'cutout', 0.7),
  )
  def test_decision_against_its_probability(self, options, decision, share):
    rgb, depth_mm = pair(8, 10)
    options = changed(**options)
    for seed in range(12):
      result = augment((rgb, depth_mm), seed, options, (8, 10))['rgb']
      self.assertEqual(
        not np.array_equal(result, rgb), number(decision, seed) < share
      )


if __name__ == '__main__':
  tf.test.main()
