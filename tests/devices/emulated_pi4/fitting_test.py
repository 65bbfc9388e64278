# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.devices.emulated_pi4 import fitting


def _descend(matrix, wanted, steps=200000):
  """Projected gradient descent: slow, and another way to the minimum."""
  found = np.zeros(matrix.shape[1])
  rate = 1 / np.linalg.norm(matrix.T @ matrix, 2)
  for _ in range(steps):
    step = found - rate * matrix.T @ (matrix @ found - wanted)
    found = np.maximum(step, 0)
  return found


class FittingTest(parameterized.TestCase):
  @parameterized.parameters(range(6))
  def test_non_negative_as_by_descent(self, seed):
    generator = np.random.default_rng(seed)
    matrix = generator.normal(size=(20, 3)) + 0.5
    # One of the true weights is negative, so that the bound matters.
    wanted = matrix @ np.array([1.0, -0.5, 2.0]) + generator.normal(size=20)
    found = fitting.non_negative_least_squares(matrix, wanted)
    np.testing.assert_allclose(found, _descend(matrix, wanted), atol=1e-6)

  def test_nothing_fits(self):
    found = fitting.non_negative_least_squares([[1.0], [2.0]], [-1.0, -1.0])
    np.testing.assert_array_equal(found, [0.0])

  def test_relative_errors_weigh_the_same(self):
    # 2 and 200 ms for the same feature: the best relative fit is not the mean.
    # (w/2 - 1)^2 + (w/200 - 1)^2 is least at (1/2 + 1/200) / (1/4 + 1/40000).
    found = fitting.fit([[1.0], [1.0]], [2.0, 200.0])
    np.testing.assert_allclose(found, [0.505 / 0.250025])

  def test_held_out_by_hand(self):
    features, times = np.array([[1.0], [2.0], [4.0]]), np.array([1.0, 2.0, 8.0])
    ratios = fitting.held_out_ratios(features, times, ['a', 'a', 'b'])
    # Without b one ms each; so that b, 8 ms, is predicted as 4.
    self.assertAlmostEqual(ratios[2], 2.0)
    # Without a two ms each: 2 and 4 are predicted.
    np.testing.assert_allclose(ratios[:2], [0.5, 0.5])

  def test_refusals(self):
    with self.assertRaisesRegex(ValueError, 'one group'):
      fitting.held_out_ratios(np.ones((3, 1)), np.ones(3), ['a'] * 3)
    with self.assertRaisesRegex(ValueError, r'K <= 8'):
      fitting.non_negative_least_squares(np.ones((3, 9)), np.ones(3))


if __name__ == '__main__':
  absltest.main()
