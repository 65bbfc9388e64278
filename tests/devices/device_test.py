# SPDX-License-Identifier: Apache-2.0
"""Tests the base class of the devices, and that each device follows it."""

import hashlib
import inspect
import json

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.devices import adb
from depth_mai.devices import device
from depth_mai.devices import local
from depth_mai.devices import settings as settings_lib
from depth_mai.devices.emulated_pi4 import device as emulated
from depth_mai.devices.ssh import device as ssh
from depth_mai.devices.tflite_2_5 import device as old_tflite
from tests.runtime import tiny_model

_METHODS = ('describe', 'measure', 'time_key')
# Keys of every configuration of every report.
_ROW_KEYS = ('device', 'runtime', 'runtime_version', 'threads', 'xnnpack')
_ROW_KEYS += ('runs', 'partitions', 'operators', 'operators_outside')
_MACHINE = {
  'device': 'Raspberry Pi 4 Model B Rev 1.4',
  'is_raspberry_pi': True,
  'cpu_count': 4,
  'cpu_max_mhz': 1800.0,
  'architecture': 'aarch64',
  'os': 'Linux-6.12',
  'python': '3.11.2',
  'runtime': 'ai-edge-litert',
  'runtime_version': '2.3.0',
}


class _Board(device.Device):
  """A device that is on no machine."""

  kind = 'ssh'
  changes: dict = {}

  def _ask_machine(self):
    return _MACHINE | self.changes

  def _access(self):
    return 'over ssh://pi'

  def _measure(self, path):
    return [
      {'threads': request.num_threads, 'xnnpack': request.xnnpack}
      for request in self.requests(path)
    ]


class DeviceTest(parameterized.TestCase):
  @parameterized.parameters(
    local.LocalDevice,
    emulated.EmulatedPi4,
    old_tflite.OldTfliteDevice,
    ssh.SshDevice,
    adb.AdbDevice,
  )
  def test_devices_have_the_methods_of_the_base_class(self, backend):
    self.assertTrue(issubclass(backend, device.Device))
    for method in _METHODS:
      self.assertEqual(
        list(inspect.signature(getattr(backend, method)).parameters),
        list(inspect.signature(getattr(device.Device, method)).parameters),
      )
    self.assertEqual(
      list(inspect.signature(backend).parameters)[:2], ['spec', 'settings']
    )

  def test_describe(self):
    settings = settings_lib.Settings(threads=(1, 4), warmup=3, runs=7)
    self.assertEqual(
      _Board('ssh://pi', settings).describe(),
      {
        'kind': 'ssh',
        'name': 'Raspberry Pi 4 Model B Rev 1.4',
        'architecture': 'aarch64',
        'cpu_count': 4,
        'os': 'Linux-6.12',
        'is_raspberry_pi': True,
        'runtime': 'ai-edge-litert',
        'runtime_version': '2.3.0',
        'threads': [1, 4],
        'warmup': 3,
        'runs': 7,
        'note': 'Measured on a Raspberry Pi 4 Model B Rev 1.4 over ssh://pi.',
      },
    )

  def test_time_key(self):
    def key(changes=(), **settings):
      board = _Board('ssh://pi', settings_lib.Settings(**settings))
      board.changes = dict(changes)
      return board.time_key()

    for changed in (
      key(runs=7),
      key(warmup=3),
      key(cpus=(1,)),
      key({'runtime_version': '2.4.0'}),
      key({'device': 'Raspberry Pi 5'}),
    ):
      self.assertNotEqual(changed, key())
    # Each number of threads is stored by itself, and an update of the system
    # does not make another machine.
    self.assertEqual(key(threads=(4,)), key())
    self.assertEqual(key({'os': 'Linux-6.13', 'python': '3.11.9'}), key())

  def test_measures_every_configuration(self):
    path = self.create_tempfile('m.tflite', tiny_model.float_model()).full_path
    settings = settings_lib.Settings(threads=(2, 1))
    report = _Board('ssh://pi', settings).measure(path)
    self.assertEqual(report['machine'], _MACHINE)
    self.assertEqual(
      [(row['threads'], row['xnnpack']) for row in report['configurations']],
      [(2, True), (2, False), (1, True), (1, False)],
    )

  def test_describe_model(self):
    content = tiny_model.float_model(metadata={'system': 'tcl'})
    path = self.create_tempfile('m.tflite', content).full_path
    self.assertEqual(
      device.describe_model(path),
      {
        'file': 'm.tflite',
        'bytes': len(content),
        'sha256': hashlib.sha256(content).hexdigest(),
        'metadata': {'system': 'tcl'},
      },
    )
    with self.assertRaisesRegex(ValueError, 'no model file /no/such'):
      device.describe_model('/no/such')

  def test_a_report_has_the_documented_keys(self):
    path = self.create_tempfile('m.tflite', tiny_model.float_model()).full_path
    settings = settings_lib.Settings(warmup=1, runs=2)
    report = local.LocalDevice('local', settings).measure(path)
    self.assertEqual(json.loads(json.dumps(report)), report)
    for key in ('format', 'device', 'kind', 'model', 'machine', 'note'):
      self.assertIn(key, device.__doc__)
      self.assertIn(key, report)
    for row in report['configurations']:
      self.assertContainsSubset(_ROW_KEYS, row)


if __name__ == '__main__':
  absltest.main()
