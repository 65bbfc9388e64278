# SPDX-License-Identifier: Apache-2.0
"""From what --device names to the device."""

import importlib
import re

from depth_mai.devices import device as device_lib
from depth_mai.devices import settings as settings_lib
from depth_mai.runtime import benchmark_report

# Start of what --device names: module and class. They are imported when they
# are asked for: a board need not know of emulators.
_BACKENDS = {
  'local': ('depth_mai.devices.local', 'LocalDevice'),
  'emulated_pi4': ('depth_mai.devices.emulated_pi4.device', 'EmulatedPi4'),
  'ssh': ('depth_mai.devices.ssh.device', 'SshDevice'),
  'adb': ('depth_mai.devices.adb', 'AdbDevice'),
}

# What may stand behind a backend's name.
_ENDS = {'local': '', 'emulated_pi4': '?', 'ssh': ':', 'adb': ':'}

HELP = (
  'Where to measure: local (this machine), emulated_pi4 (instructions of an '
  'emulated Raspberry Pi 4), ssh://USER@HOST[:PORT] (a board), adb[:SERIAL] (a '
  'phone).'
)


def check_spec(spec: str) -> str:
  """Returns the backend's name; nothing is reached or started.

  Args:
    spec: what --device names.

  Raises:
    ValueError: if there is no such backend.
  """
  name = re.match(r'\w*', spec)[0]
  if name not in _BACKENDS or spec[len(name) :][:1] not in ('', _ENDS[name]):
    raise ValueError(
      f'--device={spec} is none of local, emulated_pi4[?KEY=VALUE], '
      'ssh://USER@HOST[:PORT], adb[:SERIAL].'
    )
  return name


def open_device(
  spec: str, settings: settings_lib.Settings
) -> device_lib.Device:
  """Makes a device.

  Args:
    spec: what --device names.
    settings: how to measure.

  Returns:
    The device.

  Raises:
    ValueError: if there is no such backend, or it lacks something; names the
      cure.
  """
  module, name = _BACKENDS[check_spec(spec)]
  return getattr(importlib.import_module(module), name)(spec, settings)


def format_report(report: dict) -> str:
  """Returns a device's report as text, several lines.

  Args:
    report: of its `measure`.
  """
  if report['kind'] == 'emulated':
    # Imported where it is needed, as the backend itself.
    report_table = importlib.import_module(
      'depth_mai.devices.emulated_pi4.report_table'
    )
    return report_table.format_table(report)
  return benchmark_report.format_table(report)
