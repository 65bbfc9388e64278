# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/position_embedding.py."""

import numpy as np
import tensorflow as tf

from depth_mai.layers import position_embedding
from tests.models import transformer_twin


class PositionEmbeddingTest(tf.test.TestCase):
  def setUp(self):
    super().setUp()
    self.layer = position_embedding.PositionEmbedding()
    self.layer.build((None, 2, 3, 4))
    self.rng = np.random.default_rng(0)

  def test_class_token_first_and_positions_added(self):
    for variable in self.layer.weights:
      variable.assign(self.rng.normal(size=variable.shape))
    token, positions = (variable.numpy() for variable in self.layer.weights)
    x = np.float32(self.rng.normal(size=(2, 2, 3, 4)))
    tokens = self.layer(x)
    self.assertEqual(tokens.shape, (2, 7, 4))
    self.assertEqual(self.layer.compute_output_shape(x.shape), (2, 7, 4))
    for picture in range(2):
      self.assertAllClose(tokens[picture, 0], token[0, 0] + positions[0, 0])
      self.assertAllClose(
        tokens[picture, 1:], x[picture].reshape(6, 4) + positions[0, 1:]
      )

  def test_resizes_a_square_grid(self):
    published = np.float32(self.rng.normal(size=(1, 1 + 5 * 5, 4)))
    resized = self.layer.resized(published)
    grid = published[0, 1:].reshape(5, 5, 4)
    expected = transformer_twin.resize(grid, 2, 3, aligned=False)
    self.assertAllEqual(resized[0, 0], published[0, 0])
    self.assertAllClose(resized[0, 1:], expected.reshape(6, 4), atol=1e-6)

  def test_keeps_what_is_no_square_grid(self):
    published = np.zeros((1, 1 + 2 * 3, 4), np.float32)
    self.assertIs(self.layer.resized(published), published)

  def test_keeps_a_grid_of_its_size(self):
    layer = position_embedding.PositionEmbedding()
    layer.build((None, 3, 3, 2))
    published = np.float32(self.rng.normal(size=(1, 10, 2)))
    self.assertAllEqual(layer.resized(published), published)


if __name__ == '__main__':
  tf.test.main()
