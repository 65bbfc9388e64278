# SPDX-License-Identifier: Apache-2.0
"""Counts instructions on an emulated Raspberry Pi 4.

The 64-bit ARM wheel of LiteRT runs under QEMU, as on a Cortex-A72, and every
instruction is counted. Counts compare files, operators and settings to four
digits, whatever other programs run here. They do not depend on clock, pipeline,
memory or temperature, and compare only files of one kind of numbers.
"""

import dataclasses
import platform
import tempfile
import typing
import urllib.parse

import numpy as np

from depth_mai.devices import comparison
from depth_mai.devices import device
from depth_mai.devices import settings as settings_lib
from depth_mai.devices.emulated_pi4 import arm32
from depth_mai.devices.emulated_pi4 import arm32_run
from depth_mai.devices.emulated_pi4 import guest
from depth_mai.devices.emulated_pi4 import installation as installation_lib
from depth_mai.devices.emulated_pi4 import marks
from depth_mai.devices.emulated_pi4 import operators as operators_lib
from depth_mai.devices.emulated_pi4 import prediction
from depth_mai.runtime import cost as cost_lib
from depth_mai.runtime import graph as graph_lib
from depth_mai.runtime import metadata as metadata_lib

_NAME = 'emulated_pi4'
LITERT = 'litert'
NOTE = (
  'Instructions of an emulated Cortex-A72, not the time of a Raspberry Pi: '
  'they rank files of the same precision. Milliseconds are predicted, not '
  'measured. The calibrations are fitted to classifiers or to few networks, so '
  'they do not cover depth networks.'
)
NOTE_32 = (
  f'Instructions of TFLite {arm32.RELEASE} on an emulated 32-bit ARM '
  'processor, not the time of a Raspberry Pi: they rank files of the same '
  'precision.'
)
# Largest relative difference between processes that is not warned of.
MAX_SPREAD = 1e-4
# Counters that are not classes of instructions.
_NO_CLASS = (*operators_lib.COUNTERS, 'l1d_misses', 'l2_misses')


@dataclasses.dataclass(frozen=True)
class EmulationOptions:
  """What is counted, and how often.

  Attributes:
    root: folder of the emulated system; None for the default.
    processes: number of processes that count the same, at least 2; their spread
      shows whether the counts can be trusted.
    inferences: number of inferences in each process, at least 1; the median is
      reported.
    operators: whether to count each operator.
    cache_model: whether the last process also simulates the data caches, which
      takes two to three times as long.
    calibration: a file of `calibrate`; None for the shipped calibrations.
    runtime: 'litert', or 'tflite_2_5' for TFLite 2.5.0 in a 32-bit system.
  """

  root: str | None = None
  processes: int = 2
  inferences: int = 3
  operators: bool = True
  cache_model: bool = False
  calibration: str | None = None
  runtime: str = LITERT

  def __post_init__(self):
    """Checks the options."""
    if self.processes < 2:
      raise ValueError(
        f'EmulationOptions.processes must be at least 2, got {self.processes}.'
      )
    if self.inferences < 1:
      raise ValueError(
        'EmulationOptions.inferences must be at least 1, got '
        f'{self.inferences}.'
      )
    if self.runtime not in (LITERT, arm32.NAME):
      raise ValueError(
        f'runtime={self.runtime}: give {LITERT} or {arm32.NAME}.'
      )
    if self.runtime == arm32.NAME and (self.cache_model or self.calibration):
      raise ValueError(
        f'runtime={arm32.NAME}: only instructions of 32-bit code are counted, '
        'so there are neither caches nor predictions; leave out cache_model= '
        'and calibration=.'
      )


def options_from_spec(spec: str) -> EmulationOptions:
  """Reads the options from --device, such as 'emulated_pi4?cache_model=on'.

  Args:
    spec: 'emulated_pi4', optionally with '?' and root=DIR, calibration=FILE,
      cache_model=on and runtime=tflite_2_5, joined by '&'.

  Raises:
    ValueError: `spec` is not of this form.
  """
  name, _, query = spec.partition('?')
  asked = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
  cache_model = asked.pop('cache_model', 'off')
  if (
    name != _NAME
    or not set(asked) <= {'calibration', 'root', 'runtime'}
    or cache_model not in ('on', 'off')
  ):
    raise ValueError(
      f'--device={spec}: after {_NAME}? give root=DIR, calibration=FILE, '
      f'cache_model=on and runtime={arm32.NAME}, joined by &.'
    )
  return EmulationOptions(
    root=asked.get('root'),
    calibration=asked.get('calibration'),
    cache_model=cache_model == 'on',
    runtime=asked.get('runtime', LITERT),
  )


class EmulatedPi4(device.Device):
  """Counts instructions instead of measuring times."""

  kind = _NAME
  report_kind = 'emulated'

  def __init__(
    self,
    spec: str,
    settings: settings_lib.Settings,
    options: EmulationOptions | None = None,
  ):
    """Opens the emulator.

    Args:
      spec: see `options_from_spec`.
      settings: threads must be (1,); warmup and runs have no effect, because
        the counts of all inferences are the same.
      options: what to count; None to read it from `spec`.

    Raises:
      ValueError: more than one thread is asked for, or the emulator is not set
        up.
    """
    if settings.threads != (1,):
      raise ValueError(
        f'--threads={",".join(map(str, settings.threads))}: the emulated '
        'Raspberry Pi 4 counts one thread only, because waiting threads '
        'execute instructions too and counters of several threads are not '
        'exact; give --threads=1.'
      )
    super().__init__(spec, settings)
    self._options = options or options_from_spec(spec)
    self._installation = installation_lib.open_installation(self._options.root)
    self._calibrations = prediction.read_calibrations(self._options.calibration)
    self._arm32 = None
    if self._options.runtime == arm32.NAME:
      self._arm32 = arm32.of(self._installation)
      # Those that are shipped are for LiteRT's kernels.
      self._calibrations = []
      self.closes_sizes = False

  def note(self) -> str:
    """Returns what is counted, and the limits of the figures."""
    return NOTE_32 if self._arm32 else NOTE

  def time_key(self) -> dict:
    """Returns everything but the file on which the counts depend."""
    options = dataclasses.asdict(self._options)
    options.pop('root')
    return {
      'device': _NAME,
      'fingerprint': installation_lib.fingerprint(),
      'versions': dict(self._installation.versions),
      'options': options,
      'calibrations': [dataclasses.asdict(one) for one in self._calibrations],
    }

  def _measure(self, path: str) -> list[dict]:
    """Counts a file with XNNPACK, if the runtime has it, and without.

    Args:
      path: a .tflite file.

    Returns:
      The report's configurations, see devices/device.py. In addition,
      each contains: counts (the instructions in each process),
      relative_spread; l1d_misses, l2_misses (None without the cache model);
      outputs (see `comparison.compare`); by_operator (see
      `operators.operator_rows`) and around (instructions, load_bytes and
      store_bytes of no operator), both None if operators are not counted;
      predicted_ms, prediction (see `prediction.predict`); warnings (texts).

    Raises:
      ValueError: the file cannot be run.
    """
    graph = graph_lib.read_graph(path)
    inputs = comparison.random_inputs(path)
    return [
      self._configuration(path, graph, inputs, xnnpack)
      for xnnpack in ((False,) if self._arm32 else (True, False))
    ]

  def _configuration(
    self,
    path: str,
    graph: graph_lib.Graph,
    inputs: list[np.ndarray],
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
    rows, around = _by_operator(graph, runs[0])
    return {
      'device': self.spec,
      'runtime': self._runtime,
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
      **{name: counters.get(name) for name in ('load_bytes', 'store_bytes')},
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
    self, path: str, inputs: list[np.ndarray], xnnpack: bool
  ) -> list[guest.Run]:
    options, runs = self._options, []
    for index in range(options.processes):
      last = index == options.processes - 1
      with tempfile.TemporaryDirectory(prefix='emulated_pi4.') as folder:
        operators = options.operators and index == 0
        if self._arm32:
          run = arm32_run.run(
            self._arm32,
            path,
            inputs,
            folder,
            inferences=options.inferences,
            operators=operators,
            timeout_s=self._settings.timeout_s,
          )
        else:
          run = guest.run_probe(
            self._installation,
            path,
            inputs,
            folder,
            xnnpack=xnnpack,
            inferences=options.inferences,
            operators=operators,
            cache_model=options.cache_model and last,
            timeout_s=self._settings.timeout_s,
          )
        runs.append(run)
    return runs

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

  @property
  def _runtime(self) -> str:
    return arm32.RUNTIME if self._arm32 else installation_lib.RUNTIME

  def _ask_machine(self) -> dict:
    """Returns the emulated `environment.describe_machine`."""
    versions = self._installation.versions
    processor = 'Cortex-A15, 32 bits' if self._arm32 else 'Cortex-A72'
    return {
      'device': (
        f'Raspberry Pi 4, emulated ({processor}, QEMU {versions["qemu-user"]})'
      ),
      'is_raspberry_pi': False,
      'cpu_count': installation_lib.CORES,
      'cpu_max_mhz': None,
      'architecture': 'armv7l' if self._arm32 else 'aarch64',
      'os': (
        f'Debian {installation_lib.DEBIAN_RELEASE}, libc6 {versions["libc6"]}'
      ),
      'python': versions['python3.11-minimal'].partition('-')[0],
      'runtime': self._runtime,
      'runtime_version': versions[self._runtime],
    }


def _by_operator(
  graph: graph_lib.Graph, run: guest.Run
) -> tuple[list[dict], dict] | tuple[None, None]:
  """Returns the operators' counts and the counts of no operator."""
  if run.marked is None:
    return None, None
  if any(snapshot.tag == marks.START for snapshot in run.marked):
    totals = operators_lib.count_by_start(run.marked)
  else:
    totals = operators_lib.count_by_operator(
      run.marked,
      operators_lib.owners_of_nodes(run.snapshots),
      sorted(run.facts['delegates']),
    )
  rows = operators_lib.operator_rows(
    graph,
    totals,
    run.counters['instructions'],
    operators_lib.taken_by_xnnpack(run.snapshots),
  )
  # The remainder, so that both together are the count of the inference.
  around = {
    name: run.counters.get(name, 0) - sum(row[name] for row in rows)
    for name in operators_lib.COUNTERS
  }
  return rows, around


def _warnings(
  spread: float, outputs: dict[str, typing.Any], xnnpack: bool
) -> list[str]:
  """Returns the reasons to doubt the counts or the outputs."""
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
