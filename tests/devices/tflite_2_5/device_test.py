# SPDX-License-Identifier: Apache-2.0
import json

from absl.testing import absltest

from depth_mai.devices import registry
from depth_mai.devices import settings as settings_lib
from depth_mai.devices import store
from depth_mai.devices.tflite_2_5 import device
from tests.devices.tflite_2_5 import old_tflite
from tests.runtime import tiny_model


class DeviceTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    installation = old_tflite.open_or_skip(self)
    self.device = device.OldTfliteDevice(
      'tflite_2_5', settings_lib.Settings(warmup=1, runs=3), installation
    )

  def _file(self, content):
    return self.create_tempfile('m.tflite', content).full_path

  def test_measures_a_file(self):
    path = self._file(tiny_model.split_model((8, 8)))
    report = self.device.measure(path)
    self.assertEqual(json.loads(json.dumps(report)), report)
    self.assertEqual(report['machine']['runtime_version'], '2.5.0')
    rows = report['configurations']
    self.assertEqual([row['xnnpack'] for row in rows], [True, False])
    for row in rows:
      self.assertGreater(row['median_ms'], 0)
      self.assertTrue(row['outputs']['agree'])
      # The wheel contains no XNNPACK.
      self.assertEqual(row['partitions'], 0)
      self.assertEqual(
        row['operators_outside'], {'CONV_2D': 2, 'RESIZE_NEAREST_NEIGHBOR': 1}
      )
    self.assertIn('contains none', report['note'])
    text = registry.format_report(report)
    self.assertIn('tensorflow-cpu 2.5.0, Python 3.', text)
    self.assertIn('XNNPACK on: outputs agree with ', text)
    # The leaderboard finds it again.
    kept = store.Store(self.create_tempdir().full_path + '/store.jsonl')
    self.assertTrue(kept.put_report(self.device, report))
    self.assertEqual(
      kept.get_report(self.device, report['model']['sha256'], 1), report
    )

  def test_a_refused_file(self):
    path = self._file(tiny_model.float_model(version=6))
    with self.assertRaisesRegex(
      ValueError, "does not run in TFLite 2.5.0: Didn't find op for builtin"
    ):
      self.device.measure(path)


if __name__ == '__main__':
  absltest.main()
