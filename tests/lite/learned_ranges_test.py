# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/learned_ranges.py.

That the file computes what the network does is tested in
tests/lite/quantisation_aware_test.py.
"""

import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import fake_quantisation
from depth_mai.lite import converter
from depth_mai.lite import flatbuffer
from depth_mai.lite import learned_ranges


def _model():
  """Returns three convolutions, the last one behind the last rounding."""
  rgb = keras.Input((8, 8, 3), batch_size=1)
  x = fake_quantisation.FakeQuantise(name='rgb_rounded')(rgb)
  for name in ('one', 'two'):
    x = keras.layers.Conv2D(4, 3, padding='same', name=name)(x)
    x = fake_quantisation.FakeQuantise(name=f'{name}_rounded')(x)
  model = keras.Model(rgb, keras.layers.Conv2D(1, 1, name='three')(x))
  generator = np.random.default_rng(0)
  for _ in range(2):
    model(
      generator.uniform(0, 255, (1, 8, 8, 3)).astype(np.float32), training=True
    )
  return model


class LearnedRangesTest(tf.test.TestCase):
  def test_are_found_inside_of_models_too(self):
    model = _model()
    self.assertTrue(learned_ranges.are_in(model))
    rgb = keras.Input((8, 8, 3), batch_size=1)
    self.assertTrue(learned_ranges.are_in(keras.Model(rgb, model(rgb))))
    plain = keras.Model(rgb, keras.layers.Conv2D(1, 1)(rgb))
    self.assertFalse(learned_ranges.are_in(plain))

  def test_the_file_has_the_ranges_and_no_others(self):
    model = _model()
    content = converter.convert_rounded(model)
    file = flatbuffer.read_model(content)
    tensors = file.subgraphs[0].tensors
    operators = [
      (
        flatbuffer.operator_name(file, operator),
        tensors[operator.outputs[0]],
      )
      for operator in file.subgraphs[0].operators
    ]
    self.assertEqual(
      [(name, flatbuffer.type_name(tensor)) for name, tensor in operators],
      [
        ('QUANTIZE', 'INT8'),
        ('CONV_2D', 'INT8'),
        ('CONV_2D', 'INT8'),
        ('DEQUANTIZE', 'FLOAT32'),
        # No range behind it: it has 8-bit weights at most.
        ('CONV_2D', 'FLOAT32'),
      ],
    )
    rounded = [tensor for _, tensor in operators[:3]]
    for name, tensor in zip(('rgb', 'one', 'two'), rounded, strict=True):
      layer = model.get_layer(f'{name}_rounded')
      low, high = float(layer.low.numpy()), float(layer.high.numpy())
      step = (high - low) / 255
      self.assertAllClose(tensor.quantization.scale, [step], rtol=1e-5)
      self.assertAllEqual(
        tensor.quantization.zeroPoint, [np.round(-128 - low / step)]
      )


if __name__ == '__main__':
  tf.test.main()
