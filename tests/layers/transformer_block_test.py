# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/transformer_block.py."""

import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import transformer_block
from tests.models import transformer_twin


def _block(shape, mix, **options):
  inputs = keras.Input(shape)
  return keras.Model(
    inputs,
    transformer_block.transformer_block(
      inputs, mix, epsilon=1e-3, name='it', **options
    ),
  )


class TransformerBlockTest(tf.test.TestCase):
  def test_equals_numpy(self):
    model = _block((3, 4, 6), keras.layers.Rescaling(2.0))
    names = {
      'it_norm1': 'b.norm1',
      'it_proj': 'b.attn.proj',
      'it_norm2': 'b.norm2',
      'it_fc1': 'b.mlp.fc1',
      'it_fc2': 'b.mlp.fc2',
    }
    rng = np.random.default_rng(0)
    tensors = {}
    for ours, theirs in names.items():
      for variable in model.get_layer(ours).weights:
        variable.assign(rng.normal(size=variable.shape))
        is_offset = variable.name in ('bias', 'beta')
        role = 'bias' if is_offset else 'weight'
        tensors[f'{theirs}.{role}'] = variable.numpy().T
    self.assertLen(model.weights, 10)
    x = np.float32(rng.normal(size=(2, 3, 4, 6)))
    expected = transformer_twin.block(x, lambda y: 2 * y, tensors, 'b', 1e-3)
    self.assertAllClose(model(x), expected, rtol=1e-5, atol=1e-4)

  def test_drop_path_skips_pictures_as_a_whole(self):
    model = _block((5, 6), lambda x: x, drop_path=0.5)
    x = np.float32(np.random.default_rng(1).normal(size=(64, 5, 6)))
    whole = model(x, training=False)
    trained = model(x, training=True)
    changed = np.abs(trained - x).max(axis=-1) > 0
    self.assertAllEqual(changed, np.repeat(changed[:, :1], 5, axis=1))
    # Both additions are skipped in a quarter of the pictures.
    self.assertBetween(int(changed[:, 0].sum()), 36, 60)
    self.assertNotAllClose(trained, whole)
    self.assertAllEqual(whole, model(x))

  def test_drop_path_repeats_from_its_saved_state(self):
    """A training that resumes restores all variables."""
    model = _block((5, 6), lambda x: x, drop_path=0.5)
    x = np.float32(np.random.default_rng(1).normal(size=(8, 5, 6)))
    saved = [variable.numpy() for variable in model.variables]
    first, second = (model(x, training=True) for _ in range(2))
    self.assertNotAllClose(first, second)
    for variable, value in zip(model.variables, saved, strict=True):
      variable.assign(value)
    self.assertAllEqual(model(x, training=True), first)


if __name__ == '__main__':
  tf.test.main()
