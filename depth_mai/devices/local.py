# SPDX-License-Identifier: Apache-2.0
"""Measures on this machine."""

import os

from depth_mai.devices import device
from depth_mai.devices import settings as settings_lib
from depth_mai.runtime import configuration
from depth_mai.runtime import environment
from depth_mai.runtime import litert_benchmark


class LocalDevice(device.Device):
  """Measures each configuration in a fresh process of this machine."""

  kind = 'local'

  def __init__(self, spec: str, settings: settings_lib.Settings):
    """Describes the machine.

    Args:
      spec: 'local'.
      settings: how to measure.

    Raises:
      ValueError: no interpreter is installed.
    """
    super().__init__(spec, settings)
    self._machine = self._ask_machine()

  def measure(self, path: str | os.PathLike[str]) -> dict:
    """Measures a file with each number of threads, XNNPACK on and off.

    Args:
      path: a .tflite file.

    Returns:
      The report, see device.py; with `Settings.litert_benchmark` also
      litert_benchmark, a list of results of `litert_benchmark.measure`.

    Raises:
      ValueError: the file cannot be measured.
    """
    report = super().measure(path)
    # LiteRT's own benchmark would run an open input on one pixel.
    if self._settings.litert_benchmark and not device.has_open_size(path):
      report['litert_benchmark'] = [
        litert_benchmark.measure(request, self._settings.timeout_s)
        for request in self.requests(os.fspath(path))
        if request.xnnpack
      ]
    return report

  def _ask_machine(self) -> dict:
    """Describes this machine."""
    return environment.describe_machine()

  def _measure(self, path: str) -> list[dict]:
    """Measures each configuration in a separate process."""
    return [
      configuration.measure_in_child(request, self._settings.timeout_s)
      for request in self.requests(path)
    ]
