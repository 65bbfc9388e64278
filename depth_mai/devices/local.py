# SPDX-License-Identifier: Apache-2.0
"""The machine that this runs on, as a device."""

import os

from depth_mai.devices import description
from depth_mai.devices import device
from depth_mai.devices import settings as settings_lib
from depth_mai.runtime import benchmark_report
from depth_mai.runtime import configuration
from depth_mai.runtime import environment
from depth_mai.runtime import litert_benchmark


class LocalDevice:
  """Measures in fresh processes of this machine.

  Attributes:
    spec: 'local'.
  """

  def __init__(self, spec: str, settings: settings_lib.Settings):
    """Describes the machine.

    Args:
      spec: 'local'.
      settings: how to measure.

    Raises:
      ValueError: if no interpreter is installed.
    """
    self.spec = spec
    self._settings = settings
    self._machine = environment.describe_machine()

  def describe(self) -> dict:
    """Returns what it is, see device.py."""
    return description.describe(
      'local',
      self._machine,
      self._settings,
      benchmark_report.machine_note(self._machine),
    )

  def time_key(self) -> dict:
    """Returns what a report depends on beside file and threads."""
    return description.time_key(self.spec, self._machine, self._settings)

  def measure(self, path: str | os.PathLike[str]) -> dict:
    """Measures a file with each number of threads, XNNPACK on and off.

    Args:
      path: a .tflite file.

    Returns:
      The report, see device.py; with `Settings.litert_benchmark` also
      litert_benchmark, a list of `litert_benchmark.measure`.

    Raises:
      ValueError: if the file cannot be measured.
    """
    path, settings = os.fspath(path), self._settings
    requests = [
      configuration.Request(
        path, threads, xnnpack, settings.warmup, settings.runs, settings.cpus
      )
      for threads in settings.threads
      for xnnpack in (True, False)
    ]
    report = {
      'format': device.FORMAT,
      'device': self.spec,
      'kind': 'measured',
      'model': description.describe_model(path),
      'machine': self._machine,
      'note': benchmark_report.machine_note(self._machine),
      'configurations': [
        configuration.measure_in_child(request, settings.timeout_s)
        for request in requests
      ],
    }
    if settings.litert_benchmark:
      report['litert_benchmark'] = [
        litert_benchmark.measure(request, settings.timeout_s)
        for request in requests
        if request.xnnpack
      ]
    return report
