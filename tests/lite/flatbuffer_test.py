# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/flatbuffer.py."""

from absl.testing import absltest
from absl.testing import parameterized
import flatbuffers
import numpy as np

from depth_mai.lite import flatbuffer
from tests.runtime import tiny_model


def _constant_offsets(content):
  """Returns the offset of each constant's data in the file."""
  model = flatbuffer.schema.Model.GetRootAs(bytearray(content), 0)
  offsets = []
  for index in range(model.BuffersLength()):
    buffer = model.Buffers(index)
    if not buffer.DataIsNone() and buffer.DataLength():
      field = flatbuffers.number_types.UOffsetTFlags.py_type(
        buffer._tab.Offset(4)
      )
      offsets.append(buffer._tab.Vector(field))
  return offsets


class FlatbufferTest(parameterized.TestCase):
  def test_constants_lie_on_16_byte_boundaries(self):
    # Constants of odd sizes before them would move them.
    content = tiny_model.float_model(
      metadata=None, other_metadata={'odd': b'12345', 'odder': b'1'}
    )
    self.assertNotEqual({at % 16 for at in _constant_offsets(content)}, {0})
    written = flatbuffer.write_model(flatbuffer.read_model(content))
    self.assertLen(_constant_offsets(written), 4)
    self.assertEqual({at % 16 for at in _constant_offsets(written)}, {0})

  def test_round_trip_keeps_the_model(self):
    content = tiny_model.float_model(kernel=(0.25, -1.0, 3.0), bias=7.0)
    model = flatbuffer.read_model(
      flatbuffer.write_model(flatbuffer.read_model(content))
    )
    tensors = model.subgraphs[0].tensors
    names = [flatbuffer.tensor_name(tensor) for tensor in tensors]
    self.assertEqual(names, ['image', 'kernel', 'bias', 'depth'])
    kernel = model.buffers[tensors[1].buffer].data
    np.testing.assert_array_equal(
      np.frombuffer(kernel, np.float32), [0.25, -1.0, 3.0]
    )

  def test_names_and_sizes(self):
    model = flatbuffer.read_model(tiny_model.float_model())
    image, kernel, _, _ = model.subgraphs[0].tensors
    self.assertEqual(flatbuffer.type_name(kernel), 'FLOAT32')
    self.assertEqual(flatbuffer.constant_size(model, kernel), 3)
    self.assertEqual(flatbuffer.constant_size(model, image), 0)

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
    self.assertEqual(flatbuffer.layer_name(tensor), layer)

  def test_refuses_other_files(self):
    with self.assertRaisesRegex(ValueError, 'is not a .tflite model'):
      flatbuffer.read_model(b'PK\x03\x04 a .keras file')


if __name__ == '__main__':
  absltest.main()
