# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/quantisation.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.lite import collapse
from depth_mai.lite import converter
from depth_mai.lite import flatbuffer
from depth_mai.lite import quantisation
from depth_mai.models import deployment
from depth_mai.runtime import delegation
from depth_mai.runtime import graph
from depth_mai.runtime import model_file
from tests.lite import small_network
from tests.runtime import tiny_model

Quantisation = quantisation.Quantisation
_PICTURES = small_network.pictures(4)
# The small network's operators. Which of the offsets and factors are MUL and
# which ADD is the converter's choice.
_HEAD = ['RESIZE_BILINEAR', 'MUL', 'ADD']
_BODY = ['CONV_2D', 'DEPTHWISE_CONV_2D', 'CONV_2D', 'CONCATENATION']
_TAIL = ['RESIZE_BILINEAR', 'CONV_2D', 'ADD', 'MUL', 'RESIZE_BILINEAR']


def _deployed(network):
  return deployment.deployment_model(
    collapse.collapse(network),
    image_size=small_network.IMAGE_SIZE,
    batch_size=1,
    output_upsampling='bilinear',
  )


def _plain_network():
  """Returns a network that does not scale its input."""
  rgb = keras.Input((32, 40, 3), name='rgb')
  x = keras.layers.Conv2D(4, 3, 2, padding='same', name='stem')(rgb)
  x = keras.layers.Conv2D(1, 3, activation='relu', name='head')(x)
  network = keras.Model(rgb, x, name='plain')
  generator = np.random.default_rng(2)
  for weight in network.weights:
    weight.assign(generator.uniform(0, 0.01, weight.shape))
  return network


def _operators(content):
  return [
    (operator.name, operator.outputs[0].type_name)
    for operator in graph.read_graph(content).main.operators
  ]


class FloatPartsTest(tf.test.TestCase, parameterized.TestCase):
  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.model = _deployed(small_network.small_network())
    cls.content = converter.convert(cls.model, 'fp32')
    cls.float_mm = [
      model_file.TfliteModel(
        cls.content, metadata=tiny_model.MILLIMETRES
      ).predict_mm(rgb)
      for rgb in _PICTURES
    ]

  def _names(self, io_float=True, **choices):
    model = flatbuffer.read_model(self.content)
    places = quantisation.float_operators(
      model, Quantisation(**choices), io_float
    )
    operators = model.subgraphs[0].operators
    return [
      flatbuffer.operator_name(model, operators[place])
      for place in sorted(places)
    ]

  def test_the_graph_is_as_these_tests_assume(self):
    names = [name for name, _ in _operators(self.content)]
    self.assertEqual(names, _HEAD + _BODY + _TAIL)

  @parameterized.parameters(
    (0, _TAIL[2:]),
    # The operator before the first float convolution is cheaper in int8.
    (1, _TAIL[1:]),
    (2, [*_BODY[2:], *_TAIL]),
    (3, [*_BODY[1:], *_TAIL]),
    (9, _HEAD + _BODY + _TAIL),
  )
  def test_float_tail(self, convolutions, wanted):
    self.assertEqual(self._names(float_tail=convolutions), wanted)

  def test_float_input(self):
    self.assertEqual(self._names(float_input=True), _HEAD)
    self.assertEmpty(self._names(float_input=True, io_float=False))
    self.assertEmpty(self._names())

  def test_layers_by_name(self):
    name = 'depthwise'
    model = flatbuffer.read_model(self.content)
    layer = next(
      word
      for tensor in model.subgraphs[0].tensors
      for word in flatbuffer.tensor_name(tensor).split(';')[0].split('/')
      if word.startswith(name)
    )
    self.assertEqual(self._names(float_layers=[layer]), ['DEPTHWISE_CONV_2D'])
    with self.assertRaisesRegex(ValueError, f"'{layer}x'.*{layer}.*Quantis"):
      self._names(float_layers=[layer + 'x'])

  @parameterized.product(
    choices=(
      {},
      {'float_input': True},
      {'float_tail': 0},
      {'float_input': True, 'float_tail': 0},
      {'float_input': True, 'float_tail': 1},
      {'float_input': True, 'float_tail': 2},
    )
  )
  def test_the_file_is_float_in_the_chosen_parts(self, choices):
    content = converter.convert(
      self.model, 'int8', _PICTURES, Quantisation(**choices)
    )
    wanted = [(name, 'INT8') for name in _HEAD + _BODY + _TAIL]
    places = quantisation.float_operators(
      flatbuffer.read_model(self.content), Quantisation(**choices), True
    )
    for place in places:
      wanted[place] = (wanted[place][0], 'FLOAT32')
    found = _operators(content)
    core = [
      entry for entry in found if entry[0] not in ('QUANTIZE', 'DEQUANTIZE')
    ]
    self.assertEqual(core, wanted)
    # One way into int8 and one out of it.
    self.assertEqual([name for name, _ in found].count('QUANTIZE'), 1)
    out = 2 if choices.get('float_tail') == 2 else 1  # The skip, too.
    self.assertEqual([name for name, _ in found].count('DEQUANTIZE'), out)
    model = model_file.TfliteModel(content, metadata=tiny_model.MILLIMETRES)
    delegated = delegation.describe_delegation(model.interpreter)
    self.assertEqual((delegated.partitions, delegated.outside), (1, {}))
    for rgb, wanted_mm in zip(_PICTURES, self.float_mm, strict=True):
      self.assertAllClose(model.predict_mm(rgb), wanted_mm, rtol=0.03)

  def test_float_tail_is_finer_than_256_levels(self):
    levels = {}
    for tail in (None, 0, 1):
      content = converter.convert(
        self.model, 'int8', _PICTURES, Quantisation(float_tail=tail)
      )
      depth_mm = model_file.TfliteModel(
        content, metadata=tiny_model.MILLIMETRES
      ).predict_mm(_PICTURES[0])
      levels[tail] = np.unique(depth_mm).size
    self.assertLessEqual(levels[None], 256)
    self.assertGreater(levels[0], 256)
    self.assertGreater(levels[1], levels[0])

  def test_image_is_resized_before_it_is_rounded(self):
    model = _deployed(_plain_network())
    plain = converter.convert(model, 'int8', _PICTURES)
    self.assertEqual(
      [name for name, _ in _operators(plain)][:2],
      ['QUANTIZE', 'RESIZE_BILINEAR'],
    )
    content = converter.convert(
      model, 'int8', _PICTURES, Quantisation(float_input=True)
    )
    self.assertEqual(
      _operators(content)[:3],
      [
        ('RESIZE_BILINEAR', 'FLOAT32'),
        ('QUANTIZE', 'INT8'),
        ('CONV_2D', 'INT8'),
      ],
    )
    # Rounding 0..255 to whole numbers at the small size moves the depth by
    # less than a step.
    wanted, found = (
      model_file.TfliteModel(file, metadata=tiny_model.MILLIMETRES).predict_mm(
        _PICTURES[0]
      )
      for file in (converter.convert(model, 'fp32'), content)
    )
    self.assertGreater(np.ptp(wanted), 1000)
    self.assertAllClose(found, wanted, atol=np.max(wanted) / 60)

  def test_other_files_stay_as_they_are(self):
    model = flatbuffer.read_model(self.content)
    before = flatbuffer.write_model(model)
    quantisation.resize_before_rounding(model)
    self.assertEqual(flatbuffer.write_model(model), before)


class QuantisationTest(parameterized.TestCase):
  @parameterized.parameters(
    {'calibration': 'average'},
    {'percentile': 50.0},
    {'percentile': 100.5},
    {'float_tail': -1},
    {'float_layers': 'head'},
  )
  def test_refusals_name_the_gin_key(self, **wrong):
    ((key, value),) = wrong.items()
    with self.assertRaisesRegex(ValueError, f'Quantisation.{key}') as caught:
      quantisation.Quantisation(**wrong)
    self.assertIn(f'{key}={value!r}', str(caught.exception))


if __name__ == '__main__':
  tf.test.main()
