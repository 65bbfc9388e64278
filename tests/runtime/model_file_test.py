# SPDX-License-Identifier: Apache-2.0
"""Tests of depth models against depths computed by NumPy."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.runtime import model_file
from tests.runtime import tiny_model


def _picture(size=(6, 8)):
  return np.random.default_rng(1).integers(0, 256, (*size, 3)).astype(np.uint8)


class TfliteModelTest(parameterized.TestCase):
  @parameterized.parameters(
    ({'output_unit': 'mm'}, 1.0),
    ({'output_unit': 'mm', 'input': {'range': [0, 255]}}, 1.0),
    ({'output_unit': 'm'}, 1000.0),
  )  # fmt: skip
  def test_float_model_gives_millimetres(self, written, mm_per_unit):
    content = tiny_model.float_model(
      kernel=(1.0, 0.25, -0.5), bias=7.0, metadata=written
    )
    path = self.create_tempfile('m.tflite', content).full_path
    rgb_uint8 = _picture()
    for xnnpack in (True, False):
      model = model_file.TfliteModel(path, num_threads=2, xnnpack=xnnpack)
      depth_mm = model.predict_mm(rgb_uint8)
      expected = mm_per_unit * (rgb_uint8 @ np.array([1.0, 0.25, -0.5]) + 7.0)
      np.testing.assert_allclose(depth_mm, expected, rtol=1e-5, atol=0.01)
      self.assertEqual(depth_mm.dtype, np.float32)
      self.assertEqual(model.metadata, written)

  @parameterized.parameters(
    # A network that takes bytes unchanged.
    ('int8', 1.0, -128, 4.0, -128),
    ('uint8', 1.0, 0, 4.0, 0),
    # A network whose input covers -10..500: two bytes share a step.
    ('int8', 2.0, -123, 6.0, -120),
    ('uint8', 2.0, 5, 6.0, 8),
  )
  def test_quantised_model(self, dtype, scale, zero, out_scale, out_zero):
    model = model_file.TfliteModel(
      tiny_model.quantised_model(
        dtype, (6, 8), scale, zero, out_scale, out_zero
      )
    )
    rgb_uint8 = _picture()
    depth_m = model.predict_mm(rgb_uint8) / 1e3
    # Half a step of the input for each of 2 R and 1 B, half one of the output.
    bound = 1.5 * scale * (scale != 1.0) + 0.5 * out_scale
    error = np.abs(depth_m - rgb_uint8 @ np.array([2.0, 0.0, 1.0]))
    self.assertLessEqual(error.max(), bound + 1e-3)
    self.assertGreater(depth_m.max(), 400.0)

  def test_two_pictures_do_not_share_a_result(self):
    model = model_file.TfliteModel(tiny_model.float_model())
    first = model.predict_mm(np.full((6, 8, 3), 9, np.uint8))
    model.predict_mm(np.full((6, 8, 3), 200, np.uint8))
    np.testing.assert_array_equal(first, np.full((6, 8), 9.0))

  def test_sizes_are_those_of_the_file(self):
    model = model_file.TfliteModel(tiny_model.split_model((10, 14)))
    self.assertEqual(model.input_size, (10, 14))
    self.assertEqual(model.output_size, (20, 28))
    rgb_uint8 = _picture((10, 14))
    expected = rgb_uint8.sum(-1).repeat(2, 0).repeat(2, 1)
    np.testing.assert_allclose(model.predict_mm(rgb_uint8), expected, rtol=1e-5)

  @parameterized.parameters(
    ((6, 8, 3), np.float32), ((8, 6, 3), np.uint8), ((1, 6, 8, 3), np.uint8),
    ((6, 8), np.uint8), ((6, 8, 4), np.uint8),
  )  # fmt: skip
  def test_other_pictures_are_refused(self, shape, dtype):
    model = model_file.TfliteModel(tiny_model.float_model())
    with self.assertRaisesRegex(ValueError, r'takes a uint8.*\(6, 8, 3\)'):
      model.predict_mm(np.zeros(shape, dtype))

  def test_model_without_a_depth_map(self):
    content = tiny_model.float_model(outputs=21)
    path = self.create_tempfile('classes.tflite', content).full_path
    with self.assertRaisesRegex(
      ValueError, r'classes.tflite cannot be read as a.*\[1, 6, 8, 21\]'
    ):
      model_file.TfliteModel(path)

  def test_quantised_model_without_scale(self):
    with self.assertRaisesRegex(
      ValueError, 'output is int8 without a valid scale'
    ):
      model_file.TfliteModel(
        tiny_model.quantised_model('int8', (6, 8), 1.0, 0, None, 0)
      )

  def test_unknown_unit(self):
    content = tiny_model.float_model(metadata={'output_unit': 'feet'})
    with self.assertRaisesRegex(ValueError, "'feet'; allowed are .*'mm'"):
      model_file.TfliteModel(content)

  def test_a_file_that_fails_when_it_runs(self):
    model = model_file.TfliteModel(tiny_model.float_model())
    with (
      absltest.mock.patch.object(
        model.interpreter, 'invoke', side_effect=RuntimeError('node 3\nfailed.')
      ),
      self.assertRaisesRegex(ValueError, 'fails when it runs: node 3 failed'),
    ):
      model.predict_mm(_picture())
    with (
      absltest.mock.patch.object(
        model.interpreter, 'get_tensor', return_value=np.zeros((1, 2, 3, 1))
      ),
      self.assertRaisesRegex(ValueError, r'\[1, 2, 3, 1\] when it runs'),
    ):
      model.predict_mm(_picture())


if __name__ == '__main__':
  absltest.main()
