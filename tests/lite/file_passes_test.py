# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/file_passes.py."""

import keras
import numpy as np
import tensorflow as tf

from depth_mai.lite import converter
from depth_mai.lite import file_passes
from depth_mai.lite import flatbuffer
from depth_mai.models import deployment
from depth_mai.runtime import delegation
from depth_mai.runtime import graph
from depth_mai.runtime import interpreter
from depth_mai.runtime import metadata as metadata_reader
from depth_mai.runtime import model_file
from depth_mai.runtime import operators
from tests.lite import small_network
from tests.runtime import tiny_model


def _changed(function, content, *arguments):
  """Returns a file's bytes after a function has changed the unpacked file."""
  model = flatbuffer.read_model(content)
  function(model, *arguments)
  return flatbuffer.write_model(model)


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
      slimmed = _changed(file_passes.slim, content)
      self.assertLess(len(slimmed), len(content))
      self.assertAllEqual(
        model_file.TfliteModel(
          slimmed, metadata=tiny_model.MILLIMETRES
        ).predict_mm(rgb),
        model_file.TfliteModel(
          content, metadata=tiny_model.MILLIMETRES
        ).predict_mm(rgb),
      )
      self.assertEqual(_changed(file_passes.slim, slimmed), slimmed)

  def test_activations_have_names_of_their_own_and_constants_none(self):
    tensors = graph.read_graph(
      _changed(file_passes.slim, self.contents['fp32'])
    ).subgraphs[0]
    names = [t.name for t in tensors.tensors if not t.is_constant]
    self.assertLen(set(names), len(names))
    self.assertTrue(any('middle_act' in name for name in names))
    self.assertFalse(any(';' in name or '/' in name for name in names))
    self.assertEqual({t.name for t in tensors.tensors if t.is_constant}, {''})

  def test_drops_the_signature(self):
    content = self.contents['fp32']
    self.assertLen(flatbuffer.read_model(content).signatureDefs, 1)
    slimmed = flatbuffer.read_model(_changed(file_passes.slim, content))
    self.assertIsNone(slimmed.signatureDefs)

  def test_refuses_other_bytes(self):
    with self.assertRaisesRegex(ValueError, 'not a .tflite model'):
      _changed(file_passes.slim, b'something else')


_CONTENT = {'output_unit': 'm', 'metrics': {'si_rmse': 0.25}, 'source': 'große'}


def _predict(content, metadata=None):
  rgb = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
  return model_file.TfliteModel(content, metadata=metadata).predict_mm(rgb)


class MetadataTest(tf.test.TestCase):
  def setUp(self):
    super().setUp()
    self.plain = tiny_model.float_model(
      kernel=(0.5, 0.25, -0.125),
      bias=40.0,
      metadata=None,
      other_metadata={'note': b'kept'},
    )

  def test_device_reads_what_was_written(self):
    content = _changed(file_passes.add_metadata, self.plain, _CONTENT)
    self.assertEqual(metadata_reader.read_metadata(content), _CONTENT)

  def test_is_written_once(self):
    content = _changed(file_passes.add_metadata, self.plain, _CONTENT)
    with self.assertRaisesRegex(ValueError, 'has .depth_mai. metadata already'):
      _changed(file_passes.add_metadata, content, _CONTENT)

  def test_other_metadata_stays(self):
    model = flatbuffer.read_model(
      _changed(file_passes.add_metadata, self.plain, _CONTENT)
    )
    kept = [entry for entry in model.metadata if entry.name == b'note']
    self.assertEqual(bytes(model.buffers[kept[0].buffer].data), b'kept')

  def test_graph_stays(self):
    content = _changed(
      file_passes.add_metadata, self.plain, {'output_unit': 'mm'}
    )
    np.testing.assert_array_equal(
      _predict(content), _predict(self.plain, tiny_model.MILLIMETRES)
    )

  def test_unit_reaches_the_device(self):
    content = _changed(
      file_passes.add_metadata, self.plain, {'output_unit': 'm'}
    )
    np.testing.assert_array_equal(
      _predict(content),
      np.float32(1000) * _predict(self.plain, tiny_model.MILLIMETRES),
    )

  def test_refuses_metadata_that_is_not_json(self):
    with self.assertRaisesRegex(ValueError, 'is not JSON'):
      _changed(file_passes.add_metadata, self.plain, {'rmse': float('nan')})
    with self.assertRaisesRegex(ValueError, 'is not JSON'):
      _changed(file_passes.add_metadata, self.plain, {'array': np.zeros(2)})

  def test_refuses_other_files(self):
    with self.assertRaisesRegex(ValueError, 'TFL3'):
      _changed(file_passes.add_metadata, b'no model here', {})


def _network():
  """Returns two depthwise convolutions large enough for 8-bit weights."""
  given = keras.Input((8, 8, 3), batch_size=1)
  x = keras.layers.Conv2D(144, 1, name='first')(given)
  x = keras.layers.DepthwiseConv2D(3, padding='same', name='plain')(x)
  x = keras.layers.DepthwiseConv2D(
    3, padding='same', dilation_rate=2, name='dilated'
  )(x)
  return keras.Model(given, keras.layers.Conv2D(8, 1, name='last')(x))


def _run(loaded, picture):
  loaded.set_tensor(loaded.get_input_details()[0]['index'], picture)
  loaded.invoke()
  return loaded.get_tensor(loaded.get_output_details()[0]['index'])


def _kinds(loaded):
  """Returns the types of all constants with a kernel's 3x3x144 shape."""
  return [
    detail['dtype'].__name__
    for detail in loaded.get_tensor_details()
    if tuple(detail['shape']) == (1, 3, 3, 144)
  ]


class FloatDepthwiseTest(tf.test.TestCase):
  def setUp(self):
    super().setUp()
    keras.utils.set_random_seed(3)
    self.content = converter.convert(_network(), 'dynamic')
    self.picture = np.random.default_rng(0).uniform(-1, 1, (1, 8, 8, 3))
    self.picture = self.picture.astype(np.float32)

  def test_float_kernels_compute_nearly_the_same(self):
    content = _changed(file_passes.float_depthwise, self.content)
    before = interpreter.load_interpreter(self.content, xnnpack=False)
    after = interpreter.load_interpreter(content, xnnpack=False)
    self.assertEqual(_kinds(before), ['int8', 'int8'])
    self.assertEqual(_kinds(after), ['float32', 'float32'])
    expected = _run(before, self.picture)
    # The hybrid kernels round the activations, too: 1 in 127 of the largest.
    self.assertAllClose(
      expected,
      _run(after, self.picture),
      rtol=0,
      atol=0.03 * np.abs(expected).max(),
    )

  def test_the_kernels_are_those_of_the_file(self):
    before = interpreter.load_interpreter(self.content, xnnpack=False)
    (index, *_) = (
      detail
      for detail in before.get_tensor_details()
      if tuple(detail['shape']) == (1, 3, 3, 144)
    )
    stored = before.get_tensor(index['index'])
    scales = index['quantization_parameters']['scales']
    after = interpreter.load_interpreter(
      _changed(file_passes.float_depthwise, self.content), xnnpack=False
    )
    self.assertAllClose(
      stored * scales, after.get_tensor(index['index']), rtol=1e-6
    )

  def test_the_graph_stays_whole(self):
    content = _changed(file_passes.float_depthwise, self.content)
    report = operators.check(content)
    self.assertTrue(report.compatible, report.problems)
    taken = delegation.describe_delegation(
      interpreter.load_interpreter(content)
    )
    if taken is None or not taken.partitions:
      self.skipTest('This runtime does not report what XNNPACK takes.')
    self.assertEqual((taken.partitions, taken.outside), (1, {}))

  def test_int8_activations_stay(self):
    content = converter.convert(_network(), 'int8', [self.picture[0]])
    after = interpreter.load_interpreter(
      _changed(file_passes.float_depthwise, content), xnnpack=False
    )
    self.assertEqual(_kinds(after), ['int8', 'int8'])


if __name__ == '__main__':
  tf.test.main()
