# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/exported_file.py."""

import json
import pathlib

import tensorflow as tf

from depth_mai.lite import converter
from depth_mai.lite import exported_file
from depth_mai.lite import parity
from depth_mai.models import deployment
from depth_mai.runtime import delegation
from depth_mai.runtime import operators
from depth_mai.runtime import target_run
from tests.lite import small_network


class ExportedFileTest(tf.test.TestCase):
  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    model = deployment.deployment_model(
      small_network.small_network(), small_network.IMAGE_SIZE, 1
    )
    cls.content = converter.convert(model, 'fp32')

  def _file(self, target_runtime, written, run=None):
    return exported_file.ExportedFile(
      path=pathlib.Path('files/tiny_fp32.tflite'),
      precision='fp32',
      written=written,
      size_bytes=2_925_000,
      parameters=728_224,
      delegated=delegation.Delegation(30, 2, {'GATHER': 1}),
      report=operators.check(self.content, target_runtime),
      parity=parity.Parity(8, 1.5, 2.5e-3, 3.5e-3, 400.0, 9000.0),
      target_run=run,
    )

  def test_a_row_for_each_file(self):
    lines = exported_file.table([self._file('2.5.0', True)] * 2).splitlines()
    self.assertLen(lines, 5)
    self.assertStartsWith(lines[4], 'TFLite 2.5.0 itself was not run')
    self.assertIn('depth_mai.devices.tflite_2_5.setup', lines[4])
    self.assertEqual(
      lines[1].split(),
      ['tiny_fp32.tflite', '2.925', '728224', '2.2.0', '2', '1.5', '0.0025',
       '0.0035'],
    )  # fmt: skip

  def test_table_gives_the_reasons_for_refusals(self):
    for written, text in (
      (False, 'is NOT written: TFLite 2.1.0 cannot run it'),
      (True, 'is written, but TFLite 2.1.0 cannot run it'),
    ):
      found = exported_file.table([self._file('2.1.0', written)])
      self.assertIn(text, found)
      self.assertIn('RESIZE_BILINEAR version 3', found)

  def test_the_runtime_itself_has_the_last_word(self):
    run = target_run.TargetRun('2.5.0', True, relative_difference=3e-7)
    file = self._file('2.5.0', True, run)
    self.assertTrue(file.compatible)
    self.assertIn(
      'tiny_fp32.tflite: TFLite 2.5.0 itself loaded and ran it; its outputs '
      "differ from today's runtime by at most 3.0e-07 of the largest.",
      exported_file.table([file]),
    )
    run = target_run.TargetRun(
      '2.5.0', False, words='Op builtin_code out of range'
    )
    file = self._file('2.5.0', False, run)
    self.assertTrue(file.report.compatible)
    self.assertFalse(file.compatible)
    table = exported_file.table([file])
    self.assertIn('is NOT written: TFLite 2.5.0 cannot run it', table)
    self.assertIn('itself refuses it: Op builtin_code out of range', table)
    self.assertEqual(
      json.loads(json.dumps(file.record()))['runtime_check']['target_run'],
      {
        'release': '2.5.0',
        'ran': False,
        'only_loaded': False,
        'words': 'Op builtin_code out of range',
        'relative_difference': None,
        'text': run.sentence(),
      },
    )

  def test_record(self):
    record = json.loads(json.dumps(self._file('2.1.0', False).record()))
    self.assertEqual(record['file'], 'tiny_fp32.tflite')
    self.assertEqual(record['partitions'], 2)
    self.assertEqual(record['outside_delegate'], {'GATHER': 1})
    self.assertFalse(record['runtime_check']['compatible'])
    self.assertIn('RESIZE_BILINEAR', record['runtime_check']['problems'][0])
    self.assertIsNone(record['runtime_check']['target_run'])
    self.assertEqual(record['parity']['max_abs_mm'], 1.5)


if __name__ == '__main__':
  tf.test.main()
