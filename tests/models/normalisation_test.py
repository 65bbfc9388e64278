# SPDX-License-Identifier: Apache-2.0
import keras
import numpy as np
import tensorflow as tf

from depth_mai.models import normalisation


def _network(name='normalise'):
  rgb = keras.Input((2, 2, 3))
  x = keras.layers.Rescaling(1 / 127.5, -1.0, name=name)(rgb)
  return keras.Model(rgb, x, name='toy')


class NormalisationTest(tf.test.TestCase):
  def test_what_is_written_is_read_and_computed(self):
    network = _network()
    self.assertAllClose(
      normalisation.read(network), [[1 / 127.5] * 3, [-1] * 3]
    )
    scaling = np.float64([[1, 2, 3], [4, 5, 6]])
    normalisation.write(network, scaling)
    self.assertAllEqual(normalisation.read(network), scaling)
    rgb = np.full((1, 2, 2, 3), 10, np.float32)
    self.assertAllEqual(network(rgb)[0, 0, 0], [14, 25, 36])

  def test_scale_and_offset(self):
    scaling = normalisation.Normalisation((0.5, 0.25, 0), (0.5, 1, 2))
    for channel, (scale, offset) in enumerate(
      [(1 / 127.5, -1), (1 / 255, -0.25), (1 / 510, 0)]
    ):
      self.assertAlmostEqual(scaling.scale[channel], scale)
      self.assertAlmostEqual(scaling.offset[channel], offset)
    halved = scaling.divided_by([2, 2, 2])
    self.assertAlmostEqual(halved.scale[0], 0.5 / 127.5)
    self.assertAlmostEqual(halved.offset[0], -0.5)

  def test_layer_of_a_normalisation(self):
    layer = normalisation.layer(normalisation.IMAGENET)
    self.assertEqual(layer.name, 'normalise')
    self.assertAllClose(
      layer(np.float32([[[[0, 127.5, 255]]]]))[0, 0, 0],
      [-0.485 / 0.229, (0.5 - 0.456) / 0.224, (1 - 0.406) / 0.225],
    )
    # One number, which export folds more often.
    layer = normalisation.layer(normalisation.PLUS_MINUS_ONE)
    self.assertEqual((layer.scale, layer.offset), (1 / 127.5, -1.0))

  def test_of_a_network(self):
    network = _network()
    self.assertEqual(normalisation.of(network), normalisation.PLUS_MINUS_ONE)
    imagenet = normalisation.IMAGENET
    normalisation.write(network, np.array([imagenet.scale, imagenet.offset]))
    found = normalisation.of(network)
    self.assertAllClose(found.mean, [0.485, 0.456, 0.406])
    self.assertAllClose(found.std, [0.229, 0.224, 0.225])
    self.assertIsNone(normalisation.of(_network('other')))

  def test_equal_channels_stay_one_number(self):
    network = _network()
    normalisation.write(network, np.float64([[2, 2, 2], [0, 0, 1]]))
    layer = network.get_layer('normalise')
    self.assertEqual(layer.scale, 2.0)
    self.assertEqual(layer.offset, [0.0, 0.0, 1.0])

  def test_a_network_without_the_layer(self):
    network = _network('other')
    normalisation.write(network, normalisation.read(network))
    with self.assertRaisesRegex(ValueError, "toy has no layer 'normalise'"):
      normalisation.write(network, np.zeros((2, 3)))


if __name__ == '__main__':
  tf.test.main()
