# SPDX-License-Identifier: Apache-2.0
import pathlib
import platform

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.devices import comparison
from tests.runtime import tiny_model


class ComparisonTest(parameterized.TestCase):
  def _file(self, content):
    path = pathlib.Path(self.create_tempdir().full_path) / 'model.tflite'
    path.write_bytes(content)
    return path

  def test_inputs_are_always_the_same(self):
    path = self._file(tiny_model.float_model())
    first, second = (comparison.random_inputs(path) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    self.assertEqual((first[0].shape, first[0].dtype), ((1, 6, 8, 3), 'f4'))
    self.assertBetween(first[0].mean(), 100, 160)

  @parameterized.parameters('int8', 'uint8')
  def test_integers_use_most_of_their_range(self, dtype):
    path = self._file(
      tiny_model.quantised_model(dtype, (60, 80), 1.0, 0, 4.0, 0)
    )
    (values,) = comparison.random_inputs(path)
    self.assertEqual(values.dtype, dtype)
    self.assertGreater(len(np.unique(values)), 200)
    # Neighbours are similar, as in a picture.
    steps = np.abs(np.diff(values.view(np.uint8).astype(int), axis=2))
    self.assertLess(np.median(steps), 20)

  @parameterized.parameters(True, False)
  def test_runs_here(self, xnnpack):
    path = self._file(tiny_model.float_model(kernel=(1.0, 2.0, 3.0), bias=4.0))
    inputs = comparison.random_inputs(path)
    (depth,) = comparison.run_here(path, inputs, xnnpack)
    wanted = inputs[0] @ np.array([1.0, 2.0, 3.0], np.float32) + 4
    np.testing.assert_allclose(depth[..., 0], wanted, rtol=1e-6)

  def test_floats(self):
    here = [np.array([1.0, -4.0], np.float32), np.array([2.0], np.float32)]
    close = [here[0].copy(), np.array([2.00002], np.float32)]
    found = comparison.compare(here, close)
    self.assertTrue(found['agree'])
    self.assertEqual(found['elements'], 3)
    self.assertEqual(found['differing_elements'], 1)
    self.assertAlmostEqual(found['relative_difference'], 2e-5 / 4, delta=1e-7)
    self.assertEqual(found['largest_output'], 4.0)
    self.assertEqual(found['architecture'], platform.machine())
    far = [here[0].copy(), np.array([2.0001], np.float32)]
    self.assertFalse(comparison.compare(here, far)['agree'])

  def test_nan_does_not_agree(self):
    here = [np.array([1.0, 2.0], np.float32)]
    broken = [np.array([1.0, np.nan], np.float32)]
    self.assertFalse(comparison.compare(here, broken)['agree'])

  def test_integers_must_be_equal(self):
    here = [np.array([-128, 127], np.int8)]
    self.assertTrue(comparison.compare(here, [here[0].copy()])['agree'])
    found = comparison.compare(here, [np.array([127, 127], np.int8)])
    self.assertFalse(found['agree'])
    # The difference does not overflow.
    self.assertEqual(found['largest_difference'], 255.0)

  def test_outputs_of_another_model(self):
    with self.assertRaisesRegex(ValueError, 'outputs there are'):
      comparison.compare([np.zeros(2)], [np.zeros(3)])


if __name__ == '__main__':
  absltest.main()
