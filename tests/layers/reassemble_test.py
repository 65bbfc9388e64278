# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/reassemble.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import reassemble
from tests.models import transformer_twin

_GRID = (3, 4)
_THEIRS = {'project': '0.project.0', 'conv': '3', 'resize': '4'}


def _in_torch(kernel):
  """Returns a kernel of Keras in the layout of PyTorch."""
  return kernel.T if kernel.ndim == 2 else kernel.transpose(3, 2, 0, 1)


class ReassembleTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters((1, 4), (2, 2), (3, 1), (4, 0.5))
  def test_equals_numpy(self, level, factor):
    tokens = keras.Input((13, 6))
    model = keras.Model(
      tokens, reassemble.reassemble(tokens, _GRID, 5, factor, name='it')
    )
    rng = np.random.default_rng(level)
    tensors = {}
    for layer in model.layers:
      part = layer.name.removeprefix('it_')
      for variable in layer.weights:
        value = np.float32(rng.normal(size=variable.shape))
        variable.assign(value)
        name = f'pretrained.act_postprocess{level}.{_THEIRS[part]}'
        if variable.name == 'kernel':
          tensors[f'{name}.weight'] = _in_torch(value)
        else:
          tensors[f'{name}.bias'] = value
    x = np.float32(rng.normal(size=(2, 13, 6)))
    expected = [
      transformer_twin.reassemble(one, _GRID, tensors, level) for one in x
    ]
    self.assertAllClose(model(x), expected, rtol=1e-5, atol=1e-4)
    self.assertEqual(model.output_shape[1:], expected[0].shape)


if __name__ == '__main__':
  tf.test.main()
