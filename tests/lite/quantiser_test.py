# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/quantiser.py."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.lite import collapse
from depth_mai.lite import converter
from depth_mai.lite import flatbuffer
from depth_mai.lite import quantisation
from depth_mai.models import deployment
from depth_mai.runtime import model_file
from tests.lite import small_network
from tests.runtime import tiny_model

Quantisation = quantisation.Quantisation
_PICTURES = small_network.pictures(4)


def _levels(content, layer):
  """Returns (scale, zero point) of a layer's output."""
  (tensor,) = (
    tensor
    for tensor in flatbuffer.read_model(content).subgraphs[0].tensors
    if f'/{layer}' in flatbuffer.tensor_name(tensor).split(';')[0]
    and flatbuffer.type_name(tensor) == 'INT8'
    and len(tensor.shape) == 4
    and tensor.shape[0] == 1
    and len(tensor.quantization.scale) == 1
  )
  return tensor.quantization.scale[0], tensor.quantization.zeroPoint[0]


class QuantiserTest(tf.test.TestCase, parameterized.TestCase):
  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.model = deployment.deployment_model(
      collapse.collapse(small_network.small_network()),
      image_size=small_network.IMAGE_SIZE,
      batch_size=1,
      output_upsampling='bilinear',
    )
    cls.float_model = model_file.TfliteModel(
      converter.convert(cls.model, 'fp32'), metadata=tiny_model.MILLIMETRES
    )

  def _convert(self, precision='int8', io_type='float32', **choices):
    return converter.convert(
      self.model, precision, _PICTURES, Quantisation(**choices), io_type
    )

  def _distance(self, content):
    model = model_file.TfliteModel(content, metadata=tiny_model.MILLIMETRES)
    return np.mean(
      [
        np.std(np.log(model.predict_mm(x) / self.float_model.predict_mm(x)))
        for x in _PICTURES
      ]
    )

  @parameterized.parameters('minmax', 'percentile', 'mse', 'entropy')
  def test_each_calibration_method_is_close_to_keras(self, calibration):
    content = self._convert(calibration=calibration)
    self.assertLess(self._distance(content), 0.03)

  def test_percentile_makes_the_steps_smaller(self):
    steps = [
      _levels(self._convert(calibration='percentile', percentile=p), 'stem')[0]
      for p in (100.0, 90.0)
    ]
    self.assertLess(steps[1], 0.9 * steps[0])

  @parameterized.product(
    io_type=('int8', 'uint8', 'float32'), float_tail=(None, 0)
  )
  def test_types_of_input_and_output(self, io_type, float_tail):
    content = self._convert(
      io_type=io_type, float_tail=float_tail, float_input=True
    )
    interpreter = model_file.TfliteModel(
      content, metadata=tiny_model.MILLIMETRES
    ).interpreter
    for side in ('input', 'output'):
      (detail,) = getattr(interpreter, f'get_{side}_details')()
      self.assertEqual(detail['dtype'], np.dtype(io_type))
    self.assertLess(self._distance(content), 0.03)

  def test_names_are_those_of_the_float_graph(self):
    wanted, found = (
      {
        flatbuffer.tensor_name(tensor)
        for tensor in model.subgraphs[0].tensors
        if not flatbuffer.constant_size(model, tensor)
      }
      for model in (
        flatbuffer.read_model(converter.convert(self.model, 'fp32')),
        flatbuffer.read_model(self._convert(float_tail=0)),
      )
    )
    self.assertEmpty(wanted - found)
    self.assertEqual(
      {name.split('.')[0] for name in found - wanted}, {'tfl'}, found - wanted
    )

  def test_int16_activations_lose_almost_nothing(self):
    int16x8 = self._convert('int16x8')
    kinds = {
      flatbuffer.type_name(tensor)
      for tensor in flatbuffer.read_model(int16x8).subgraphs[0].tensors
    }
    self.assertContainsSubset({'INT8', 'INT16'}, kinds)
    # The weights have 8 bits in both files.
    self.assertLess(
      self._distance(int16x8), 0.7 * self._distance(self._convert())
    )

  def test_refuses_an_unknown_float_layer(self):
    with self.assertRaisesRegex(ValueError, "'nose'.*float_layers"):
      self._convert(float_layers=['nose'])


if __name__ == '__main__':
  tf.test.main()
