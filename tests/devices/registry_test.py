# SPDX-License-Identifier: Apache-2.0
"""Tests of the way from --device to the device."""

import importlib
import re

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.devices import local
from depth_mai.devices import registry
from depth_mai.devices import settings as settings_lib


class RegistryTest(parameterized.TestCase):
  @parameterized.parameters(
    ('local', 'local'),
    ('emulated_pi4', 'emulated_pi4'),
    ('emulated_pi4?cache_model=on', 'emulated_pi4'),
    ('ssh://pi@raspberrypi:2222', 'ssh'),
    ('adb', 'adb'),
    ('adb:0123', 'adb'),
  )
  def test_backends(self, spec, name):
    self.assertEqual(registry.check_spec(spec), name)
    # pylint: disable=protected-access
    module, backend = registry._BACKENDS[name]
    # pylint: enable=protected-access
    self.assertTrue(callable(getattr(importlib.import_module(module), backend)))

  @parameterized.parameters(
    '', 'pi', 'local:1', 'local?x=1', 'emulated_pi4:x', 'SSH://x', 'locally'
  )
  def test_what_is_no_device(self, spec):
    message = re.escape(f'--device={spec} is none of')
    with self.assertRaisesRegex(ValueError, message):
      registry.open_device(spec, settings_lib.Settings())

  def test_opens(self):
    device = registry.open_device('local', settings_lib.Settings())
    self.assertIsInstance(device, local.LocalDevice)


if __name__ == '__main__':
  absltest.main()
