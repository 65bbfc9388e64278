# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/encoders/swin.py.

teachers/swin_teacher_test.py compares whole encoders with NumPy.
"""

import keras
import tensorflow as tf

from depth_mai.models.encoders import swin
from tests.models import transformer_twin

_OPTIONS = {'embedding': 4, 'depths': (2, 1, 3), 'heads': (1, 2, 2)}


def _encoder(size=(32, 48), **options):
  inputs = keras.Input((*size, 3))
  return keras.Model(
    inputs, swin.encode(inputs, **{**_OPTIONS, 'window': 3, **options})
  )


class SwinTest(tf.test.TestCase):
  def test_stages_halve_and_double(self):
    self.assertEqual(
      [shape[1:] for shape in _encoder().output_shape],
      [(8, 12, 4), (4, 6, 8), (2, 3, 16)],
    )

  def test_parameters_by_the_published_names(self):
    shapes = transformer_twin.swin_shapes(**_OPTIONS, window=3)
    self.assertEqual(_encoder().count_params(), transformer_twin.count(shapes))

  def test_every_second_block_of_a_stage_is_shifted(self):
    encoder = _encoder(window=4)
    shifts = [
      encoder.get_layer(f'block_{n}_attention').shift for n in range(1, 7)
    ]
    self.assertEqual(shifts, [0, 2, 0, 0, 2, 0])

  def test_drop_path_grows_with_depth(self):
    encoder = _encoder(drop_path=0.5)
    rates = {
      layer.name: layer.rate
      for layer in encoder.layers
      if isinstance(layer, keras.layers.Dropout)
    }
    expected = {
      f'block_{n}_{part}_drop': 0.1 * (n - 1)
      for n in range(2, 7)
      for part in ('proj', 'fc2')
    }
    self.assertAllClose(rates, expected)

  def test_refuses_stages_without_heads(self):
    with self.assertRaisesRegex(ValueError, 'a number for each stage'):
      _encoder(heads=(1, 2))


if __name__ == '__main__':
  tf.test.main()
