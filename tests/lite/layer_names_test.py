# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/layer_names.py."""

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.lite import layer_names


class LayerNamesTest(parameterized.TestCase):
  # As TensorFlow 2.21 writes them.
  @parameterized.parameters(
    ('tcl_deployed_1/tcl_1/stem_1/convolution;tcl_1/stem_bn_1/sub1', 'stem_1'),
    ('tcl_deployed_1/input_resize_1/resize/ResizeBilinear', 'input_resize_1'),
    ('tcl_1/stem_bn_1/batchnorm/mul_1', 'stem_bn_1'),
    ('resize/ResizeBilinear', 'resize'),
    ('StatefulPartitionedCall_1:0', 'StatefulPartitionedCall_1:0'),
    ('', ''),
  )
  def test_layer_of_the_first_operator(self, tensor, layer):
    self.assertEqual(layer_names.layer_name(tensor), layer)


if __name__ == '__main__':
  absltest.main()
