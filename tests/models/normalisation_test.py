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
