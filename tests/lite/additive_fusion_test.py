# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/additive_fusion.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import conv_norm
from depth_mai.layers import fusion
from depth_mai.layers import resize
from depth_mai.lite import additive_fusion
from depth_mai.lite import converter
from depth_mai.lite import layer_graph
from depth_mai.runtime import operators

_NORM = conv_norm.BatchNorm()


def _randomise(model):
  """Sets all weights to random values; variances are positive."""
  generator = np.random.default_rng(3)
  for variable in model.variables:
    low = 0.5 if variable.path.endswith('variance') else -1.0
    variable.assign(generator.uniform(low, 1.5, variable.shape))
  return model


def _fusion(joint_kernel=1, coarse=(4, 6), strides=1):
  """Returns a coarse map that meets a fine one before a convolution."""
  image = keras.Input((8, 12, 3), batch_size=1)
  x = keras.layers.AveragePooling2D(8 // coarse[0])(image)
  x = keras.layers.Conv2D(5, 1, name='coarse')(x)
  x = resize.Resize(8, 12, name='enlarged')(x)
  x = keras.layers.Concatenate(name='both')([x, image])
  x = keras.layers.Conv2D(
    4, joint_kernel, strides, padding='same', use_bias=False, name='joint'
  )(x)
  x = keras.layers.ReLU(name='end')(_NORM(x, 'joint_bn'))
  return _randomise(keras.Model(image, x, name='fusion'))


def _split(model, everywhere=False):
  graph = layer_graph.LayerGraph(model)
  if everywhere:
    additive_fusion.split_all_concatenations(graph)
  else:
    additive_fusion.split_enlarged_concatenations(graph)
  return graph.build()


def _picture(shape):
  return np.random.default_rng(5).uniform(-1, 1, shape).astype(np.float32)


def _names(model):
  return [layer.name for layer in model.layers]


def _operators(model):
  return operators.check(converter.convert(model, 'fp32')).histogram


class AdditiveFusionTest(parameterized.TestCase, tf.test.TestCase):
  def _assert_same(self, model, other):
    picture = _picture(model.input_shape)
    expected = model(picture, training=False)
    self.assertGreater(float(tf.math.reduce_std(expected)), 0.05)
    self.assertAllClose(
      expected, other(picture, training=False), rtol=1e-5, atol=1e-5
    )

  def test_an_enlarged_part_is_convolved_before_enlarging(self):
    model = _fusion()
    found = _split(model)
    self._assert_same(model, found)
    self.assertEqual(found.name, 'fusion')
    self.assertEqual(found.get_layer('joint_0').input.shape[1:], (4, 6, 5))
    self.assertEqual(found.get_layer('joint_1').input.shape[1:], (8, 12, 3))
    self.assertNotIn('both', _names(found))
    # Fused operators stay fused: the ReLU runs inside the sum.
    before, after = _operators(model), _operators(found)
    self.assertEqual(before['CONCATENATION'], 1)
    self.assertNotIn('CONCATENATION', after)
    self.assertEqual(after['CONV_2D'], before['CONV_2D'] + 1)
    self.assertEqual(after['ADD'], before.get('ADD', 0) + 1)
    self.assertNotIn('MUL', after)
    self.assertNotIn('RELU', after)

  @parameterized.parameters((3, (4, 6), 1), (1, (4, 6), 2), (1, (8, 12), 2))
  def test_splits_without_saving_only_on_request(self, kernel, coarse, strides):
    model = _fusion(kernel, coarse, strides)
    self.assertIn('both', _names(_split(model)))
    found = _split(model, everywhere=True)
    self._assert_same(model, found)
    self.assertNotIn('both', _names(found))
    self.assertEqual(found.get_layer('joint_0').input.shape[1:3], (8, 12))

  def test_fusion_of_a_decoder(self):
    coarse = keras.Input((8, 12, 6), batch_size=1)
    skip = keras.layers.Conv2D(4, 1, name='skip')(coarse)
    small = keras.layers.AveragePooling2D(2, name='small')(coarse)
    x = fusion.concat_fusion(small, skip, 5, name='ffm', norm=_NORM)
    model = _randomise(keras.Model(coarse, x, name='decoder'))
    found = _split(model)
    self._assert_same(model, found)
    self.assertEqual(found.get_layer('ffm_reduce_0').input.shape[1:3], (4, 6))

  def test_other_concatenations_stay(self):
    image = keras.Input((8, 12, 3), batch_size=1)
    enlarged = resize.Resize(8, 12, name='enlarged')(
      keras.layers.AveragePooling2D(2)(image)
    )
    both = keras.layers.Concatenate(name='both')([enlarged, image])
    read_twice = keras.layers.Add(name='sum')(
      [keras.layers.Conv2D(2, 1, name=name)(both) for name in ('one', 'two')]
    )
    tall = keras.layers.Concatenate(1, name='tall')([image, image])
    activated = keras.layers.Concatenate(name='third')([enlarged, image])
    for output, name in (
      (read_twice, 'both'),
      (keras.layers.Conv2D(2, 1, name='last')(tall), 'tall'),
      (keras.layers.Conv2D(2, 1, activation='relu')(activated), 'third'),
      (activated, 'third'),
    ):
      model = _randomise(keras.Model(image, output, name='other'))
      found = _split(model, everywhere=True)
      self.assertIn(name, _names(found))
      self._assert_same(model, found)

  def test_result_shares_no_weights(self):
    model = _fusion()
    found = _split(model)
    weights = model.get_weights()
    for variable in found.variables:
      variable.assign(variable * 2 + 1)
    for old, new in zip(weights, model.get_weights(), strict=True):
      self.assertAllEqual(old, new)


if __name__ == '__main__':
  tf.test.main()
