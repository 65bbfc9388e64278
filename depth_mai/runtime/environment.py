# SPDX-License-Identifier: Apache-2.0
"""What machine is this, and how is it feeling: the context of a measurement.

Everything that a system does not tell is None; nothing here fails for it. Each
function takes the directory that stands for '/', so that tests can give one.
"""

import glob
import os
import platform
import shutil
import subprocess

from depth_mai.runtime import interpreter as interpreter_lib

# Bits of `vcgencmd get_throttled`, Raspberry Pi documentation,
# "vcgencmd: get_throttled".
_THROTTLED_BITS = (
  (0, 'under-voltage now'),
  (1, 'frequency capped now'),
  (2, 'throttled now'),
  (3, 'soft temperature limit now'),
  (16, 'under-voltage occurred'),
  (17, 'frequency capping occurred'),
  (18, 'throttling occurred'),
  (19, 'soft temperature limit occurred'),
)


def describe_machine(root: str = '/') -> dict:
  """Returns what stays the same during a measurement.

  Args:
    root: the directory that stands for '/'.

  Returns:
    dict: device, is_raspberry_pi, cpu_count, cpu_max_mhz, architecture, os,
    python, runtime, runtime_version.

  Raises:
    ValueError: no .tflite interpreter is installed.
  """
  runtime = interpreter_lib.find_runtime()
  max_khz = _number(f'{_frequency_folder(root)}/cpuinfo_max_freq')
  return {
    'device': device_name(root),
    'is_raspberry_pi': is_raspberry_pi(root),
    'cpu_count': os.cpu_count(),
    'cpu_max_mhz': max_khz / 1e3 if max_khz else None,
    'architecture': platform.machine(),
    'os': platform.platform(),
    'python': platform.python_version(),
    'runtime': runtime.name,
    'runtime_version': runtime.version,
  }


def describe_state(root: str = '/') -> dict:
  """Returns what may change during a measurement.

  Args:
    root: the directory that stands for '/'.

  Returns:
    dict: governor, cpu_mhz (now), temperature_c, throttled (list of str, empty
    when all is well), load_average (one minute); each None where unknown.
  """
  folder = _frequency_folder(root)
  khz = _number(f'{folder}/scaling_cur_freq')
  return {
    'governor': _read_text(f'{folder}/scaling_governor'),
    'cpu_mhz': khz / 1e3 if khz else None,
    'temperature_c': temperature_c(root),
    'throttled': throttled(),
    'load_average': os.getloadavg()[0] if hasattr(os, 'getloadavg') else None,
  }


def device_name(root: str = '/') -> str:
  """Returns the board's name, else the CPU's, else the architecture."""
  board = _read_text(f'{root}/proc/device-tree/model')
  if board:
    return board
  for line in (_read_text(f'{root}/proc/cpuinfo') or '').splitlines():
    key, _, value = line.partition(':')
    if key.strip().lower() == 'model name' and value.strip():
      return value.strip()
  return platform.processor() or platform.machine() or 'unknown'


def is_raspberry_pi(root: str = '/') -> bool:
  """Returns whether the device tree names a Raspberry Pi."""
  board = _read_text(f'{root}/proc/device-tree/model')
  return bool(board) and board.startswith('Raspberry Pi')


def temperature_c(root: str = '/') -> float | None:
  """Returns the CPU's temperature in degrees Celsius, or None.

  The thermal zone whose type names the CPU is taken, else the first.
  """
  zones = sorted(glob.glob(f'{root}/sys/class/thermal/thermal_zone*'))

  def is_of_cpu(zone):
    kind = (_read_text(f'{zone}/type') or '').lower()
    return any(word in kind for word in ('cpu', 'x86_pkg', 'soc'))

  for zone in sorted(zones, key=is_of_cpu, reverse=True):
    millidegrees = _number(f'{zone}/temp')
    if millidegrees is not None:
      return millidegrees / 1e3
  return None


def throttled() -> list[str] | None:
  """Returns what the Raspberry Pi's firmware says of throttling, or None."""
  program = shutil.which('vcgencmd')
  if program is None:
    return None
  try:
    answer = subprocess.run(
      [program, 'get_throttled'],
      capture_output=True,
      text=True,
      timeout=5,
      check=True,
    )
  except (OSError, subprocess.SubprocessError):
    return None
  return decode_throttled(answer.stdout)


def decode_throttled(text: str) -> list[str] | None:
  """Decodes e.g. 'throttled=0x50000' into a list of str, or None."""
  _, _, digits = text.strip().partition('=')
  try:
    bits = int(digits, 16)
  except ValueError:
    return None
  return [meaning for bit, meaning in _THROTTLED_BITS if bits >> bit & 1]


def _frequency_folder(root: str) -> str:
  return f'{root}/sys/devices/system/cpu/cpu0/cpufreq'


def _read_text(path: str) -> str | None:
  """Returns a small file's text without ends and NUL, or None."""
  try:
    with open(path, 'rb') as stream:
      return stream.read().decode('utf-8', 'replace').strip(' \t\r\n\0')
  except OSError:
    return None


def _number(path: str) -> int | None:
  """Returns the whole number in a file, or None."""
  try:
    return int(_read_text(path))
  except (TypeError, ValueError):
    return None
