# SPDX-License-Identifier: Apache-2.0
"""Tests that labels find room: inside, beside their points, on nothing."""

import itertools

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.report import label_placement

_BOUNDS = (0.0, 0.0, 600.0, 400.0)


def _boxes(points, radii, sizes, **rest):
  corners = label_placement.place_labels(
    points, radii, sizes, bounds=_BOUNDS, **rest
  )
  return np.hstack((corners, corners + np.asarray(sizes, float)))


def _overlap(first, second):
  return (
    first[0] < second[2]
    and second[0] < first[2]
    and first[1] < second[3]
    and second[1] < first[3]
  )


def _meets_disc(box, centre, radius):
  nearest = np.clip(centre, box[:2], box[2:])
  return np.hypot(*(nearest - centre)) < radius


class PlaceLabelsTest(parameterized.TestCase):
  def check(self, points, radii, boxes, obstacles=()):
    for box in boxes:
      self.assertGreaterEqual(min(box[:2]), 0.0)
      self.assertLessEqual(box[2], _BOUNDS[2])
      self.assertLessEqual(box[3], _BOUNDS[3])
      for point, radius in zip(points, radii, strict=True):
        self.assertFalse(_meets_disc(box, np.asarray(point), radius))
      for obstacle in obstacles:
        self.assertFalse(_overlap(box, obstacle))
    for first, second in itertools.combinations(boxes, 2):
      self.assertFalse(_overlap(first, second))

  def test_one_label_stands_to_the_right(self):
    (box,) = _boxes([(100, 100)], [8], [(50, 12)])
    self.assertBetween(box[0], 108, 116)
    self.assertAlmostEqual((box[1] + box[3]) / 2, 100)

  @parameterized.parameters(
    ((595, 200),), ((5, 395),), ((300, 3),), ((597, 397),)
  )
  def test_rims(self, point):
    self.check([point], [6], _boxes([point], [6], [(90, 14)]))

  @parameterized.parameters(range(6))
  def test_eight_close_points(self, seed):
    random = np.random.default_rng(seed)
    points = random.normal((300, 200), (60, 25), (8, 2))
    radii, sizes = random.uniform(4, 12, 8), [(110, 14)] * 8
    self.check(points, radii, _boxes(points, radii, sizes))

  def test_points_at_one_place(self):
    points, radii, sizes = [(300, 200)] * 4, [5] * 4, [(80, 14)] * 4
    self.check(points, radii, _boxes(points, radii, sizes))

  def test_obstacles(self):
    obstacles = [(105, 0, 600, 400), (0, 120, 600, 400)]
    points, radii = [(100, 100)], [5]
    boxes = _boxes(points, radii, [(60, 12)], obstacles=obstacles)
    self.check(points, radii, boxes, obstacles)

  @parameterized.parameters(range(4))
  def test_way_to_a_point_meets_no_other_point_or_label(self, seed):
    random = np.random.default_rng(seed)
    points = random.normal((300, 200), (60, 25), (8, 2))
    radii = [6] * 8
    boxes = _boxes(points, radii, [(110, 14)] * 8)
    for i, (point, box) in enumerate(zip(points, boxes, strict=True)):
      way = np.linspace(point, np.clip(point, box[:2], box[2:]), 50)
      for j in set(range(8)) - {i}:
        distances = np.hypot(*(way - points[j]).T)
        self.assertTrue((distances >= radii[j]).all() or distances[0] < 6)
        inside = (way > boxes[j][:2]) & (way < boxes[j][2:])
        self.assertFalse(inside.all(axis=1).any())

  def test_is_the_same_each_time(self):
    points = np.random.default_rng(0).uniform(100, 300, (8, 2))
    radii, sizes = [6] * 8, [(70, 14)] * 8
    np.testing.assert_array_equal(
      _boxes(points, radii, sizes), _boxes(points, radii, sizes)
    )

  def test_nothing_to_place(self):
    got = label_placement.place_labels([], [], [], _BOUNDS)
    self.assertEqual(got.shape, (0, 2))

  def test_errors(self):
    with self.assertRaisesRegex(ValueError, '2 points, 1 radii and 2 sizes'):
      _boxes([(0, 0), (1, 1)], [1], [(5, 5), (5, 5)])


class NearestInBoxTest(parameterized.TestCase):
  @parameterized.parameters(
    ((0, 0), (1, 2)), ((2, 9), (2, 4)), ((2, 3), (2, 3)), ((9, 3), (5, 3))
  )
  def test_sides_corners_and_inside(self, point, expected):
    got = label_placement.nearest_in_box(point, (1, 2, 5, 4))
    self.assertEqual(got, expected)


if __name__ == '__main__':
  absltest.main()
