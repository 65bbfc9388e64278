# SPDX-License-Identifier: Apache-2.0
"""Tests that every backend is what the protocol asks for."""

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
from tests.runtime import tiny_model

_METHODS = ('describe', 'measure', 'time_key')
# What every configuration of every report has.
_ROW_KEYS = ('device', 'runtime', 'runtime_version', 'threads', 'xnnpack')
_ROW_KEYS += ('runs', 'partitions', 'operators', 'operators_outside')


class DeviceTest(parameterized.TestCase):
  @parameterized.parameters(
    local.LocalDevice, emulated.EmulatedPi4, ssh.SshDevice, adb.AdbDevice
  )
  def test_backends_have_the_protocol_s_methods(self, backend):
    for method in _METHODS:
      self.assertEqual(
        list(inspect.signature(getattr(backend, method)).parameters),
        list(inspect.signature(getattr(device.Device, method)).parameters),
      )
    self.assertEqual(
      list(inspect.signature(backend).parameters)[:2], ['spec', 'settings']
    )

  def test_a_report_has_what_the_protocol_says(self):
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
