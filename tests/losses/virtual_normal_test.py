# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/losses/virtual_normal.py."""

import itertools

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.losses import virtual_normal

_FOCAL_PX = (518.8579, 519.4696)  # of a picture of 480 x 640
_OTHER_CAMERA = {'focal_lengths_px': (150, 100), 'picture_size': (240, 320)}
_FILTERS = (
  {},  # The paper's: the predicted points decide.
  {'filter_on': 'truth'},
  {'compat': True},
  {'filter_on': 'truth', 'compat': True},
)


def _point(z, pixel, height, width, focal):
  v, u = divmod(pixel, width)
  x = (u - width // 2) * abs(z) / (focal[0] * width / 640)
  y = (v - height // 2) * abs(z) / (focal[1] * height / 480)
  return np.array([x, y, z])


def _unit_normal(points):
  normal = np.cross(points[1] - points[0], points[2] - points[0])
  length = np.linalg.norm(normal)
  return normal / (length if length else 0.01)


def _edges(points):
  return [points[1] - points[0], points[2] - points[0], points[2] - points[1]]


def _is_line(points, delta_cos):
  """As published: more than three of the nine cosines, three of them 1."""
  edges = np.array(_edges(points))
  lengths = np.linalg.norm(edges, axis=1)
  cosines = edges @ edges.T / (np.outer(lengths, lengths) + 1e-8)
  return (np.abs(cosines) > delta_cos).sum() > 3


def _is_near(points, delta):
  return np.all(np.any(np.abs(_edges(points)) < delta, axis=0))


@np.errstate(invalid='ignore')
def _numpy_virtual_normal(
  pred,
  depth,
  mask,
  pixels,
  share=0.25,
  compat=False,
  filter_on='prediction',
  focal=_FOCAL_PX,
  delta_z=0.1,
  delta_cos=0.867,
  delta_diff=0.005,
):
  """Visits the triplets one by one, in float64.

  Invalid depths are infinite. With compat, as in LiteDepth's code, a normal
  that comes out as NaN makes both 0.
  """
  _, height, width, _ = depth.shape
  depth = np.where(mask > 0, depth, np.inf)
  errors = []
  for b, triplet in itertools.product(range(len(depth)), pixels.T):
    pred_points, points = (
      [_point(float(z.flat[p]), p, height, width, focal) for p in triplet]
      for z in (pred[b], depth[b])
    )
    judged = pred_points if filter_on == 'prediction' else points
    if (
      (not compat and not all(mask[b].flat[p] > 0 for p in triplet))
      or _is_near(judged, delta_diff)
      or _is_line(judged, delta_cos)
      or min(point[2] for point in judged) <= delta_z
    ):
      continue
    error = np.abs(_unit_normal(pred_points) - _unit_normal(points)).sum()
    errors.append(0.0 if np.isnan(error) else error)
  return np.mean(sorted(errors)[int(len(errors) * share) :])


def _pixels(depth, mask, sample_ratio, seed=0):
  """The triplets that the loss draws: its target is 1 m where invalid."""
  cleaned = np.where(mask > 0, depth, np.float32(1))
  return virtual_normal.draw_triplets(
    tf.constant(cleaned), sample_ratio, seed
  ).numpy()


def _random_maps(seed, shape=(3, 9, 12, 1), valid=0.8):
  rng = np.random.default_rng(seed)
  depth = rng.uniform(0.4, 10, shape).astype(np.float32)
  pred = depth * np.exp(rng.normal(0, 0.3, shape))
  mask = (rng.random(shape) < valid).astype(np.float32)
  depth[mask == 0] = 0
  return pred.astype(np.float32), depth, mask


def _value_and_gradient(pred, depth, mask, **options):
  pred = tf.Variable(pred)
  with tf.GradientTape() as tape:
    loss = virtual_normal.virtual_normal(pred, depth, mask, **options)
  return loss.numpy(), tape.gradient(loss, pred).numpy()


class VirtualNormalTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.product(seed=(0, 1), options=_FILTERS)
  def test_matches_numpy(self, seed, options):
    maps = _random_maps(seed)
    pixels = _pixels(*maps[1:], sample_ratio=1.0)
    loss = virtual_normal.virtual_normal(*maps, sample_ratio=1.0, **options)
    twins = [_numpy_virtual_normal(*maps, pixels, **each) for each in _FILTERS]
    self.assertAllClose(loss, twins[_FILTERS.index(options)], rtol=1e-5)
    self.assertGreater(np.diff(sorted(twins)).min(), 1e-3)

  @parameterized.parameters(0.0, 0.9)
  def test_trims_the_smallest_errors(self, share):
    maps = _random_maps(3)
    pixels = _pixels(*maps[1:], sample_ratio=2.0, seed=5)
    loss = virtual_normal.virtual_normal(
      *maps, sample_ratio=2.0, trimmed_share=share, seed=5
    )
    expected = _numpy_virtual_normal(*maps, pixels, share)
    self.assertAllClose(loss, expected, rtol=1e-5)

  @parameterized.product(
    options=(
      ({'delta_z_m': 3.0}, {'delta_z': 3.0}),
      ({'delta_cos': 0.7}, {'delta_cos': 0.7}),
      ({'delta_diff_m': 1.0}, {'delta_diff': 1.0}),
      (_OTHER_CAMERA, {'focal': (300, 200)}),
    ),
    both=_FILTERS,
  )
  def test_options_match_numpy(self, options, both):
    ours, numpys = options
    maps = _random_maps(3)
    pixels = _pixels(*maps[1:], sample_ratio=1.0)
    loss = virtual_normal.virtual_normal(
      *maps, sample_ratio=1.0, **both, **ours
    )
    expected = _numpy_virtual_normal(*maps, pixels, **both, **numpys)
    self.assertAllClose(loss, expected, rtol=1e-5)
    default = _numpy_virtual_normal(*maps, pixels, **both)
    self.assertNotAllClose(loss, default, rtol=1e-3)

  def test_planes_have_their_angle(self):
    # The ground y = 1 m and the wall z = 4 m of a camera in a room: all target
    # normals are (0, 1, 0), all predicted ones (0, 0, 1), up to the sign.
    height, width = 12, 16
    row = np.arange(height // 2 + 1, height)
    depth = _FOCAL_PX[1] * height / 480 / (row - height // 2)
    depth = np.broadcast_to(depth[:, np.newaxis], [len(row), width])
    full = np.zeros([1, height, width, 1], np.float32)
    full[0, height // 2 + 1 :, :, 0] = depth
    wall = np.full_like(full, 4.0)
    loss = virtual_normal.virtual_normal(wall, full, full > 0, sample_ratio=3.0)
    self.assertAllClose(loss, 2.0, rtol=1e-4)

  @parameterized.parameters(False, True)
  def test_ignores_the_scale(self, compat):
    pred, depth, mask = _random_maps(4)
    loss = virtual_normal.virtual_normal(pred, depth, mask, compat=compat)
    twice = virtual_normal.virtual_normal(2 * pred, depth, mask, compat=compat)
    self.assertAllClose(twice, loss, rtol=1e-5)
    self.assertGreater(loss, 0.1)

  def test_gradient_matches_finite_differences(self):
    pred, depth, mask = _random_maps(5, (1, 4, 5, 1))
    pixels = _pixels(depth, mask, sample_ratio=2.0)
    # Nothing trimmed: its order may change within a step.
    _, grad = _value_and_gradient(
      pred, depth, mask, sample_ratio=2.0, trimmed_share=0.0
    )
    expected = np.zeros(pred.shape)
    for place in np.ndindex(pred.shape):
      step = np.zeros(pred.shape)
      step[place] = 1e-6
      above, below = (
        _numpy_virtual_normal(pred + sign * step, depth, mask, pixels, 0.0)
        for sign in (1, -1)
      )
      expected[place] = (above - below) / 2e-6
    self.assertGreater(np.abs(expected).max(), 0.01)
    self.assertAllClose(grad, expected, rtol=1e-3, atol=1e-5)

  def test_lines_in_the_prediction_do_not_count(self):
    # Maps of one row: a flat prediction puts all points on one line, where a
    # change of a millimetre could flip a normal.
    _, depth, mask = _random_maps(6, (4, 1, 32, 1), valid=1.0)
    flat = np.random.default_rng(0).normal(2.5, 1e-3, depth.shape)
    loss, grad = _value_and_gradient(
      flat.astype(np.float32), depth, mask, sample_ratio=4.0
    )
    self.assertAllEqual(loss, 0.0)
    self.assertAllEqual(grad, np.zeros_like(grad))
    # A mirrored target has the other normals: (0, 1, 0) for (0, -1, 0).
    loss, _ = _value_and_gradient(
      12 - depth, depth, mask, sample_ratio=4.0, trimmed_share=0.9
    )
    self.assertAllClose(loss, 2.0, rtol=1e-5)

  def test_random_but_the_same_for_the_same_batch(self):
    maps = _random_maps(7, (2, 24, 32, 1))
    loss, grad = _value_and_gradient(*maps)
    compiled = tf.function(virtual_normal.virtual_normal)
    self.assertAllClose(compiled(*map(tf.constant, maps)), loss, rtol=1e-6)
    virtual_normal.virtual_normal(*_random_maps(8))
    again, grad_again = _value_and_gradient(*maps)
    self.assertAllEqual(again, loss)
    self.assertAllEqual(grad_again, grad)
    other, _ = _value_and_gradient(*maps, seed=1)
    self.assertNotEqual(other, loss)

  def test_invalid_pixels_do_not_count(self):
    pred, depth, mask = _random_maps(9, (2, 24, 32, 1))
    expected, grad = _value_and_gradient(pred, depth, mask)
    self.assertAllEqual(grad[mask == 0], np.zeros((mask == 0).sum()))
    self.assertGreater(np.abs(grad[mask > 0]).max(), 0)
    for garbage in (-1, np.inf, np.nan):
      loss = virtual_normal.virtual_normal(
        np.where(mask, pred, np.float32(garbage)),
        np.where(mask, depth, np.float32(garbage)),
        mask,
      )
      self.assertAllEqual(loss, expected)

  @parameterized.parameters(np.nan, np.inf)
  def test_a_diverged_prediction_gives_nan(self, value):
    pred, depth, mask = _random_maps(10, (1, 6, 8, 1), valid=1.0)
    pixels = _pixels(depth, mask, sample_ratio=0.15)
    missed = np.setdiff1d(np.arange(48), pixels)[0]
    pred.flat[missed] = value
    for compat in (False, True):
      loss = virtual_normal.virtual_normal(pred, depth, mask, compat=compat)
      self.assertTrue(np.isnan(loss))

  @parameterized.product(
    pred_m=(0, -1, 65, 'rough'),
    depth_m=(0, 1e-6, 65, 'rough'),
    options=_FILTERS[:3],
  )
  def test_degenerate_maps(self, pred_m, depth_m, options):
    exponent = np.random.default_rng(0).uniform(-6, 1.8, [2, 12, 16, 1])
    maps = [
      np.float32(10.0**exponent)
      if depth == 'rough'
      else np.full([2, 12, 16, 1], depth, np.float32)
      for depth in (pred_m, depth_m)
    ]
    loss, grad = _value_and_gradient(
      *maps, maps[1] > 0, sample_ratio=2.0, **options
    )
    self.assertTrue(np.isfinite(loss))
    self.assertGreaterEqual(loss, 0)
    self.assertTrue(np.isfinite(grad).all())
    if depth_m in (0, pred_m):
      self.assertAllEqual(loss, 0.0)
      self.assertAllEqual(grad, np.zeros_like(grad))

  @parameterized.parameters(
    ({'sample_ratio': 0}, 'sample_ratio=0 must be above 0'),
    ({'focal_lengths_px': (1,)}, r'focal_lengths_px=\(1,\) must be two'),
    ({'picture_size': (480, 0)}, r'picture_size=\(480, 0\) must be two'),
    ({'delta_z_m': -1}, 'delta_z_m=-1 must be at least 0'),
    ({'delta_cos': 0.5}, r'delta_cos=0.5 must be in \(0.5, 1\]'),
    ({'delta_diff_m': -1}, 'delta_diff_m=-1 must be at least 0'),
    ({'trimmed_share': 1}, r'trimmed_share=1 must be in \[0, 1\)'),
    ({'filter_on': 'both'}, "filter_on='both' must be one of .*'truth'"),
  )
  def test_refuses_options_out_of_range(self, options, message):
    with self.assertRaisesRegex(ValueError, message):
      virtual_normal.virtual_normal(*_random_maps(0), **options)


def _random_depth_m(seed, shape=(2, 12, 16, 1)):
  return np.random.default_rng(seed).uniform(0.4, 20, shape).astype(np.float32)


class TripletsTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(
    ((2, 12, 16, 1), 0.15), ((1, 4, 5, 1), 0.15), ((3, 6, 8, 1), 2.0)
  )
  def test_number_of_triplets(self, shape, sample_ratio):
    drawn = virtual_normal.draw_triplets(
      tf.constant(_random_depth_m(0, shape)), sample_ratio, 0
    )
    count = int(shape[1] * shape[2] * sample_ratio)
    self.assertEqual(drawn.dtype, tf.int32)
    self.assertAllEqual(drawn.shape, [3, count])

  def test_reaches_every_pixel_equally_often(self):
    # 192 pixels, each drawn 1000 times on average, standard deviation 32.
    drawn = virtual_normal.draw_triplets(
      tf.constant(_random_depth_m(0)), 1000.0, 0
    ).numpy()
    for corner in drawn:
      times = np.bincount(corner, minlength=12 * 16)
      self.assertLen(times, 12 * 16)
      self.assertBetween(times.min(), 840, 1000)
      self.assertBetween(times.max(), 1000, 1160)

  def test_corners_are_drawn_independently(self):
    drawn = virtual_normal.draw_triplets(
      tf.constant(_random_depth_m(0)), 1000.0, 0
    ).numpy()
    for i, j in ((0, 1), (1, 2), (2, 0)):
      # Two corners share a pixel once in 192 times.
      self.assertBetween((drawn[i] == drawn[j]).mean() * 192, 0.8, 1.2)
      self.assertLess(abs(np.corrcoef(drawn[i], drawn[j])[0, 1]), 0.01)

  def test_the_same_batch_gives_the_same_triplets(self):
    depth_m = tf.constant(_random_depth_m(0))
    expected = virtual_normal.draw_triplets(depth_m, 0.15, 0)
    tf.random.set_seed(7)
    tf.random.uniform([5])
    virtual_normal.draw_triplets(tf.constant(_random_depth_m(1)), 0.15, 0)
    self.assertAllEqual(
      virtual_normal.draw_triplets(depth_m, 0.15, 0), expected
    )

  def test_graph_of_unknown_size_draws_the_same(self):
    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 1])])
    def draw(depth_m):
      return virtual_normal.draw_triplets(depth_m, 0.15, 3)

    for shape in ((2, 12, 16, 1), (4, 9, 7, 1)):
      depth_m = tf.constant(_random_depth_m(0, shape))
      self.assertAllEqual(
        draw(depth_m), virtual_normal.draw_triplets(depth_m, 0.15, 3)
      )

  def test_another_batch_or_seed_gives_other_triplets(self):
    depth_m = _random_depth_m(0)
    neighbour = depth_m.copy()
    neighbour[1, 3, 4, 0] = np.nextafter(neighbour[1, 3, 4, 0], np.float32(100))
    drawn = [
      virtual_normal.draw_triplets(tf.constant(depth), 0.15, seed).numpy()
      for depth, seed in (
        (depth_m, 0),
        (neighbour, 0),
        (_random_depth_m(1), 0),
        (depth_m, 1),
        (depth_m, -1),
        (depth_m, 2**40),
      )
    ]
    for i in range(len(drawn)):
      for j in range(i):
        # By chance one index in 192 is the same.
        self.assertLess((drawn[i] == drawn[j]).mean(), 0.1)


class PointCloudTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(((480, 640),), ((6, 8),), ((5, 7),))
  def test_projects_back_to_its_pixels(self, map_size):
    height, width = map_size
    rng = np.random.default_rng(0)
    depth_m = rng.uniform(0.4, 20, [2, height, width, 1]).astype(np.float32)
    pixels = rng.integers(height * width, size=[3, 9]).astype(np.int32)
    points_m = virtual_normal.to_points_m(
      tf.constant(depth_m), tf.constant(pixels), (500.0, 520.0), (480, 640)
    )
    self.assertAllEqual(points_m.shape, [2, 3, 9, 3])
    x, y, z = np.moveaxis(points_m.numpy(), -1, 0)
    row, column = np.divmod(pixels, width)
    u = width // 2 + 500.0 * width / 640 * x / z
    v = height // 2 + 520.0 * height / 480 * y / z
    self.assertAllClose(u, np.stack([column] * 2), rtol=1e-5, atol=1e-5)
    self.assertAllClose(v, np.stack([row] * 2), rtol=1e-5, atol=1e-5)
    self.assertAllEqual(z, depth_m[:, row, column, 0])

  def test_by_hand(self):
    # A quarter of the picture: focal lengths 100 and 50 pixels.
    depth_m = np.arange(12, dtype=np.float32).reshape(1, 3, 4, 1)
    points_m = virtual_normal.to_points_m(
      tf.constant(depth_m), tf.constant([[0, 6, 11]]), (400, 200), (12, 16)
    )
    expected = [[0, 0, 0], [0, 0, 6], [0.11, 0.22, 11]]
    self.assertAllClose(points_m[0, 0], expected)

  def test_a_negative_depth_keeps_its_side(self):
    points_m = virtual_normal.to_points_m(
      tf.fill([1, 2, 2, 1], -3.0), tf.constant([[0]]), (1, 1), (2, 2)
    )
    self.assertAllClose(points_m[0, 0, 0], [-3, -3, -3])


if __name__ == '__main__':
  tf.test.main()
