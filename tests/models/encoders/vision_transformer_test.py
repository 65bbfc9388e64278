# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/encoders/vision_transformer.py.

teachers/dpt_teacher_test.py compares whole encoders with NumPy.
"""

import keras
import tensorflow as tf

from depth_mai.models.encoders import vision_transformer
from tests.models import transformer_twin


def _encoder(taps):
  inputs = keras.Input((32, 48, 3))
  return keras.Model(
    inputs,
    vision_transformer.encode(inputs, embedding=8, heads=2, taps=taps),
  )


class VisionTransformerTest(tf.test.TestCase):
  def test_taps(self):
    encoder = _encoder((1, 3))
    self.assertEqual(encoder.output_shape, [(None, 7, 8)] * 2)
    names = [layer.name for layer in encoder.layers]
    self.assertIn('block_3_fc2', names)
    self.assertNotIn('block_4_fc2', names)

  def test_parameters_by_the_published_names(self):
    shapes = transformer_twin.vit_shapes(8, 3, patches=6)
    self.assertEqual(
      _encoder((3,)).count_params(), transformer_twin.count(shapes)
    )


if __name__ == '__main__':
  tf.test.main()
