# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/converter.py."""

import os

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import fake_quantisation
from depth_mai.lite import collapse
from depth_mai.lite import converter
from depth_mai.lite import flatbuffer
from depth_mai.lite import parity
from depth_mai.models import deployment
from depth_mai.runtime import interpreter as interpreter_lib
from depth_mai.runtime import operators
from tests.lite import small_network

_HEIGHT, _WIDTH = small_network.IMAGE_SIZE
_PICTURES = small_network.pictures(4)


def _deployed(network, **options):
  return deployment.deployment_model(
    collapse.collapse(network),
    image_size=small_network.IMAGE_SIZE,
    batch_size=1,
    **options,
  )


def _ends_in_exp(network):
  log_depth = network.get_layer('head_act').output
  depth_m = keras.layers.Activation('exponential', name='exp')(log_depth)
  return keras.Model(network.input, depth_m, name='small_exp')


def _rounded_model():
  """Returns three convolutions, the last one after the last rounding."""
  rgb = keras.Input((8, 8, 3), batch_size=1)
  x = fake_quantisation.FakeQuantise(name='rgb_rounded')(rgb)
  for name in ('one', 'two'):
    x = keras.layers.Conv2D(4, 3, padding='same', name=name)(x)
    x = fake_quantisation.FakeQuantise(name=f'{name}_rounded')(x)
  model = keras.Model(rgb, keras.layers.Conv2D(1, 1, name='three')(x))
  generator = np.random.default_rng(0)
  for _ in range(2):
    model(
      generator.uniform(0, 255, (1, 8, 8, 3)).astype(np.float32), training=True
    )
  return model


class ConvertTest(tf.test.TestCase, parameterized.TestCase):
  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.model = _deployed(small_network.small_network())
    cls.weights = [np.array(weight) for weight in cls.model.get_weights()]
    cls.files = {
      precision: converter.convert(cls.model, precision, _PICTURES)
      for precision in converter.PRECISIONS
    }
    cls.keras_mm = parity.predict_with_keras_mm(cls.model, _PICTURES, 'mm')

  @parameterized.parameters(*converter.PRECISIONS)
  def test_interface(self, precision):
    interpreter = interpreter_lib.load_interpreter(self.files[precision])
    (image,) = interpreter.get_input_details()
    (depth,) = interpreter.get_output_details()
    self.assertAllEqual(image['shape'], [1, _HEIGHT, _WIDTH, 3])
    self.assertAllEqual(image['shape_signature'], image['shape'])
    self.assertAllEqual(depth['shape'], [1, _HEIGHT, _WIDTH, 1])
    self.assertAllEqual(depth['shape_signature'], depth['shape'])
    self.assertEqual([image['dtype'], depth['dtype']], [np.float32] * 2)

  @parameterized.parameters(
    ('fp32', 1e-5),
    ('fp16', 2e-3),
    ('dynamic', 2e-2),
    ('int8', 2e-2),
    ('int16x8', 5e-2),
  )
  def test_depth_agrees_with_keras(self, precision, tolerance):
    depth_mm, _ = parity.predict_with_file_mm(
      self.files[precision], _PICTURES, {'output_unit': 'mm'}
    )
    self.assertGreater(np.ptp(self.keras_mm), 100)
    distance = parity.compare_depth(depth_mm, self.keras_mm)
    self.assertLess(distance.mean_relative, tolerance)
    self.assertLess(distance.si_rmse, tolerance)

  def test_plain_int8_conversion_of_metres_gives_a_constant_map(self):
    # The reason for ranges.py. The model ends with "x 1000": TensorFlow's own
    # calibration gives the tensor before it the range of the tensor after it.
    plain = tf.lite.TFLiteConverter.from_keras_model(self.model)
    plain.optimizations = [tf.lite.Optimize.DEFAULT]
    plain.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    plain.representative_dataset = lambda: (
      [np.float32(picture)[np.newaxis]] for picture in _PICTURES
    )
    levels = {}
    for name, content in (
      ('plain', plain.convert()),
      ('ours', self.files['int8']),
    ):
      depth_mm, _ = parity.predict_with_file_mm(
        content, _PICTURES, {'output_unit': 'mm'}
      )
      levels[name] = [np.unique(depth).size for depth in depth_mm]
    self.assertEqual(levels['plain'], [1] * len(_PICTURES))
    self.assertGreater(min(levels['ours']), 10)

  def test_norms_are_folded_and_training_operators_removed(self):
    histogram = operators.check(self.files['fp32']).histogram
    self.assertEqual(histogram.pop('RESIZE_BILINEAR'), 3)
    self.assertEqual(histogram.pop('CONV_2D'), 3)
    self.assertEqual(histogram.pop('DEPTHWISE_CONV_2D'), 1)
    self.assertEqual(histogram.pop('CONCATENATION'), 1)
    # The scaling of the input, the offset of the head and the unit.
    self.assertLessEqual(histogram.pop('MUL') + histogram.pop('ADD'), 4)
    self.assertEmpty(histogram)

  # INT32 are sizes and, in integer files, biases. The dynamic file quantises
  # large kernels only, and this network has none.
  @parameterized.parameters(
    ('fp32', {'FLOAT32', 'INT32'}),
    ('fp16', {'FLOAT16', 'INT32'}),
    ('int8', {'INT8', 'INT32'}),
    ('int16x8', {'INT8', 'INT32', 'INT64'}),
  )
  def test_types_of_constants(self, precision, types):
    model = flatbuffer.read_model(self.files[precision])
    stored = {
      flatbuffer.type_name(tensor)
      for tensor in model.subgraphs[0].tensors
      if flatbuffer.constant_size(model, tensor) > 1
    }
    self.assertEqual(stored, types)

  @parameterized.parameters('fp32', 'fp16', 'dynamic', 'int8')
  def test_challenge_runtime_runs_it(self, precision):
    self.assertTrue(operators.check(self.files[precision]).compatible)

  def test_int16x8_declares_too_old_a_runtime(self):
    report = operators.check(self.files['int16x8'])
    self.assertEqual(report.min_runtime, '2.5.0')
    self.assertLess(report.declared_min_runtime, '2.5.0')

  def test_int8_input_and_output(self):
    content = converter.convert(self.model, 'int8', _PICTURES, io_type='int8')
    interpreter = interpreter_lib.load_interpreter(content)
    (image,) = interpreter.get_input_details()
    (depth,) = interpreter.get_output_details()
    self.assertEqual([image['dtype'], depth['dtype']], [np.int8] * 2)
    depth_mm, _ = parity.predict_with_file_mm(
      content, _PICTURES, {'output_unit': 'mm'}
    )
    distance = parity.compare_depth(depth_mm, self.keras_mm)
    self.assertLess(distance.mean_relative, 2e-2)

  def test_int8_tile_is_caught_by_name(self):
    model = _deployed(small_network.small_network(), output_upsampling='tile')
    content = converter.convert(model, 'int8', _PICTURES)
    problems = operators.check(content).problems
    self.assertEqual({problem.operator for problem in problems}, {'TILE'})
    self.assertEqual(problems[0].first_release, '2.8.0')
    self.assertIn('output_upsampling', problems[0].tensor)
    self.assertIn('--output_upsampling=nearest_broadcast', problems[0].cure)
    self.assertTrue(operators.check(content, '2.8.0').compatible)

  def test_int8_exp_is_caught_by_name(self):
    model = _deployed(_ends_in_exp(small_network.small_network()))
    content = converter.convert(model, 'int8', _PICTURES)
    (problem,) = operators.check(content).problems
    self.assertEqual(problem.operator, 'EXP')
    self.assertEqual(problem.first_release, '2.12.0')
    self.assertIn('exp', problem.tensor)

  def test_conversion_does_not_change_the_model(self):
    rgb = np.float32(_PICTURES[:1])
    quiet = self.model(rgb, training=False)
    self.assertAllEqual(self.model(rgb), quiet)
    self.assertAllEqual(self.model(rgb, training=False), quiet)
    for before, after in zip(
      self.weights, self.model.get_weights(), strict=True
    ):
      self.assertAllEqual(before, after)

  def test_nothing_is_printed(self):
    path = self.create_tempfile().full_path
    kept = [os.dup(1), os.dup(2)]
    with open(path, 'wb') as sink:
      try:
        os.dup2(sink.fileno(), 1)
        os.dup2(sink.fileno(), 2)
        converter.convert(self.model, 'fp32')
      finally:
        os.dup2(kept[0], 1)
        os.dup2(kept[1], 2)
    with open(path, 'rb') as printed:
      self.assertEqual(printed.read(), b'')

  def test_refuses_bad_arguments(self):
    with self.assertRaisesRegex(ValueError, 'fp64.*--precision'):
      converter.convert(self.model, 'fp64')
    for images in (None, []):
      with self.assertRaisesRegex(ValueError, '--data_dir'):
        converter.convert(self.model, 'int8', images)
    with self.assertRaisesRegex(ValueError, '--io_type'):
      converter.convert(self.model, 'fp32', io_type='int8')
    with self.assertRaisesRegex(ValueError, 'int4.*--io_type'):
      converter.convert(self.model, 'int8', _PICTURES, io_type='int4')
    loose = deployment.deployment_model(
      collapse.collapse(small_network.small_network()),
      image_size=small_network.IMAGE_SIZE,
    )
    with self.assertRaisesRegex(ValueError, 'batch_size=1'):
      converter.convert(loose, 'fp32')

  def test_errors_show_the_output_of_tensorflow(self):
    rgb = keras.Input((48, 64, 3), batch_size=1)
    patches = keras.layers.Lambda(
      lambda x: tf.image.extract_patches(
        x, [1, 5, 5, 1], [1, 5, 5, 1], [1, 1, 1, 1], 'SAME'
      ),
    )(rgb)
    with self.assertRaisesRegex(RuntimeError, "'odd' to fp32.*ExtractImageP"):
      converter.convert(keras.Model(rgb, patches, name='odd'), 'fp32')


class RoundedTest(tf.test.TestCase):
  def test_the_file_has_the_ranges_and_no_others(self):
    model = _rounded_model()
    content = converter.convert_rounded(model)
    file = flatbuffer.read_model(content)
    tensors = file.subgraphs[0].tensors
    operators = [
      (
        flatbuffer.operator_name(file, operator),
        tensors[operator.outputs[0]],
      )
      for operator in file.subgraphs[0].operators
    ]
    self.assertEqual(
      [(name, flatbuffer.type_name(tensor)) for name, tensor in operators],
      [
        ('QUANTIZE', 'INT8'),
        ('CONV_2D', 'INT8'),
        ('CONV_2D', 'INT8'),
        ('DEQUANTIZE', 'FLOAT32'),
        # No range after it: it has 8-bit weights at most.
        ('CONV_2D', 'FLOAT32'),
      ],
    )
    rounded = [tensor for _, tensor in operators[:3]]
    for name, tensor in zip(('rgb', 'one', 'two'), rounded, strict=True):
      layer = model.get_layer(f'{name}_rounded')
      low, high = float(layer.low.numpy()), float(layer.high.numpy())
      step = (high - low) / 255
      self.assertAllClose(tensor.quantization.scale, [step], rtol=1e-5)
      self.assertAllEqual(
        tensor.quantization.zeroPoint, [np.round(-128 - low / step)]
      )


if __name__ == '__main__':
  tf.test.main()
