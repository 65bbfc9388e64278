# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/fold.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import depth_head
from depth_mai.lite import collapse
from depth_mai.lite import fold
from depth_mai.lite import layer_graph
from depth_mai.models import deployment
from tests.lite import small_network


def _scalings(model):
  """Returns (scale, offset) of each Rescaling, in the model's order."""
  return [
    (layer.scale, layer.offset)
    for layer in model.layers
    if isinstance(layer, keras.layers.Rescaling)
  ]


def _fold(model):
  graph = layer_graph.LayerGraph(model)
  fold.fold_scalings(graph)
  return graph.build()


def _run(model, image):
  return np.asarray(model(image[np.newaxis], training=False))[0]


def _conv(*args, **kwargs):
  return keras.layers.Conv2D(
    *args, bias_initializer='random_normal', padding='same', **kwargs
  )


class FoldTest(tf.test.TestCase, parameterized.TestCase):
  def setUp(self):
    super().setUp()
    keras.utils.set_random_seed(2)
    self.image = np.random.default_rng(1).uniform(0, 255, (6, 8, 3))
    self.image = self.image.astype(np.float32)

  def _fold(self, given, depth, scale=1.0):
    """Folds a model and checks that it computes the same."""
    model = keras.Model(given, depth, name='model')
    before = _run(model, self.image)
    folded = _fold(model)
    self.assertEqual(folded.name, 'model')
    self.assertAllClose(
      before, _run(folded, self.image), rtol=1e-5, atol=scale * 1e-6
    )
    self.assertAllEqual(before, _run(model, self.image))
    return folded

  def test_the_border_of_a_padded_convolution_stays_right(self):
    # By hand: ones everywhere, image 255 -> 1, so a corner sees four ones.
    given = keras.Input((6, 8, 1))
    x = keras.layers.Rescaling(1 / 127.5, -1.0)(given)
    conv = keras.layers.Conv2D(1, 3, padding='same', use_bias=False)
    model = keras.Model(given, conv(x))
    conv.kernel.assign(np.ones((3, 3, 1, 1)))
    folded = _fold(model)
    self.assertEqual(_scalings(folded), [(1.0, -127.5)])
    result = _run(folded, np.full((6, 8, 1), 255, np.float32))[:, :, 0]
    expected = np.full((6, 8), 9.0)
    expected[[0, -1]] = expected[:, [0, -1]] = 6.0
    expected[[0, 0, -1, -1], [0, -1, 0, -1]] = 4.0
    self.assertAllClose(expected, result, rtol=1e-6)

  def test_forwards_into_all_readers(self):
    given = keras.Input((6, 8, 3))
    x = keras.layers.Rescaling(1 / 127.5, -1.0)(given)
    depth = keras.layers.Add()(
      [
        _conv(4, 3, strides=2, activation='hard_swish')(x),
        keras.layers.Conv2D(4, 1)(
          keras.layers.DepthwiseConv2D(
            3, strides=2, padding='same', bias_initializer='random_normal'
          )(x)
        ),
      ]
    )
    self.assertEqual(_scalings(self._fold(given, depth)), [(1.0, -127.5)])

  def test_forwards_through_padding(self):
    given = keras.Input((6, 8, 3))
    x = keras.layers.Rescaling(1 / 127.5, -1.0)(given)
    x = keras.layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
    depth = keras.layers.Conv2D(4, 3, strides=2)(x)
    self.assertEqual(_scalings(self._fold(given, depth)), [(1.0, -127.5)])

  def test_not_forwards_where_another_reads(self):
    given = keras.Input((6, 8, 3))
    x = keras.layers.Rescaling(1 / 127.5, -1.0)(given)
    depth = keras.layers.Concatenate()([_conv(4, 3)(x), x])
    self.assertEqual(_scalings(self._fold(given, depth)), [(1 / 127.5, -1.0)])

  def test_backwards_through_relu_and_resize(self):
    given = keras.Input((6, 8, 3))
    x = keras.layers.ReLU()(_conv(1, 3)(given))
    x = keras.layers.SpatialDropout2D(0.5)(x)
    x = keras.layers.Rescaling(1.0, 0.1)(x)
    depth = keras.layers.Rescaling(1000.0)(x)
    folded = self._fold(given, depth, scale=1e5)
    self.assertEqual(_scalings(folded), [(1.0, 100.0)])

  def test_a_factor_alone_leaves_nothing(self):
    given = keras.Input((6, 8, 3))
    depth = keras.layers.Rescaling(1000.0)(
      _conv(1, 3, activation='relu')(given)
    )
    self.assertEmpty(_scalings(self._fold(given, depth, scale=1e5)))

  @parameterized.parameters(
    lambda x: keras.layers.ReLU(6.0)(x),
    lambda x: keras.layers.Activation('sigmoid')(x),
  )
  def test_not_backwards_through_a_bounded_activation(self, activation):
    given = keras.Input((6, 8, 3))
    depth = keras.layers.Rescaling(10.0)(activation(_conv(1, 3)(given)))
    self.assertEqual(_scalings(self._fold(given, depth)), [(10.0, 0.0)])

  def test_not_backwards_where_another_reads(self):
    given = keras.Input((6, 8, 3))
    x = _conv(1, 3)(given)
    depth = keras.layers.Concatenate()([keras.layers.Rescaling(10.0)(x), x])
    self.assertEqual(
      _scalings(self._fold(given, depth, scale=100.0)), [(10.0, 0.0)]
    )

  def test_a_scaling_of_channels_goes_into_the_kernels_after_it(self):
    given = keras.Input((6, 8, 3))
    x = keras.layers.Rescaling([0.1, 0.2, 0.3], [1.0, 2.0, -3.0])(given)
    depthwise = keras.layers.DepthwiseConv2D(3, padding='same')(x)
    depth = keras.layers.Add()([_conv(3, 3)(x), depthwise])
    folded = self._fold(given, depth, scale=100.0)
    self.assertAllClose(_scalings(folded)[0][0], 1.0)
    self.assertAllClose(_scalings(folded)[0][1], [10.0, 10.0, -10.0])

  def test_a_scaling_of_channels_stays_where_another_reads(self):
    given = keras.Input((6, 8, 3))
    x = keras.layers.Rescaling([0.1, 0.2, 0.3], [1.0, 2.0, 3.0])(given)
    depth = keras.layers.Concatenate()([_conv(4, 3)(x), x])
    folded = self._fold(given, depth)
    self.assertEqual(_scalings(folded), [([0.1, 0.2, 0.3], [1.0, 2.0, 3.0])])

  def test_the_log_head_takes_the_unit(self):
    given = keras.Input((6, 8, 3))
    x = keras.layers.Rescaling(0.001)(given)
    depth = depth_head.depth_head(
      x,
      kernel_size=1,
      options=depth_head.HeadOptions(
        min_depth_m=0.1, initial_depth_m=2.5, depth_code='log'
      ),
    )
    depth = keras.layers.Rescaling(1000.0)(depth)
    folded = self._fold(given, depth, scale=1e4)
    self.assertEmpty(_scalings(folded))

  @parameterized.parameters(
    ('bilinear', [(1.0, -127.5), (1.0, 500.0)]),
    ('nearest_broadcast', [(1.0, -127.5)]),
  )
  def test_a_network_in_millimetres(self, upsampling, left):
    network = collapse.collapse(small_network.small_network())
    model = deployment.deployment_model(
      network,
      image_size=small_network.IMAGE_SIZE,
      batch_size=1,
      output_upsampling=upsampling,
    )
    picture = np.float32(small_network.pictures(1)[0])
    folded = _fold(model)
    self.assertAllClose(
      _run(model, picture), _run(folded, picture), rtol=1e-5, atol=0
    )
    self.assertAllClose(left, _scalings(folded), rtol=1e-12)


class BatchNormTest(parameterized.TestCase, tf.test.TestCase):
  @parameterized.parameters(
    keras.layers.Conv2D(4, 3), keras.layers.DepthwiseConv2D(3)
  )
  def test_one_convolution_computes_the_same(self, convolution):
    norm = keras.layers.BatchNormalization(epsilon=0.01)
    generator = np.random.default_rng(3)
    picture = generator.normal(size=(1, 6, 6, 4)).astype(np.float32)
    norm(convolution(picture), training=False)
    for weight in (*convolution.weights, *norm.weights):
      weight.assign(generator.uniform(0.5, 1.5, weight.shape))
    expected = norm(convolution(picture), training=False)
    calls = [
      layer_graph.new_call(layer, weights=layer.get_weights())
      for layer in (convolution, norm)
    ]
    convolution.set_weights(fold.batch_norm(*calls))
    self.assertAllClose(expected, convolution(picture), rtol=1e-5, atol=1e-5)


if __name__ == '__main__':
  tf.test.main()
