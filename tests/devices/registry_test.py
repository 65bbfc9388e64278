# SPDX-License-Identifier: Apache-2.0
"""Tests that --device opens the device it names."""

import importlib
import re

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.devices import device
from depth_mai.devices import local
from depth_mai.devices import registry
from depth_mai.devices import settings as settings_lib


class RegistryTest(parameterized.TestCase):
  @parameterized.parameters(
    ('local', 'local'),
    ('emulated_pi4', 'emulated_pi4'),
    ('emulated_pi4?cache_model=on', 'emulated_pi4'),
    ('tflite_2_5', 'tflite_2_5'),
    ('ssh://pi@raspberrypi:2222', 'ssh'),
    ('adb', 'adb'),
    ('adb:0123', 'adb'),
  )
  def test_known_devices(self, spec, name):
    self.assertEqual(registry.check_spec(spec), name)
    module, _, backend = registry.BACKENDS[name].location.partition(':')
    found = getattr(importlib.import_module(module), backend)
    self.assertTrue(issubclass(found, device.Device))
    self.assertEqual(found.kind, name)

  @parameterized.parameters(
    '', 'pi', 'local:1', 'local?x=1', 'emulated_pi4:x', 'SSH://x', 'locally'
  )
  def test_unknown_devices(self, spec):
    message = re.escape(f'--device={spec} is none of')
    with self.assertRaisesRegex(ValueError, message):
      registry.open_device(spec, settings_lib.Settings())

  def test_opens(self):
    opened = registry.open_device('local', settings_lib.Settings())
    self.assertIsInstance(opened, local.LocalDevice)

  def test_help_and_error_list_every_device(self):
    with self.assertRaises(ValueError) as raised:
      registry.check_spec('pi')
    for name, line in registry.BACKENDS.items():
      self.assertIn(
        f'{name}{line.arguments} ({line.description})', registry.HELP
      )
      self.assertIn(f'{name}{line.arguments}', str(raised.exception))


if __name__ == '__main__':
  absltest.main()
