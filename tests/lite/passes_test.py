# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/passes.py."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.lite import converter
from depth_mai.lite import flatbuffer
from depth_mai.lite import passes
from depth_mai.models import deployment
from depth_mai.runtime import model_file
from tests.lite import small_network
from tests.runtime import tiny_model

_ALWAYS = [
  'collapse_blocks',
  'use_plain_kernels',
  'remove_rounding',
  'fold_scalings',
]


def _deployed():
  return deployment.deployment_model(
    small_network.small_network(),
    image_size=small_network.IMAGE_SIZE,
    batch_size=1,
    output_upsampling='nearest_broadcast',
  )


def _names(rewrites):
  return [rewrite.__name__ for rewrite in rewrites]


class PassesTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(
    ('fp32', False, ['split_enlarged_concatenations']),
    ('fp32', True, ['split_all_concatenations']),
    ('dynamic', True, ['split_all_concatenations']),
    ('int8', False, ['split_enlarged_concatenations', 'multiply_lone_relus']),
    (
      'int8',
      True,
      ['split_all_concatenations', 'multiply_lone_relus', 'split_hard_swish'],
    ),
  )
  def test_network_passes(self, precision, whole_graph, further):
    target = passes.Target(precision, whole_graph)
    names = _names(passes.passes_before_conversion(target))
    self.assertEqual(names, _ALWAYS + further)

  def test_learned_ranges_are_kept_on_request(self):
    target = passes.Target(keep_rounding=True)
    names = _names(passes.passes_before_conversion(target))
    self.assertNotIn('remove_rounding', names)
    self.assertIn('use_plain_kernels', names)

  def test_file_passes(self):
    for precision, whole_graph, names in (
      ('dynamic', True, ['float_depthwise', 'slim']),
      ('dynamic', False, ['slim']),
      ('int8', True, ['slim']),
    ):
      target = passes.Target(precision, whole_graph)
      self.assertEqual(_names(passes.passes_after_conversion(target)), names)

  @parameterized.product(precision=('fp32', 'int8'), whole_graph=(False, True))
  def test_the_network_computes_the_same(self, precision, whole_graph):
    model = _deployed()
    target = passes.Target(precision, whole_graph)
    rewritten = passes.rewrite_network(model, target)
    picture = np.float32(small_network.pictures(1))
    self.assertAllClose(
      model(picture, training=False),
      rewritten(picture, training=False),
      rtol=1e-4,
      atol=0,
    )
    self.assertEqual(rewritten.name, model.name)
    self.assertLess(rewritten.count_params(), model.count_params())

  def test_the_file_computes_the_same(self):
    target = passes.Target('fp32')
    model = passes.rewrite_network(_deployed(), target)
    content = converter.convert(model, 'fp32')
    file = flatbuffer.read_model(content)
    passes.rewrite_file(file, target)
    (picture,) = small_network.pictures(1)
    self.assertAllEqual(
      model_file.TfliteModel(
        content, metadata=tiny_model.MILLIMETRES
      ).predict_mm(picture),
      model_file.TfliteModel(
        flatbuffer.write_model(file), metadata=tiny_model.MILLIMETRES
      ).predict_mm(picture),
    )


if __name__ == '__main__':
  tf.test.main()
