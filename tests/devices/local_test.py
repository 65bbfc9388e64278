# SPDX-License-Identifier: Apache-2.0
"""Tests measuring on this machine."""

import hashlib
import json
import platform

from absl.testing import absltest

from depth_mai.devices import device as device_lib
from depth_mai.devices import local
from depth_mai.devices import settings as settings_lib
from depth_mai.runtime import environment
from tests.ranking import small_contest
from tests.runtime import foreign_model
from tests.runtime import tiny_model


def _device(**settings):
  return local.LocalDevice('local', settings_lib.Settings(**settings))


class LocalDeviceTest(absltest.TestCase):
  def test_description(self):
    described = _device(threads=(2, 1), warmup=3, runs=4).describe()
    machine = environment.describe_machine()
    self.assertEqual(described['kind'], 'local')
    self.assertEqual(described['name'], machine['device'])
    self.assertEqual(described['architecture'], platform.machine())
    self.assertEqual(described['runtime_version'], machine['runtime_version'])
    self.assertEqual(
      [described[key] for key in ('threads', 'warmup', 'runs')], [[2, 1], 3, 4]
    )
    self.assertIn(machine['device'], described['note'])
    # The fake device of other tests has the same keys.
    self.assertCountEqual(described, small_contest.FakeDevice().describe())

  def test_key(self):
    key = _device().time_key()
    self.assertEqual(json.loads(json.dumps(key)), key)
    for other in ({'runs': 7}, {'warmup': 7}, {'cpus': (0,)}):
      self.assertNotEqual(_device(**other).time_key(), key)
    # An update of the system does not make stored figures wrong.
    self.assertNotIn(platform.platform(), json.dumps(key))

  def test_an_open_input_has_the_challenges_size(self):
    times_ms = {}
    for shape in ((-1, -1, -1, 3), (-1, 4, 4, 3)):
      path = self.create_tempfile(
        'm.tflite', foreign_model.mean(shape)
      ).full_path
      report = _device(warmup=1, runs=3).measure(path)
      self.assertEqual('ran with 640 x 480' in report['note'], shape[1] < 0)
      times_ms[shape[1]] = report['configurations'][1]['median_ms']
    # 19200 times the pixels.
    self.assertGreater(times_ms[-1], 10 * times_ms[4])

  def test_measures_a_file(self):
    path = self.create_tempfile(
      'm.tflite', tiny_model.split_model((8, 8))
    ).full_path
    report = _device(threads=(1, 2), warmup=1, runs=3).measure(path)
    self.assertEqual(report['format'], device_lib.FORMAT)
    self.assertEqual((report['device'], report['kind']), ('local', 'measured'))
    rows = report['configurations']
    self.assertEqual(
      [(row['threads'], row['xnnpack']) for row in rows],
      [(1, True), (1, False), (2, True), (2, False)],
    )
    for row in rows:
      self.assertGreater(row['median_ms'], 0)
    # XNNPACK does not take the nearest resize in the middle.
    self.assertEqual(rows[0]['partitions'], 2)
    self.assertNotIn('litert_benchmark', report)
    with open(path, 'rb') as stream:
      content = stream.read()
    self.assertEqual(report['model']['file'], 'm.tflite')
    self.assertEqual(report['model']['bytes'], len(content))
    self.assertEqual(
      report['model']['sha256'], hashlib.sha256(content).hexdigest()
    )

  def test_litert_s_own_benchmark(self):
    path = self.create_tempfile('m.tflite', tiny_model.float_model()).full_path
    report = _device(warmup=1, runs=3, litert_benchmark=True).measure(path)
    (second,) = report['litert_benchmark']
    self.assertEqual(second['threads'], 1)
    # There are either figures or the reason why not.
    self.assertNotEqual(second['figures'] is None, second['reason'] is None)

  def test_missing_file(self):
    with self.assertRaisesRegex(ValueError, 'no model file /x/y.tflite'):
      _device().measure('/x/y.tflite')


if __name__ == '__main__':
  absltest.main()
