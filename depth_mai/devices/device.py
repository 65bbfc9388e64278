# SPDX-License-Identifier: Apache-2.0
"""What every device is asked for, and the report that it gives.

A report is a dict, ready for JSON:

  format          'depth_mai.benchmark/2'.
  device          as --device names it: 'local', 'emulated_pi4',
                  'ssh://user@host', 'adb'.
  kind            'measured' (times of a real machine) or 'emulated'
                  (instructions, from which times are predicted).
  model           file, bytes, sha256, metadata.
  machine         of `environment.describe_machine`, of the device.
  note            what the figures say and what they do not.
  configurations  one for each number of threads with XNNPACK on and off:
    device, runtime, runtime_version, threads, xnnpack (bool), runs,
    partitions, operators, operators_outside (None: not known);
    measured: median_ms, p10_ms, p90_ms, min_ms, mean_ms, std_ms,
      with_copies_median_ms, peak_rss_mb, model_memory_mb, state_before,
      state_after (of `environment.describe_state`: temperature, throttling);
    emulated: instructions, load_bytes, store_bytes, classes, and
      predicted_ms_low, predicted_ms_high (None without a prediction).
"""

import os
import typing

FORMAT = 'depth_mai.benchmark/2'


class Device(typing.Protocol):
  """Measures .tflite files.

  Attributes:
    spec: as --device names it.
  """

  spec: str

  def describe(self) -> dict:
    """Returns what it is; asks a remote one.

    Returns:
      dict, ready for JSON: kind ('local', 'emulated_pi4', 'ssh', 'adb'), name,
      architecture, cpu_count, os, is_raspberry_pi, runtime, runtime_version,
      threads (list), warmup, runs, note.

    Raises:
      ValueError: if it cannot be reached or lacks something; names the cure.
    """

  def time_key(self) -> dict:
    """Returns what a report depends on, beside the file, for the store.

    Raises:
      ValueError: as `describe`.
    """

  def measure(self, path: str | os.PathLike[str]) -> dict:
    """Measures a file in every configuration.

    Args:
      path: a .tflite file.

    Returns:
      The report.

    Raises:
      ValueError: if the file cannot be measured, or the device not be reached.
    """
