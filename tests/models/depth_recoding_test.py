# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/depth_recoding.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import clb
from depth_mai.layers import depth_head
from depth_mai.models import depth_recoding

_MIN_M = 0.1


def _network(code, collapsible=False):
  """A head of one weight, so that the image decides the depth."""
  image = keras.Input((1, 64, 1))
  if collapsible:
    x = clb.CollapsibleConv2D(1, 1, expansion=4, name='head')(image)
    x = depth_head.to_depth_m(x, _MIN_M, code)
  else:
    x = depth_head.depth_head(
      image,
      kernel_size=1,
      options=depth_head.HeadOptions(
        min_depth_m=_MIN_M, initial_depth_m=2.0, depth_code=code
      ),
    )
  return keras.Model(image, x)


class DepthRecodingTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters('linear', 'log', 'inverse')
  def test_returns_the_code(self, code):
    self.assertEqual(depth_recoding.depth_code(_network(code)), code)

  def test_other_networks_are_linear(self):
    image = keras.Input((4, 4, 3))
    network = keras.Model(image, keras.layers.Conv2D(1, 1)(image))
    self.assertEqual(depth_recoding.depth_code(network), 'linear')
    depth_recoding.recode(network, 'linear')  # Changes nothing, raises nothing.

  @parameterized.product(
    codes=[('linear', 'log'), ('linear', 'inverse'), ('log', 'linear')],
    collapsible=[False, True],
  )
  def test_predicts_about_the_same_depths(self, codes, collapsible):
    source, target = (_network(code, collapsible) for code in codes)
    rng = np.random.default_rng(0)
    for variable in source.variables:
      variable.assign(rng.uniform(0.5, 1.5, variable.shape))
    for new, old in zip(target.variables, source.variables, strict=True):
      new.assign(old)
    # The image for which the source predicts the depths of a room.
    head = source.get_layer('head')
    kernel, bias = (
      head.collapsed_weights() if collapsible else head.get_weights()
    )
    depth_m = np.geomspace(0.75, 7.5, 64)
    code = {
      'linear': depth_m - _MIN_M,
      'log': np.log(depth_m / _MIN_M),
      'inverse': 1 / depth_m - 1 / 65.535,
    }
    image = ((code[codes[0]] - bias) / kernel.item()).astype(np.float32)
    image = image.reshape((1, 1, 64, 1))
    self.assertAllClose(
      source(image, training=False)[0, 0, :, 0], depth_m, rtol=1e-4
    )
    depth_recoding.recode(target, codes[0])
    # The nearest straight line, fitted here by the normal equations.
    x, y = code[codes[0]], code[codes[1]]
    slope = np.mean((x - x.mean()) * (y - y.mean())) / np.var(x)
    output = target.get_layer('head')(image)[0, 0, :, 0]
    self.assertAllClose(
      output, y.mean() + slope * (x - x.mean()), rtol=1e-3, atol=1e-3
    )

  def test_the_same_code_changes_nothing(self):
    network = _network('log')
    before = network.get_weights()
    depth_recoding.recode(network, 'log')
    self.assertAllEqual(before[0], network.get_weights()[0])
    self.assertAllEqual(before[1], network.get_weights()[1])


if __name__ == '__main__':
  tf.test.main()
