# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/distillation/features.py."""

import keras
import tensorflow as tf

from depth_mai.distillation import features


def _network():
  rgb = keras.Input((4, 6, 3))
  x = keras.layers.Conv2D(5, 1, name='dec_1')(rgb)
  y = keras.layers.ReLU(name='dec_1_act')(x)
  flat = keras.layers.GlobalAveragePooling2D(name='pool')(y)
  z = keras.layers.Conv2D(1, 1, name='head')(y)
  z = keras.layers.Multiply()([z, keras.layers.Dense(1, name='gate')(flat)])
  return keras.Model(rgb, z, name='toy')


class FeaturesTest(tf.test.TestCase):
  def test_finds_layers(self):
    maps = features.outputs(_network(), ['head', 'dec_1'], 'student')
    self.assertEqual(
      [x.shape for x in maps], [(None, 4, 6, 1), (None, 4, 6, 5)]
    )

  def test_an_unknown_name_is_refused_with_near_ones(self):
    with self.assertRaisesRegex(
      ValueError,
      "toy, the student, has no layer 'dec1'. Did you mean dec_1 or .*"
      'last layers are .*, head, .*Distillation.terms',
    ):
      features.outputs(_network(), ['dec1'], 'student')

  def test_a_vector_is_refused(self):
    with self.assertRaisesRegex(
      ValueError, r"'pool' of toy, the teacher, returns \(None, 5\)"
    ):
      features.outputs(_network(), ['pool'], 'teacher')


if __name__ == '__main__':
  tf.test.main()
