# SPDX-License-Identifier: Apache-2.0
"""Opens the device that --device names."""

import importlib
import re
import typing

from depth_mai.devices import device as device_lib
from depth_mai.devices import settings as settings_lib
from depth_mai.runtime import benchmark_report


class Backend(typing.NamedTuple):
  """A line of the table of devices.

  Attributes:
    location: 'module:class'. The module is imported when the device is opened,
      so that a board needs no emulator.
    arguments: what may follow the name in --device.
    description: the machine it measures on, for --help.
  """

  location: str
  arguments: str
  description: str


# By the name with which --device begins.
BACKENDS = {
  'local': Backend('depth_mai.devices.local:LocalDevice', '', 'this machine'),
  'emulated_pi4': Backend(
    'depth_mai.devices.emulated_pi4.device:EmulatedPi4',
    '[?KEY=VALUE]',
    'instructions of an emulated Raspberry Pi 4',
  ),
  'tflite_2_5': Backend(
    'depth_mai.devices.tflite_2_5.device:OldTfliteDevice',
    '',
    "this machine with the challenge's TFLite 2.5.0",
  ),
  'ssh': Backend(
    'depth_mai.devices.ssh.device:SshDevice', '://USER@HOST[:PORT]', 'a board'
  ),
  'adb': Backend('depth_mai.devices.adb:AdbDevice', '[:SERIAL]', 'a phone'),
}

HELP = (
  'Where to measure: '
  + ', '.join(
    f'{name}{line.arguments} ({line.description})'
    for name, line in BACKENDS.items()
  )
  + '.'
)


def check_spec(spec: str) -> str:
  """Returns the name of the device's kind; contacts and starts nothing.

  Args:
    spec: the value of --device.

  Raises:
    ValueError: there is no such device.
  """
  name = re.split(r'\W', spec, maxsplit=1)[0]
  if name in BACKENDS:
    first = BACKENDS[name].arguments.lstrip('[')[:1]
    if spec[len(name) :][:1] in ('', first):
      return name
  forms = ', '.join(name + line.arguments for name, line in BACKENDS.items())
  raise ValueError(f'--device={spec} is none of {forms}.')


def open_device(
  spec: str, settings: settings_lib.Settings
) -> device_lib.Device:
  """Returns a device.

  Args:
    spec: the value of --device.
    settings: how to measure.

  Raises:
    ValueError: there is no such device, or it lacks something; says what to do.
  """
  module, _, name = BACKENDS[check_spec(spec)].location.partition(':')
  return getattr(importlib.import_module(module), name)(spec, settings)


def format_report(report: dict) -> str:
  """Returns a device's report as text of several lines.

  Args:
    report: the result of `Device.measure`.
  """
  if report['kind'] == 'emulated':
    # Imported here for the same reason as the devices.
    report_table = importlib.import_module(
      'depth_mai.devices.emulated_pi4.report_table'
    )
    return report_table.format_table(report)
  return benchmark_report.format_table(report)
