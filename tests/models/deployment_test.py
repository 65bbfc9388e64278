# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/deployment.py."""

import keras
import numpy as np
import tensorflow as tf

from depth_mai.models import deployment


def _network():
  """Returns a network that predicts the red channel in metres, at half size."""
  inputs = keras.Input((4, 4, 3))
  red = keras.layers.Conv2D(1, 1, use_bias=False, name='red')
  outputs = keras.layers.AveragePooling2D(2)(red(inputs))
  red.kernel.assign(np.reshape([1.0, 0.0, 0.0], (1, 1, 3, 1)))
  return keras.Model(inputs, outputs, name='toy')


class DeploymentTest(tf.test.TestCase):
  def test_maps_an_image_to_millimetres(self):
    model = deployment.deployment_model(
      _network(), image_size=(8, 8), batch_size=1, output_upsampling='nearest'
    )
    self.assertEqual(model.name, 'toy_deployed')
    self.assertEqual(model.input_shape, (1, 8, 8, 3))
    self.assertEqual(model.output_shape, (1, 8, 8, 1))
    image = np.zeros((1, 8, 8, 3), np.float32)
    image[0, :4, :4, 0] = 2.0
    depth = model(image, training=False)[0, :, :, 0]
    expected = np.zeros((8, 8))
    expected[:4, :4] = 2000.0
    self.assertAllClose(depth, expected)

  def test_a_system_has_its_own_upsampling(self):
    network = _network()
    image = np.zeros((1, 8, 8, 3), np.float32)
    image[0, :4, :4, 0] = 2.0
    smooth = deployment.deployment_model(network, image_size=(8, 8))
    self.assertGreater(len(np.unique(smooth(image, training=False))), 2)
    # AIIA HIT's released code resizes by nearest neighbour.
    system = keras.Model(network.input, network.output, name='aiia_hit')
    steps = deployment.deployment_model(system, image_size=(8, 8))
    self.assertLen(np.unique(steps(image, training=False)), 2)

  def test_the_default_form_has_the_values_of_the_system(self):
    network = _network()
    image = np.random.default_rng(0).uniform(0, 9, (1, 8, 8, 3))
    for name, form in (
      ('icl', 'bilinear_separable'),
      ('tcl', 'nearest_broadcast'),
      ('aiia_hit', 'nearest_broadcast'),
    ):
      system = keras.Model(network.input, network.output, name=name)
      self.assertEqual(deployment.default_upsampling(system), form)
      plain = deployment.deployment_model(system, image_size=(8, 8))
      cheap = deployment.deployment_model(
        system, image_size=(8, 8), output_upsampling=form
      )
      self.assertAllClose(
        plain(image, training=False), cheap(image, training=False), rtol=1e-6
      )

  def test_the_upsampling_of_each_system(self):
    network = _network()
    for name, expected in {
      'aiia_hit': 'nearest',
      'icl': 'bilinear',
      'jmu_cvlab': 'bilinear',
      'miaigo': 'nearest',
      'smartlab': 'bilinear',
      'tcl': 'nearest',
      'tencent_gylab': 'nearest',
      'tencent_gylab_2021': 'nearest',
      'another': 'bilinear',
    }.items():
      system = keras.Model(network.input, network.output, name=name)
      self.assertEqual(deployment.system_upsampling(system), expected, name)

  def test_metres(self):
    model = deployment.deployment_model(
      _network(), image_size=(8, 8), output_unit='m'
    )
    depth = model(np.full((1, 8, 8, 3), 5.0, np.float32), training=False)
    self.assertAllClose(depth, np.full((1, 8, 8, 1), 5.0))

  def test_refuses_unknown_unit(self):
    with self.assertRaisesRegex(ValueError, "'cm'"):
      deployment.deployment_model(_network(), output_unit='cm')


if __name__ == '__main__':
  tf.test.main()
