# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/ranges.py."""

from absl.testing import absltest
import keras
import numpy as np
import tensorflow as tf

from depth_mai.lite import flatbuffer
from depth_mai.lite import ranges


def _chain():
  """Returns a float file: x + 1, then * 1000, then max(., 9000)."""
  rgb = keras.Input((2, 2, 3), batch_size=1, name='rgb')
  x = keras.layers.Rescaling(1.0, 1.0, name='plus')(rgb)
  x = keras.layers.Rescaling(1000.0, name='times')(x)
  x = keras.layers.Lambda(lambda x: tf.maximum(x, 9000.0), name='least')(x)
  converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(rgb, x))
  return converter.convert()


class RangesTest(absltest.TestCase):
  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.content = _chain()
    cls.images = [np.full((2, 2, 3), level, np.uint8) for level in (7, 20, 12)]
    cls.found = ranges.measure(cls.content, cls.images)

  def _by_name(self, content, values):
    tensors = flatbuffer.read_model(content).subgraphs[0].tensors
    return {
      flatbuffer.tensor_name(tensors[index]): value
      for index, value in values.items()
    }

  def test_every_tensor_keeps_its_own_range(self):
    found = self._by_name(self.content, self.found)
    self.assertCountEqual(
      found.values(), [(7, 20), (8, 21), (8000, 21000), (9000, 21000)]
    )

  def test_stored_where_the_quantiser_reads(self):
    model = flatbuffer.read_model(self.content)
    ranges.store(model, self.found)
    for index, (low, high) in self.found.items():
      stored = model.subgraphs[0].tensors[index].quantization
      self.assertEqual([stored.min[0], stored.max[0]], [low, high])

  def test_refuses_no_images(self):
    with self.assertRaisesRegex(ValueError, '--calibration_count'):
      ranges.measure(self.content, [])


if __name__ == '__main__':
  absltest.main()
