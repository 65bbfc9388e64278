# SPDX-License-Identifier: Apache-2.0
"""The base class of all devices, and the report of a measurement.

A report is a dict, ready for JSON:

  format          'depth_mai.benchmark/2'.
  device          the device as --device names it: 'local', 'emulated_pi4',
                  'tflite_2_5', 'ssh://user@host', 'adb'.
  kind            'measured' (times of a real machine) or 'emulated' (counted
                  instructions, from which times are predicted).
  model           file, bytes, sha256, metadata.
  machine         the device's `environment.describe_machine`.
  note            what was measured, and the limits of its figures.
  configurations  one for each number of threads with XNNPACK on and off:
    device, runtime, runtime_version, threads, xnnpack (bool), runs,
    partitions, operators, operators_outside (None where unknown);
    measured: median_ms, p10_ms, p90_ms, min_ms, mean_ms, std_ms,
      with_copies_median_ms, peak_rss_mb, model_memory_mb, state_before,
      state_after (see `environment.describe_state`: temperature, throttling);
    emulated: instructions, load_bytes, store_bytes, classes, and
      predicted_ms_low, predicted_ms_high (None without a prediction).
"""

import abc
from collections.abc import Callable
import functools
import os
import sys

from depth_mai import challenge
from depth_mai.devices import settings as settings_lib
from depth_mai.files import regular_files
from depth_mai.runtime import benchmark_report
from depth_mai.runtime import configuration
from depth_mai.runtime import graph as graph_lib
from depth_mai.runtime import interpreter as interpreter_lib
from depth_mai.runtime import metadata as metadata_lib

FORMAT = 'depth_mai.benchmark/2'

# Facts about the machine in `describe`.
_DESCRIBED = (
  'architecture',
  'cpu_count',
  'os',
  'is_raspberry_pi',
  'runtime',
  'runtime_version',
)
# Facts about the machine in `time_key`. The system's version is not among them:
# an update does not make stored times wrong.
_SPEED_KEYS = (
  'device',
  'architecture',
  'cpu_count',
  'runtime',
  'runtime_version',
)


def to_stderr(line: str) -> None:
  """Prints a line of progress."""
  print(line, file=sys.stderr, flush=True)


def describe_model(path: str | os.PathLike[str]) -> dict:
  """Returns file, bytes, sha256 and metadata of a model.

  Args:
    path: a .tflite file.

  Raises:
    ValueError: the file does not exist, or is not a .tflite file.
  """
  interpreter_lib.check_is_tflite(path)
  return {
    'file': os.path.basename(path),
    'bytes': os.path.getsize(path),
    'sha256': regular_files.sha256(path),
    'metadata': metadata_lib.read_metadata(path),
  }


def has_open_size(path: str | os.PathLike[str]) -> bool:
  """Returns whether a file leaves the height or width of its input open.

  Args:
    path: a .tflite file.
  """
  return any(
    # An open size is 1 in the file, and so is an open batch.
    tensor.open_sizes and 1 in tensor.shape[1:]
    for tensor in graph_lib.read_graph(path).main.inputs
  )


class Device(abc.ABC):
  """Measures .tflite files.

  A subclass sets `kind` and defines `_ask_machine` and `_measure`. One that
  reaches another machine defines `_access` as well.

  Attributes:
    kind: name of the device's table line in registry.py.
    report_kind: kind of its reports, 'measured' or 'emulated'.
    closes_sizes: whether it gives a size to an input that a file leaves open.
    spec: the device as --device names it.
    name: the device as its reports name it.
  """

  kind = ''
  report_kind = 'measured'
  closes_sizes = True

  def __init__(
    self,
    spec: str,
    settings: settings_lib.Settings,
    report_line: Callable[[str], object] = to_stderr,
  ):
    """Keeps the arguments; contacts no other machine.

    Args:
      spec: the value of --device.
      settings: how to measure.
      report_line: called with each line of progress.

    Raises:
      ValueError: `spec` or `settings` are not for this device, or it lacks
        something on this machine.
    """
    self.spec = self.name = spec
    self._settings = settings
    self._report_line = report_line

  @abc.abstractmethod
  def _ask_machine(self) -> dict:
    """Returns the device's `environment.describe_machine`."""

  @abc.abstractmethod
  def _measure(self, path: str) -> list[dict]:
    """Returns the configurations of the report on a file."""

  def _access(self) -> str | None:
    """Returns how another machine is reached; None for this machine."""
    return None

  @functools.cached_property
  def _machine(self) -> dict:
    return self._ask_machine()

  def note(self) -> str:
    """Returns what is measured, and the limits of the figures."""
    return benchmark_report.machine_note(self._machine, self._access())

  def requests(self, path: str) -> list[configuration.Request]:
    """Returns the configurations to measure.

    Args:
      path: the .tflite file, as the device finds it.
    """
    settings = self._settings
    return [
      configuration.Request(
        path, threads, xnnpack, settings.warmup, settings.runs, settings.cpus
      )
      for threads in settings.threads
      for xnnpack in (True, False)
    ]

  def describe(self) -> dict:
    """Describes the device; contacts another machine the first time.

    Returns:
      dict, ready for JSON: kind (a name in registry.py), name, architecture,
      cpu_count, os, is_raspberry_pi, runtime, runtime_version,
      threads (list), warmup, runs, note.

    Raises:
      ValueError: it cannot be reached or lacks something; says what to do.
    """
    machine, settings = self._machine, self._settings
    return {
      'kind': self.kind,
      'name': machine['device'],
      **{key: machine[key] for key in _DESCRIBED},
      'threads': list(settings.threads),
      'warmup': settings.warmup,
      'runs': settings.runs,
      'note': self.note(),
    }

  def time_key(self) -> dict:
    """Returns everything but file and threads on which a time depends.

    Stored measurements are found again by it.

    Raises:
      ValueError: see `describe`.
    """
    machine, settings = self._machine, self._settings
    return {
      'device': self.name,
      'warmup': settings.warmup,
      'runs': settings.runs,
      'cpus': list(settings.cpus),
      'machine': {key: machine[key] for key in _SPEED_KEYS},
    }

  def measure(self, path: str | os.PathLike[str]) -> dict:
    """Measures a file with each number of threads, XNNPACK on and off.

    Args:
      path: a .tflite file on this machine.

    Returns:
      The report, see the top of this file.

    Raises:
      ValueError: the file cannot be measured, or the device not be reached.
    """
    model, size = describe_model(path), ''
    if has_open_size(path):
      height, width = challenge.IMAGE_SIZE
      if not self.closes_sizes:
        raise ValueError(
          f'{path} leaves the size of its input open, and {self.spec} would '
          f'run it on one pixel. Convert it for {width} x {height} pixels.'
        )
      size = (
        f' The file leaves the size of its input open: it ran with {width} x '
        f'{height} pixels.'
      )
    rows = self._measure(os.fspath(path))
    return {
      'format': FORMAT,
      'device': self.name,
      'kind': self.report_kind,
      'model': model,
      'machine': self._machine,
      'note': self.note() + size,
      'configurations': rows,
    }
