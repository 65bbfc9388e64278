# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/patch_merging.py."""

import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import patch_merging
from tests.models import transformer_twin


class PatchMergingTest(tf.test.TestCase):
  def test_order_of_the_neighbours(self):
    x = np.float32([[[[1], [2]], [[3], [4]]]])
    self.assertAllEqual(patch_merging.MergePatches()(x), [[[[1, 3, 2, 4]]]])

  def test_equals_numpy(self):
    inputs = keras.Input((6, 4, 5))
    model = keras.Model(inputs, patch_merging.patch_merging(inputs, name='it'))
    self.assertEqual(model.output_shape, (None, 3, 2, 10))
    rng = np.random.default_rng(0)
    for variable in model.weights:
      variable.assign(rng.normal(size=variable.shape))
    norm, reduce = (model.get_layer(x) for x in ('it_merge_norm', 'it_reduce'))
    tensors = {
      'norm.weight': norm.gamma.numpy(),
      'norm.bias': norm.beta.numpy(),
      'reduction.weight': reduce.kernel.numpy().T,
    }
    x = np.float32(rng.normal(size=(2, 6, 4, 5)))
    y = np.concatenate(
      [x[:, i::2, j::2] for i, j in ((0, 0), (1, 0), (0, 1), (1, 1))], axis=-1
    )
    y = transformer_twin.layer_norm(y, tensors, 'norm', 1e-5)
    y = transformer_twin.linear(y, tensors, 'reduction')
    self.assertAllClose(model(x), y, atol=1e-5)


if __name__ == '__main__':
  tf.test.main()
