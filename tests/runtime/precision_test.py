# SPDX-License-Identifier: Apache-2.0
"""Tests of the precisions that are read off a graph."""

from absl.testing import absltest
from absl.testing import parameterized
import keras

from depth_mai.lite import converter
from depth_mai.runtime import graph
from depth_mai.runtime import precision
from tests.lite import small_network
from tests.runtime import hand_drawn


class PrecisionTest(parameterized.TestCase):
  def test_finds_what_the_converter_was_asked_for(self):
    image = keras.Input((32, 40, 3), batch_size=1)
    # Kernels below 1024 numbers stay in float, as in every real network.
    x = keras.layers.Conv2D(64, 3)(image)
    x = keras.layers.ReLU()(x)
    x = keras.layers.Conv2D(64, 3)(x)
    model = keras.Model(image, keras.layers.Conv2D(1, 1)(x))
    pictures = small_network.pictures(2, (32, 40))
    for name in precision.PRECISIONS:
      calibrated = name in converter.CALIBRATED_PRECISIONS
      content = converter.convert(model, name, pictures if calibrated else None)
      self.assertEqual(
        precision.precision_of(graph.read_graph(content)), name, name
      )

  def test_old_unsigned_files_are_8_bit(self):
    self.assertEqual(self.of_convolution('UINT8', 'UINT8'), 'int8')

  @parameterized.parameters(
    ('FLOAT32', 'BFLOAT16'), ('FLOAT16', 'FLOAT16'), ('INT32', 'INT8')
  )
  def test_others_have_no_name(self, activation, weight):
    self.assertIsNone(self.of_convolution(activation, weight))

  def test_a_graph_without_weights_has_none(self):
    drawn = hand_drawn.draw(
      ('ADD', [hand_drawn.tensor(0, 4)], [hand_drawn.tensor(1, 4)])
    )
    self.assertIsNone(precision.precision_of(drawn))

  def of_convolution(self, activation, weight):
    tensor = hand_drawn.tensor(0, 1, 4, 4, 2, type_name=activation)
    kernel = hand_drawn.weights(1, 3, 1, 1, 2, type_name=weight)
    return precision.precision_of(
      hand_drawn.draw(('CONV_2D', [tensor, kernel], [tensor]))
    )


if __name__ == '__main__':
  absltest.main()
