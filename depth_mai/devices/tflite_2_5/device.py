# SPDX-License-Identifier: Apache-2.0
"""Measures on this machine with TFLite 2.5.0, and compares its outputs."""

import collections
import os
import subprocess

import numpy as np

from depth_mai.devices import comparison
from depth_mai.devices import device
from depth_mai.devices import settings as settings_lib
from depth_mai.devices.tflite_2_5 import child
from depth_mai.devices.tflite_2_5 import installation as installation_lib
from depth_mai.runtime import configuration
from depth_mai.runtime import environment
from depth_mai.runtime import latency

_DELEGATE = 'DELEGATE'
NOTE = (
  f'TFLite {installation_lib.RELEASE} has a switch for XNNPACK, but its Python '
  'wheel contains none: both rows are its built-in kernels.'
)


class OldTfliteDevice(device.Device):
  """Measures each configuration in a fresh process of an old Python."""

  kind = 'tflite_2_5'

  def __init__(
    self,
    spec: str,
    settings: settings_lib.Settings,
    installation: installation_lib.Installation | None = None,
  ):
    """Opens the set-up.

    Args:
      spec: 'tflite_2_5'.
      settings: how to measure.
      installation: the set-up; None for the default one.

    Raises:
      ValueError: TFLite 2.5.0 is not set up.
    """
    super().__init__(spec, settings)
    self._installation = installation or installation_lib.open_installation()

  def note(self) -> str:
    """Returns what is measured, and the limits of the figures."""
    return f'{super().note()} {NOTE}'

  def _ask_machine(self) -> dict:
    """Describes this machine, with the old runtime and Python."""
    versions = self._installation.versions
    return {
      **environment.describe_machine(),
      'python': versions['python'],
      'runtime': installation_lib.RUNTIME,
      'runtime_version': versions[installation_lib.RUNTIME],
    }

  def _measure(self, path: str) -> list[dict]:
    """Measures each configuration in a separate process.

    Args:
      path: a .tflite file.

    Returns:
      The report's configurations, see devices/device.py; each also contains
      outputs (see `comparison.compare`).

    Raises:
      ValueError: the runtime refuses the file, in its own words.
    """
    inputs = comparison.random_inputs(path)
    return [
      self._configuration(request, inputs) for request in self.requests(path)
    ]

  def _configuration(
    self, request: configuration.Request, inputs: list[np.ndarray]
  ) -> dict:
    state_before = environment.describe_state()
    try:
      done = child.run(
        self._installation,
        request.path,
        inputs,
        request.xnnpack,
        request.num_threads,
        (request.warmup, request.runs),
        request.cpus,
        self._settings.timeout_s,
      )
    except subprocess.TimeoutExpired as error:
      raise ValueError(request.took_too_long(error.timeout)) from error
    if not done.ran:
      raise ValueError(
        f'{os.fspath(request.path)} does not run in TFLite '
        f'{installation_lib.RELEASE}: {done.words}'
      )
    facts = done.facts
    here = comparison.run_here(request.path, inputs, request.xnnpack)
    names = collections.Counter(facts['operators'])
    partitions = names.pop(_DELEGATE, 0)
    copies_ms = latency.summarise(np.array(facts['with_copies_ms']))
    return {
      'device': environment.device_name(),
      'runtime': installation_lib.RUNTIME,
      'runtime_version': self._installation.versions[installation_lib.RUNTIME],
      'threads': request.num_threads,
      'xnnpack': request.xnnpack,
      'cpus': list(request.cpus) or sorted(os.sched_getaffinity(0)),
      'warmup': request.warmup,
      'runs': request.runs,
      **latency.summarise(np.array(facts['times_ms'])),
      'with_copies_median_ms': copies_ms['median_ms'],
      'partitions': partitions,
      'operators': sum(names.values()),
      'operators_outside': None if partitions else dict(names),
      'peak_rss_mb': facts['peak_mb'],
      'model_memory_mb': max(0.0, facts['peak_mb'] - facts['before_mb']),
      'outputs': comparison.compare(here, done.outputs),
      'state_before': state_before,
      'state_after': environment.describe_state(),
    }
