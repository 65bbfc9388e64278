# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/export.py."""

import json
import pathlib
from unittest import mock

import keras
import numpy as np
import tensorflow as tf

from depth_mai.lite import calibration
from depth_mai.lite import export
from depth_mai.lite import flatbuffer
from depth_mai.lite import parity
from depth_mai.lite import quantisation_aware
from depth_mai.runtime import graph
from depth_mai.runtime import model_file
from depth_mai.runtime import target_run
from tests.lite import small_network
from tests.training import rounded_network

_ORIGIN = {'source': 'tcl_run', 'git_commit': 'abc', 'gin_hash': '0123'}


def _sample(name, seed):
  return calibration.ImageSample(
    tuple(small_network.pictures(3, seed=seed)), name, 'train', seed
  )


def _options(**options):
  return export.ExportOptions(image_size=small_network.IMAGE_SIZE, **options)


class ExportTest(tf.test.TestCase):
  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.network = small_network.small_network('tiny')
    cls.weights = [np.array(weight) for weight in cls.network.get_weights()]

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path) / 'new'

  def _written(self):
    if not self.folder.exists():
      return []
    return sorted(path.name for path in self.folder.iterdir())

  def test_a_graph_in_one_piece(self):
    def with_hard_swish(layer):
      if layer.name == 'middle_act':
        return keras.layers.Activation('hard_swish', name=layer.name)
      return layer.__class__.from_config(layer.get_config())

    network = keras.models.clone_model(
      self.network, clone_function=with_hard_swish
    )
    network.set_weights(self.weights)
    for whole_graph, partitions in ((False, 2), (True, 1)):
      (file,) = export.export(
        network,
        self.folder,
        _options(precisions=('int8',), whole_graph=whole_graph),
        _ORIGIN,
        _sample('rooms', 7),
      )
      self.assertEqual('HARD_SWISH' in file.report.histogram, not whole_graph)
      self.assertEqual(file.partitions, partitions)
      self.assertLess(file.parity.mean_relative, 0.05)
      metadata = model_file.TfliteModel(file.path).metadata
      self.assertEqual(metadata['whole_graph'], whole_graph)

  def test_files_their_records_and_metadata(self):
    files = export.export(
      self.network,
      self.folder,
      _options(precisions=('fp32', 'int8'), output_unit='m'),
      _ORIGIN,
      _sample('rooms', 7),
      _sample('rooms', 8),
    )
    self.assertEqual(
      self._written(),
      [
        'tiny_fp32.json',
        'tiny_fp32.tflite',
        'tiny_int8.json',
        'tiny_int8.tflite',
      ],
    )
    for file in files:
      self.assertTrue(file.written)
      self.assertEqual(file.path.stat().st_size, file.size_bytes)
      record = json.loads(file.path.with_suffix('.json').read_text())
      self.assertEqual(record['size_bytes'], file.size_bytes)
      self.assertEqual(record['operators']['DEPTHWISE_CONV_2D'], 1)
      self.assertTrue(record['runtime_check']['compatible'])
      self.assertEqual(record['runtime_check']['target_runtime'], '2.5.0')

      model = model_file.TfliteModel(file.path)
      self.assertContainsSubset(_ORIGIN, model.metadata)
      self.assertEqual(model.metadata['precision'], file.precision)
      self.assertEqual(model.metadata['system'], 'tiny')
      self.assertEqual(model.metadata['image_size'], [48, 64])
      self.assertEqual(model.metadata['network_size'], [32, 40])
      self.assertEqual(model.metadata['input']['range'], [0, 255])
      self.assertEqual(model.metadata['versions']['keras'], keras.__version__)
      self.assertEqual(
        {k: v for k, v in model.metadata['parity'].items() if k != 'data'},
        record['parity'],
      )
      self.assertLess(record['parity']['mean_relative'], 0.02)
      # The unit in the file is the metre; the device is given millimetres.
      depth_mm = model.predict_mm(small_network.pictures(1)[0])
      self.assertBetween(float(depth_mm.mean()), 500, 20000)
    calibrations = [
      model_file.TfliteModel(file.path).metadata['calibration']
      for file in files
    ]
    self.assertEqual(
      calibrations,
      [None, {'data': 'rooms', 'split': 'train', 'seed': 7, 'count': 3}],
    )

    for before, after in zip(
      self.weights, self.network.get_weights(), strict=True
    ):
      self.assertAllEqual(before, after)

  def test_the_target_runtime_itself_refuses(self):
    given = []

    def refuse(content):
      given.append(content)
      return target_run.TargetRun(
        '2.5.0', False, words='It has no such kernel.'
      )

    (file,) = export.export(
      self.network, self.folder, _options(run_in_target=refuse)
    )
    self.assertTrue(file.report.compatible)
    self.assertFalse(file.written)
    self.assertEmpty(self._written())
    self.assertEqual(graph.read_graph(given[0]).main.inputs[0].shape[0], 1)

  def test_the_compared_graph_is_the_shipped_one(self):
    compare = mock.patch.object(
      parity, 'predict_with_file_mm', wraps=parity.predict_with_file_mm
    )
    read = mock.patch.object(
      flatbuffer, 'read_model', wraps=flatbuffer.read_model
    )
    with compare as compared, read as unpacked:
      (file,) = export.export(self.network, self.folder, _options())
    self.assertEqual(unpacked.call_count, 1)
    shipped = flatbuffer.read_model(file.path.read_bytes())
    metadata = shipped.metadata.pop()
    self.assertEqual(metadata.name, b'depth_mai')
    del shipped.buffers[metadata.buffer]
    self.assertEqual(
      flatbuffer.write_model(shipped), compared.call_args.args[0]
    )

  def test_incompatible_file_is_not_written(self):
    options = _options(precisions=('fp32',), target_runtime='2.1.0')
    (file,) = export.export(self.network, self.folder, options)
    self.assertFalse(file.written)
    self.assertEmpty(self._written())

  def test_incompatible_file_on_request(self):
    options = _options(
      precisions=('fp32',), target_runtime='2.1.0', allow_incompatible=True
    )
    (file,) = export.export(self.network, self.folder, options)
    self.assertEqual(self._written(), ['tiny_fp32.json', 'tiny_fp32.tflite'])
    check = json.loads(file.path.with_suffix('.json').read_text())
    self.assertFalse(check['runtime_check']['compatible'])
    self.assertIn('RESIZE_BILINEAR', check['runtime_check']['problems'][0])

  def test_network_that_changes_in_the_file_is_refused(self):
    @keras.saving.register_keras_serializable('depth_mai_test')
    class Deceitful(keras.layers.Layer):
      def call(self, x):
        return 2 * x if tf.executing_eagerly() else x

    last = Deceitful()(self.network.output)
    network = keras.Model(self.network.input, last, name='deceitful')
    with self.assertRaisesRegex(ValueError, 'differs from Keras by 0.5'):
      export.export(network, self.folder, _options())
    self.assertEmpty(self._written())

  def test_a_coded_depth_is_decoded_in_float(self):
    (file,) = export.export(
      rounded_network.network('log'),
      self.folder,
      _options(precisions=('int8',), output_upsampling='bilinear'),
      calibration_sample=_sample('rooms', 7),
    )
    self.assertTrue(file.written)
    self.assertEqual(file.report.histogram['EXP'], 1)
    exp = next(
      operator
      for operator in graph.read_graph(file.path).main.operators
      if operator.name == 'EXP'
    )
    self.assertEqual(exp.version, 1)  # Version 2, of TFLite 2.12, is int8.

  def test_rounding_of_the_training_gives_the_ranges(self):
    network = quantisation_aware.quantise(
      rounded_network.network('log'), momentum=0.9, freeze_after=9
    )
    network(rounded_network.images(8), training=True)
    fp32, int8 = export.export(
      network,
      self.folder,
      _options(precisions=('fp32', 'int8')),
      calibration_sample=_sample('rooms', 7),
    )
    # Without rounding, the float file is as exact as any other.
    self.assertLess(fp32.parity.mean_relative, 1e-4)
    self.assertNotIn('QUANTIZE', fp32.report.histogram)
    self.assertEqual(int8.report.histogram['QUANTIZE'], 1)
    self.assertGreater(int8.parity.mean_relative, 1e-4)
    metadata = model_file.TfliteModel(int8.path).metadata
    self.assertIsNone(metadata['calibration'])
    with self.assertRaisesRegex(ValueError, 'Drop --io_type'):
      export.export(
        network,
        self.folder,
        _options(precisions=('int8',), io_type='int8'),
        calibration_sample=_sample('rooms', 7),
      )

  def test_refuses_bad_arguments(self):
    with self.assertRaisesRegex(ValueError, '--data_dir'):
      export.export(self.network, self.folder, _options(precisions=('int8',)))
    with self.assertRaisesRegex(ValueError, '--precision'):
      _options(precisions=('fp32', 'int4'))
    with self.assertRaisesRegex(ValueError, '--precision'):
      _options(precisions=())
    for wrong in ({'io_type': 'int8'}, {'layer_errors': True}):
      with self.assertRaisesRegex(ValueError, f"--{next(iter(wrong))}.*'fp32'"):
        _options(**wrong)
    with self.assertRaisesRegex(ValueError, 'int4.*--io_type'):
      _options(precisions=('int8',), io_type='int4')
    with self.assertRaisesRegex(ValueError, '--layer_errors'):
      _options(precisions=('int8',), io_type='int8', layer_errors=True)
    with self.assertRaisesRegex(ValueError, '--target_runtime'):
      _options(target_runtime='latest')
    with self.assertRaisesRegex(ValueError, 'output_unit'):
      export.export(self.network, self.folder, _options(output_unit='cm'))
    self.assertEmpty(self._written())


if __name__ == '__main__':
  tf.test.main()
