# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/parity.py."""

from absl.testing import absltest
from absl.testing import parameterized
import keras
import numpy as np

from depth_mai.lite import parity
from tests.runtime import tiny_model


def _loops(ours, reference):
  """Scale-invariant RMSE as the organisers write it, pixel by pixel."""
  count, squares, total = 0, 0.0, 0.0
  for a, b in zip(ours.ravel(), reference.ravel(), strict=True):
    error = np.log(a) - np.log(b)
    count, squares, total = count + 1, squares + error**2, total + error
  return np.sqrt(squares / count - (total / count) ** 2)


class CompareTest(absltest.TestCase):
  def test_known_figures(self):
    reference = [np.array([[1000.0, 2000.0]]), np.array([[4000.0, 8000.0]])]
    ours = [np.array([[1100.0, 2000.0]]), np.array([[4000.0, 7600.0]])]
    found = parity.compare_depth(ours, reference)
    self.assertEqual(found.images, 2)
    self.assertAlmostEqual(found.max_abs_mm, 400.0)
    self.assertAlmostEqual(found.mean_relative, (0.1 + 0 + 0 + 0.05) / 4)
    self.assertEqual([found.keras_min_mm, found.keras_max_mm], [1000.0, 8000.0])

  def test_si_rmse_is_the_organisers(self):
    generator = np.random.default_rng(0)
    ours = generator.uniform(400, 9000, (2, 5, 7))
    reference = generator.uniform(400, 9000, (2, 5, 7))
    found = parity.compare_depth(list(ours), list(reference))
    self.assertAlmostEqual(
      found.si_rmse,
      np.mean([_loops(a, b) for a, b in zip(ours, reference, strict=True)]),
    )

  def test_si_rmse_ignores_a_common_factor(self):
    depth_mm = np.random.default_rng(1).uniform(400, 9000, (4, 4))
    found = parity.compare_depth([2 * depth_mm], [depth_mm])
    self.assertAlmostEqual(found.si_rmse, 0.0)
    self.assertAlmostEqual(found.mean_relative, 1.0)

  def test_depths_below_a_millimetre_count_as_one(self):
    found = parity.compare_depth([np.zeros((2, 2))], [np.full((2, 2), 0.5)])
    self.assertEqual(found.max_abs_mm, 0.0)
    self.assertEqual(found.si_rmse, 0.0)

  def test_record_is_rounded(self):
    found = parity.compare_depth([np.ones((1, 1))], [np.full((1, 1), 3.0)])
    self.assertEqual(found.record()['mean_relative'], 0.666667)
    self.assertEqual(found.record()['images'], 1)

  def test_refuses_bad_arguments(self):
    good = np.ones((2, 2))
    with self.assertRaisesRegex(ValueError, 'NaN'):
      parity.compare_depth([good * np.nan], [good])
    with self.assertRaisesRegex(ValueError, '1 and 2'):
      parity.compare_depth([good], [good, good])
    with self.assertRaisesRegex(ValueError, 'cannot be compared'):
      parity.compare_depth([], [])


class PredictTest(parameterized.TestCase):
  @parameterized.parameters(('mm', 1.0), ('m', 1000.0))
  def test_keras_and_the_file_in_millimetres(self, unit, scale):
    picture = np.random.default_rng(2).integers(
      0, 256, (6, 8, 3), dtype=np.uint8
    )
    expected = scale * (0.5 * picture[..., 0] - 0.25 * picture[..., 2] + 70.0)
    rgb = keras.Input((6, 8, 3), batch_size=1)
    layer = keras.layers.Conv2D(1, 1)
    model = keras.Model(rgb, layer(rgb))
    layer.set_weights(
      [np.reshape([0.5, 0.0, -0.25], (1, 1, 3, 1)), np.array([70.0])]
    )
    (keras_mm,) = parity.predict_with_keras_mm(model, [picture], unit)
    np.testing.assert_allclose(keras_mm, expected, rtol=1e-5)

    content = tiny_model.float_model((6, 8), (0.5, 0.0, -0.25), 70.0)
    (file_mm,), delegated = parity.predict_with_file_mm(
      content, [picture], {'output_unit': unit}
    )
    np.testing.assert_allclose(file_mm, expected, rtol=1e-5)
    self.assertEqual(delegated.operators, 1)


if __name__ == '__main__':
  absltest.main()
