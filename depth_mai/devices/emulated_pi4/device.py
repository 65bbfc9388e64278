# SPDX-License-Identifier: Apache-2.0
"""An emulated Raspberry Pi 4: the same instructions, another clock.

The 64-bit ARM wheel of LiteRT runs under QEMU as on a Cortex-A72, and every
instruction is counted. Counts compare files, operators and settings to four
digits whatever else this machine does; they know nothing of clock, pipeline,
memory or heat, and compare only within one kind of numbers.
"""

import dataclasses
import os
import platform
import tempfile

from depth_mai.devices import description
from depth_mai.devices import device as device_lib
from depth_mai.devices import settings as settings_lib
from depth_mai.devices.emulated_pi4 import calibration as calibration_lib
from depth_mai.devices.emulated_pi4 import comparison
from depth_mai.devices.emulated_pi4 import fake_pi
from depth_mai.devices.emulated_pi4 import installation as installation_lib
from depth_mai.devices.emulated_pi4 import measuring
from depth_mai.devices.emulated_pi4 import operators as operators_lib
from depth_mai.devices.emulated_pi4 import options as options_lib
from depth_mai.devices.emulated_pi4 import pins
from depth_mai.devices.emulated_pi4 import prediction
from depth_mai.runtime import cost as cost_lib
from depth_mai.runtime import graph as graph_lib
from depth_mai.runtime import metadata as metadata_lib

NOTE = (
  'Instructions of an emulated Cortex-A72, not the time of a Raspberry Pi: '
  'they rank files of the same precision. Milliseconds are predicted, not '
  'measured; the calibrations know classifiers or few networks, so that depth '
  'networks lie outside of them.'
)
# Between processes; more would not be a count.
MAX_SPREAD = 1e-4
_NAME = 'Raspberry Pi 4, emulated (Cortex-A72, QEMU {version})'
# Of the counters, all but the classes.
_NO_CLASS = (*operators_lib.COUNTERS, 'l1d_misses', 'l2_misses')


class EmulatedPi4:
  """Counts instructions in place of taking times."""

  def __init__(
    self,
    spec: str,
    settings: settings_lib.Settings,
    options: options_lib.EmulationOptions | None = None,
  ):
    """Opens the emulator.

    Args:
      spec: see `options.from_spec`.
      settings: threads must be (1,); warmup and runs do not matter, since an
        instruction counts the same every time.
      options: what is counted; None for what spec asks for.

    Raises:
      ValueError: if more threads are asked for, or the emulator is not set up.
    """
    if settings.threads != (1,):
      raise ValueError(
        f'--threads={",".join(map(str, settings.threads))}: the emulated '
        'Raspberry Pi 4 counts one thread only. Threads that wait for each '
        'other execute instructions too, and counters of several are not '
        'exact; give --threads=1.'
      )
    self.spec = spec
    self._settings = settings
    self._options = options or options_lib.from_spec(spec)
    self._installation = installation_lib.open_installation(self._options.root)
    self._calibrations = calibration_lib.read_calibrations(
      self._options.calibration
    )

  def describe(self) -> dict:
    """Returns what it is, see device.py."""
    return description.describe(
      'emulated_pi4', self._machine(), self._settings, NOTE
    )

  def time_key(self) -> dict:
    """Returns what a report depends on, beside the file."""
    return {
      'device': options_lib.NAME,
      'fingerprint': installation_lib.fingerprint(),
      'versions': dict(self._installation.versions),
      'options': {
        key: value
        for key, value in dataclasses.asdict(self._options).items()
        if key != 'root'
      },
      'calibrations': [dataclasses.asdict(one) for one in self._calibrations],
    }

  def measure(self, path: str | os.PathLike[str]) -> dict:
    """Counts a file with XNNPACK and without.

    Args:
      path: a .tflite file.

    Returns:
      The report, see device.py. A configuration holds beside what is said
      there: counts (instructions, a number for each process),
      relative_spread; l1d_misses, l2_misses (None without the cache model);
      outputs (of comparison.py); by_operator (of operators.py), around (what
      no operator executed: instructions, load_bytes, store_bytes), both None
      if operators are not counted; predicted_ms, prediction (of prediction.py);
      warnings, texts.

    Raises:
      ValueError: if the file cannot be run.
    """
    path = os.fspath(path)
    model = description.describe_model(path)
    graph = graph_lib.read_graph(path)
    inputs = comparison.random_inputs(path)
    return {
      'format': device_lib.FORMAT,
      'device': self.spec,
      'kind': 'emulated',
      'model': model,
      'machine': self._machine(),
      'note': NOTE,
      'configurations': [
        self._configuration(path, graph, inputs, xnnpack)
        for xnnpack in (True, False)
      ],
    }

  def _configuration(
    self,
    path: str,
    graph: graph_lib.Graph,
    inputs: list,
    xnnpack: bool,
  ) -> dict:
    runs = self._runs(path, inputs, xnnpack)
    counters, facts = runs[0].counters, runs[0].facts
    counts = [run.counters['instructions'] for run in runs]
    spread = (max(counts) - min(counts)) / counts[0]
    last = runs[-1].counters
    outputs = comparison.compare(
      comparison.run_here(path, inputs, xnnpack), runs[0].outputs
    )
    rows, around = self._by_operator(graph, runs[0])
    return {
      'device': self.spec,
      'runtime': pins.RUNTIME,
      'runtime_version': facts['machine']['runtime_version'],
      'threads': 1,
      'xnnpack': xnnpack,
      'runs': self._options.processes * self._options.inferences,
      'partitions': facts['partitions'],
      'operators': facts['operators'],
      'operators_outside': facts['operators_outside'],
      'instructions': counts[0],
      'counts': counts,
      'relative_spread': spread,
      **{name: counters[name] for name in ('load_bytes', 'store_bytes')},
      'classes': {
        name: value for name, value in counters.items() if name not in _NO_CLASS
      },
      'l1d_misses': last.get('l1d_misses'),
      'l2_misses': last.get('l2_misses'),
      'outputs': outputs,
      'by_operator': rows,
      'around': around,
      **self._prediction(graph, counts[0], xnnpack),
      'warnings': _warnings(spread, outputs, xnnpack),
    }

  def _runs(
    self, path: str, inputs: list, xnnpack: bool
  ) -> list[measuring.Run]:
    options, runs = self._options, []
    for index in range(options.processes):
      last = index == options.processes - 1
      with tempfile.TemporaryDirectory(prefix='emulated_pi4.') as folder:
        runs.append(
          measuring.run_probe(
            self._installation,
            path,
            inputs,
            folder,
            xnnpack=xnnpack,
            inferences=options.inferences,
            operators=options.operators and index == 0,
            cache_model=options.cache_model and last,
            timeout_s=self._settings.timeout_s,
          )
        )
    return runs

  def _by_operator(
    self, graph: graph_lib.Graph, run: measuring.Run
  ) -> tuple[list[dict] | None, dict | None]:
    if run.marked is None:
      return None, None
    delegates = sorted(run.facts['delegates'])
    totals = operators_lib.count_by_operator(
      run.marked, operators_lib.owners_of_nodes(run.snapshots), delegates
    )
    rows = operators_lib.operator_rows(
      graph,
      totals,
      run.counters['instructions'],
      operators_lib.taken_by_xnnpack(run.snapshots),
    )
    # The rest, so that all together is the count of the whole.
    around = {
      name: run.counters[name] - sum(row[name] for row in rows)
      for name in operators_lib.COUNTERS
    }
    return rows, around

  def _prediction(
    self, graph: graph_lib.Graph, instructions: int, xnnpack: bool
  ) -> dict:
    costs = cost_lib.operator_costs(graph)
    moved = sum(cost.activation_bytes for cost in costs if cost.macs)
    return prediction.predict(
      self._calibrations,
      metadata_lib.precision_of(graph),
      xnnpack,
      {
        'instructions_m': instructions / 1e6,
        'parameters_m': cost_lib.parameters(graph) / 1e6,
        'activation_mb': moved / 1e6,
      },
    )

  def _machine(self) -> dict:
    """Returns what environment.describe_machine would say inside."""
    versions = self._installation.versions
    return {
      'device': _NAME.format(version=versions['qemu-user']),
      'is_raspberry_pi': False,
      'cpu_count': fake_pi.CORES,
      'cpu_max_mhz': None,
      'architecture': 'aarch64',
      'os': f'Debian {pins.DEBIAN_RELEASE}, libc6 {versions["libc6"]}',
      'python': versions['python3.11-minimal'].partition('-')[0],
      'runtime': pins.RUNTIME,
      'runtime_version': versions[pins.RUNTIME],
    }


def _warnings(spread: float, outputs: dict, xnnpack: bool) -> list[str]:
  """Says what makes the counts or the outputs doubtful."""
  warnings = []
  if spread > MAX_SPREAD:
    warnings.append(
      f'The counts of the processes differ by {spread:.1e}, more than '
      f'{MAX_SPREAD:.0e}: the model is very small, or its work is not the same '
      'every time.'
    )
  if not outputs['agree']:
    kernels = 'XNNPACK' if xnnpack else 'the built-in kernels'
    warnings.append(
      f'The outputs of {kernels} differ from those of {platform.machine()} in '
      f'{outputs["differing_elements"]} of {outputs["elements"]} numbers, by '
      f'up to {outputs["relative_difference"]:.1e} of the largest: accuracy '
      'measured on this machine is not quite that of a Raspberry Pi.'
    )
  return warnings
