# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/slim.py."""

import numpy as np
import tensorflow as tf

from depth_mai.lite import converter
from depth_mai.lite import slim
from depth_mai.models import deployment
from depth_mai.runtime import graph
from depth_mai.runtime import model_file
from tests.lite import small_network


class SlimTest(tf.test.TestCase):
  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    pictures = small_network.pictures(2, small_network.IMAGE_SIZE)
    model = deployment.deployment_model(
      small_network.small_network(), small_network.IMAGE_SIZE, batch_size=1
    )
    cls.contents = {
      precision: converter.convert(model, precision, pictures)
      for precision in ('fp32', 'int8')
    }

  def test_predicts_the_same_with_less(self):
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (*small_network.IMAGE_SIZE, 3), dtype=np.uint8)
    for content in self.contents.values():
      slimmed = slim.slim(content)
      self.assertLess(len(slimmed), len(content))
      self.assertAllEqual(
        model_file.TfliteModel(slimmed).predict_mm(rgb),
        model_file.TfliteModel(content).predict_mm(rgb),
      )
      self.assertEqual(slim.slim(slimmed), slimmed)

  def test_activations_have_names_of_their_own_and_constants_none(self):
    tensors = graph.read_graph(slim.slim(self.contents['fp32'])).subgraphs[0]
    names = [t.name for t in tensors.tensors if not t.is_constant]
    self.assertLen(set(names), len(names))
    self.assertTrue(any('middle_act' in name for name in names))
    self.assertFalse(any(';' in name or '/' in name for name in names))
    self.assertEqual({t.name for t in tensors.tensors if t.is_constant}, {''})

  def test_what_is_no_model(self):
    with self.assertRaisesRegex(ValueError, 'not a .tflite model'):
      slim.slim(b'something else')


if __name__ == '__main__':
  tf.test.main()
