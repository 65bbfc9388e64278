# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/layer_error.py."""

from absl.testing import absltest
import keras
import numpy as np

from depth_mai.lite import collapse
from depth_mai.lite import converter
from depth_mai.lite import flatbuffer
from depth_mai.lite import layer_error
from depth_mai.lite import quantisation
from depth_mai.lite import ranges
from depth_mai.models import deployment
from tests.lite import small_network

_PICTURES = small_network.pictures(3)


def _activations(content):
  """Returns the activations of a file, by picture and name."""
  model = flatbuffer.read_model(content)
  tensors = model.subgraphs[0].tensors
  interpreter = ranges.open_transparent(content)
  found = []
  for rgb in _PICTURES:
    interpreter.set_tensor(
      interpreter.get_input_details()[0]['index'], np.float32(rgb)[np.newaxis]
    )
    interpreter.invoke()
    values = {}
    # After the file's tensors come those that kernels add.
    for detail in interpreter.get_tensor_details()[: len(tensors)]:
      if flatbuffer.constant_size(model, tensors[detail['index']]):
        continue
      name = flatbuffer.tensor_name(tensors[detail['index']])
      scale, zero_point = detail['quantization']
      held = interpreter.get_tensor(detail['index'])
      if detail['dtype'] == np.int8 and scale:
        values[name] = (held - np.float64(zero_point)) * scale
      elif detail['dtype'] == np.float32:
        values.setdefault(name, held)
    found.append(values)
  return found


class LayerErrorTest(absltest.TestCase):
  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.network = small_network.small_network()
    cls.model = deployment.deployment_model(
      collapse.collapse(cls.network),
      image_size=small_network.IMAGE_SIZE,
      batch_size=1,
      output_upsampling='bilinear',
    )
    cls.graph = converter.calibrate(
      cls.model, _PICTURES, quantisation.Quantisation(float_tail=0)
    )
    cls.errors = {
      error.layer: error for error in layer_error.measure(cls.graph, _PICTURES)
    }
    ours = flatbuffer.write_model(converter.quantise(cls.model, cls.graph))
    cls.ours = _activations(ours)
    cls.true = _activations(converter.convert(cls.model, 'fp32'))

  def _error(self, layer):
    (found,) = (e for name, e in self.errors.items() if name.startswith(layer))
    return found

  def _values(self, activations, layer):
    """Returns the results of a layer's last operator, by picture."""
    (name,) = (
      name for name in activations[0] if flatbuffer.layer_name(name) == layer
    )
    return np.stack([values[name][0] for values in activations])

  def test_rmse_is_the_distance_from_the_float_file(self):
    for prefix in ('stem', 'depthwise', 'middle', 'concat'):
      error = self._error(prefix)
      true = self._values(self.true, error.layer)
      noise = np.square(self._values(self.ours, error.layer) - true).mean()
      self.assertAlmostEqual(error.rmse / np.sqrt(noise), 1, delta=0.02)
      self.assertAlmostEqual(
        error.snr_db,
        10 * np.log10(np.square(true, dtype=float).mean() / noise),
        delta=0.2,
      )

  def test_own_error_is_measured_on_the_same_input(self):
    error, before = self._error('middle'), self._error('depthwise')
    given = np.float32(self._values(self.ours, before.layer))
    kernel, bias = collapse.collapse(self.network).get_layer('middle').weights
    wanted = np.maximum(keras.ops.conv(given, kernel, padding='same') + bias, 0)
    noise = np.square(self._values(self.ours, error.layer) - wanted).mean()
    self.assertAlmostEqual(error.own_rmse / np.sqrt(noise), 1, delta=0.02)

  def test_float_operators_have_no_line(self):
    self.assertFalse(any(name.startswith('depth_m') for name in self.errors))
    self.assertTrue(any(name.startswith('head') for name in self.errors))

  def test_table_begins_with_the_worst(self):
    lines = layer_error.markdown(list(self.errors.values())).splitlines()
    self.assertLen(lines, 2 + len(self.errors))
    worst = min(self.errors.values(), key=lambda error: error.own_snr_db)
    self.assertIn(worst.layer, lines[2])
    self.assertIn(worst.operator, lines[2])
    self.assertIn(f'{worst.own_snr_db:.1f}', lines[2])

  def test_refuses_integer_input(self):
    graph = converter.calibrate(
      self.model, _PICTURES, quantisation.Quantisation(), 'int8'
    )
    with self.assertRaisesRegex(ValueError, '--io_type'):
      layer_error.measure(graph, _PICTURES)


if __name__ == '__main__':
  absltest.main()
