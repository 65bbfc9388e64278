# SPDX-License-Identifier: Apache-2.0
"""Tests of geometry.py against NumPy."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.data import geometry


def random_rgb(height, width, seed=0):
  rng = np.random.default_rng(seed)
  return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def random_depth_mm(height, width, seed=0):
  rng = np.random.default_rng(seed)
  return rng.integers(0, 65536, (height, width, 1)).astype(np.uint16)


def places(matrix, output_size):
  """Returns the source point of every output pixel, in double precision."""
  matrix = np.asarray(matrix, np.float64)
  x, y = np.zeros(output_size), np.zeros(output_size)
  for row in range(output_size[0]):
    for column in range(output_size[1]):
      place = matrix @ [column + 0.5, row + 0.5, 1.0]
      x[row, column], y[row, column] = place[:2]
  return x, y


def bilinear_reference(rgb, matrix, output_size):
  """Samples bilinearly: edge pixels repeat up to the frame, black outside."""
  height, width, _ = rgb.shape
  x, y = places(matrix, output_size)
  result = np.zeros((*output_size, 3))
  for row, column in np.ndindex(*output_size):
    px, py = x[row, column], y[row, column]
    if not (0 <= px <= width and 0 <= py <= height):
      continue
    ix = np.clip(px - 0.5, 0, width - 1)
    iy = np.clip(py - 0.5, 0, height - 1)
    x0, y0 = int(ix), int(iy)
    x1, y1 = min(x0 + 1, width - 1), min(y0 + 1, height - 1)
    fx, fy = ix - x0, iy - y0
    top = rgb[y0, x0] * (1 - fx) + rgb[y0, x1] * fx
    bottom = rgb[y1, x0] * (1 - fx) + rgb[y1, x1] * fx
    result[row, column] = top * (1 - fy) + bottom * fy
  return result


def nearest_reference(depth_mm, matrix, output_size):
  """Samples the pixel that contains the point, in metres; 0 outside."""
  height, width, _ = depth_mm.shape
  x, y = places(matrix, output_size)
  result = np.zeros((*output_size, 1))
  for row, column in np.ndindex(*output_size):
    ix = int(np.floor(x[row, column]))
    iy = int(np.floor(y[row, column]))
    if 0 <= ix < width and 0 <= iy < height:
      result[row, column] = depth_mm[iy, ix] / 1000
  return result


def some_matrix(source_size, output_size):
  """Combines all four steps, with corners outside the source."""
  return geometry.compose(
    geometry.rotation(17.0, source_size),
    geometry.horizontal_flip(source_size[1], True),
    geometry.crop(1.3, 0.7),
    geometry.resize(output_size, (source_size[0] - 2, source_size[1] - 1)),
  )


class MatrixTest(tf.test.TestCase, parameterized.TestCase):
  def place(self, matrix, x, y):
    return (matrix.numpy().astype(np.float64) @ [x, y, 1.0])[:2]

  def test_resize_maps_corner_to_corner(self):
    matrix = geometry.resize((10, 20), (480, 640))
    self.assertAllClose(self.place(matrix, 0, 0), (0, 0))
    self.assertAllClose(self.place(matrix, 20, 10), (640, 480))

  def test_flip_mirrors_about_the_middle_column(self):
    matrix = geometry.horizontal_flip(7, True)
    self.assertAllClose(self.place(matrix, 0, 2), (7, 2))
    self.assertAllClose(self.place(matrix, 3.5, 2), (3.5, 2))

  def test_no_flip_is_the_identity(self):
    self.assertAllEqual(geometry.horizontal_flip(7, False), np.eye(3))

  def test_crop_moves_the_origin(self):
    self.assertAllClose(self.place(geometry.crop(2.5, 4), 1, 1), (5, 3.5))

  @parameterized.parameters(0.0, 2.5, -15.0, 90.0, 180.0)
  def test_rotation_is_multiplication_of_complex_numbers(self, degrees):
    height, width = 30, 41
    centre = complex(width / 2, height / 2)
    matrix = geometry.rotation(degrees, (height, width))
    turn = np.exp(1j * np.deg2rad(degrees))
    for place in (0j, 41 + 0j, 12.5 + 29.5j):
      expected = (place - centre) * turn + centre
      self.assertAllClose(
        self.place(matrix, place.real, place.imag),
        (expected.real, expected.imag),
        atol=1e-4,
      )

  def test_compose_is_the_product_in_the_order_of_the_steps(self):
    first = geometry.crop(3.0, 5.0)
    then = geometry.horizontal_flip(10, True)
    last = geometry.resize((4, 5), (8, 10))
    by_hand = first.numpy() @ then.numpy() @ last.numpy()
    self.assertAllClose(geometry.compose(first, then, last), by_hand)

  def test_source_points_are_the_products_with_the_matrix(self):
    matrix = some_matrix((30, 40), (8, 10))
    x, y = places(matrix, (8, 10))
    found_y, found_x = geometry.source_points(matrix, (8, 10))
    self.assertAllClose(found_x, x, atol=1e-4)
    self.assertAllClose(found_y, y, atol=1e-4)

  def test_inside_source(self):
    matrix = some_matrix((30, 40), (8, 10))
    x, y = places(matrix, (8, 10))
    expected = (x >= 0) & (x <= 40) & (y >= 0) & (y <= 30)
    self.assertBetween(expected.mean(), 0.3, 0.99)
    inside = geometry.inside_source(matrix, (8, 10), (30, 40))
    self.assertAllEqual(inside[..., 0], expected)


class SampleTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(
    ((48, 64), (12, 16)),
    ((48, 64), (13, 17)),
    ((7, 9), (20, 31)),
    ((480, 640), (128, 160)),
  )
  def test_resize_alone_is_tf_image_resize(self, source_size, output_size):
    rgb = random_rgb(*source_size)
    matrix = geometry.resize(output_size, source_size)
    self.assertAllClose(
      geometry.sample_rgb(rgb, matrix, output_size),
      tf.image.resize(rgb, output_size, 'bilinear', antialias=False),
      atol=5e-3,
    )

  def test_exact_factor_of_four_is_bit_identical(self):
    rgb = random_rgb(48, 64)
    matrix = geometry.resize((12, 16), (48, 64))
    self.assertAllEqual(
      geometry.sample_rgb(rgb, matrix, (12, 16)),
      tf.image.resize(rgb, (12, 16), 'bilinear', antialias=False),
    )

  @parameterized.parameters(((11, 14),), ((40, 50),))
  def test_rgb_against_numpy(self, output_size):
    rgb = random_rgb(30, 40)
    matrix = some_matrix((30, 40), output_size)
    expected = bilinear_reference(rgb, matrix, output_size)
    self.assertTrue((expected.max(axis=-1) == 0).any())
    self.assertAllClose(
      geometry.sample_rgb(rgb, matrix, output_size), expected, atol=2e-2
    )

  @parameterized.parameters(((11, 14),), ((40, 50),))
  def test_depth_against_numpy(self, output_size):
    depth_mm = random_depth_mm(30, 40)
    matrix = some_matrix((30, 40), output_size)
    expected = nearest_reference(depth_mm, matrix, output_size)
    self.assertTrue((expected == 0).any())
    self.assertAllClose(
      geometry.sample_depth(depth_mm, matrix, output_size), expected, rtol=1e-6
    )

  def test_rows_with_padding_are_the_image(self):
    rgb, depth_mm = random_rgb(30, 40), random_depth_mm(30, 40)
    matrix = some_matrix((30, 40), (11, 14))
    for sample, image in (
      (geometry.sample_rgb, rgb),
      (geometry.sample_depth, depth_mm),
    ):
      rows = image.reshape(1200, -1)
      padded = np.concatenate([rows, np.full_like(rows[:99], 77)])
      self.assertAllEqual(
        sample(padded, matrix, (11, 14), (30, 40)),
        sample(image, matrix, (11, 14)),
      )

  @parameterized.parameters('BILINEAR', 'NEAREST')
  def test_samples_as_the_projective_transform_of_tensorflow(self, kind):
    rgb, depth_mm = random_rgb(60, 80), random_depth_mm(60, 80)
    matrix = geometry.compose(
      geometry.rotation(-7.0, (60, 80)),
      geometry.crop(12.2, 14.6),
      geometry.resize((24, 32), (30.3, 40.7)),
    )
    # From pixel indices to pixel indices.
    linear = matrix[:2, :2]
    shift = matrix[:2, 2] + 0.5 * tf.reduce_sum(linear, axis=1) - 0.5
    affine = tf.reshape(tf.concat([linear, shift[:, None]], axis=1), (1, 6))
    expected = tf.raw_ops.ImageProjectiveTransformV3(
      images=tf.cast(rgb if kind == 'BILINEAR' else depth_mm, tf.float32)[None],
      transforms=tf.concat([affine, tf.zeros((1, 2))], axis=1),
      output_shape=[24, 32],
      fill_value=0.0,
      interpolation=kind,
      fill_mode='CONSTANT',
    )[0]
    if kind == 'BILINEAR':
      found = geometry.sample_rgb(rgb, matrix, (24, 32))
      self.assertAllClose(found, expected, atol=1e-2)
    else:
      found = geometry.sample_depth(depth_mm, matrix, (24, 32))
      self.assertAllClose(found, expected / 1000, rtol=1e-6)

  def test_every_depth_value_survives(self):
    depth_mm = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1)
    same = geometry.resize((256, 256), (256, 256))
    depth_m = geometry.sample_depth(depth_mm, same, (256, 256)).numpy()
    self.assertAllEqual(np.round(depth_m * 1000).astype(np.uint16), depth_mm)

  def test_depth_resize_takes_the_pixel_of_tf_image_resize(self):
    depth_mm = random_depth_mm(48, 64)
    matrix = geometry.resize((12, 16), (48, 64))
    expected = tf.image.resize(depth_mm, (12, 16), 'nearest')
    depth_m = geometry.sample_depth(depth_mm, matrix, (12, 16)).numpy()
    self.assertAllEqual(np.round(depth_m * 1000), expected)

  def test_flip_crop_and_quarter_turn_are_array_slices(self):
    rgb, depth_mm = random_rgb(9, 9), random_depth_mm(9, 9)
    for matrix, change in (
      (geometry.horizontal_flip(9, True), lambda a: a[:, ::-1]),
      (geometry.crop(2, 3), lambda a: a[2:, 3:]),
      (geometry.rotation(90, (9, 9)), np.rot90),
    ):
      size = change(rgb).shape[:2]
      self.assertAllClose(
        geometry.sample_rgb(rgb, matrix, size), change(rgb), atol=1e-2
      )
      self.assertAllClose(
        geometry.sample_depth(depth_mm, matrix, size),
        change(depth_mm) / 1000,
        rtol=1e-6,
      )


if __name__ == '__main__':
  tf.test.main()
