# SPDX-License-Identifier: Apache-2.0
"""What machine is this, and how is it feeling: the context of a measurement.

Everything that a system does not tell is None; nothing here fails for it. Each
function takes the directory that stands for '/', so that tests can give one.
"""

from collections.abc import Sequence
import glob
import os
import platform
import shutil
import subprocess
import sys

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
    dict: governor (of all CPUs, by name where they differ), cpu_mhz (of the
    first, now), temperature_c, throttled (list of str, empty when all is well),
    load_average (one minute); each None where unknown.
  """
  khz = _number(f'{_frequency_folder(root)}/scaling_cur_freq')
  return {
    'governor': governor(root),
    'cpu_mhz': khz / 1e3 if khz else None,
    'temperature_c': temperature_c(root),
    'throttled': throttled(root),
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


def governor(root: str = '/') -> str | None:
  """Returns e.g. 'ondemand'; 'ondemand, performance' where CPUs differ."""
  files = glob.glob(
    f'{root}/sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor'
  )
  return ', '.join(sorted({_read_text(file) or '?' for file in files})) or None


def usable_cpus() -> list[int] | None:
  """Returns the numbers of the CPUs that this process may use, or None."""
  if not hasattr(os, 'sched_getaffinity'):
    return None
  return sorted(os.sched_getaffinity(0))


def pin_to_cpus(cpus: Sequence[int]) -> None:
  """Keeps this process, and the threads that it starts, on some CPUs.

  Args:
    cpus: their numbers; empty changes nothing.

  Raises:
    ValueError: this process may not use one of them, or the system cannot.
  """
  if not cpus:
    return
  usable = usable_cpus()
  given = f'--cpus={",".join(str(cpu) for cpu in cpus)}'
  if usable is None:
    raise ValueError(f'{given}: {platform.system()} cannot; leave --cpus out.')
  if not set(cpus) <= set(usable):
    raise ValueError(
      f'{given}: this machine lets a process use CPUs '
      f'{",".join(str(cpu) for cpu in usable)}.'
    )
  os.sched_setaffinity(0, cpus)


def throttled(root: str = '/') -> list[str] | None:
  """Returns what the Raspberry Pi's firmware says of throttling, or None.

  Raspberry Pi's kernel has it as a file (github.com/raspberrypi/linux, pull
  request 2397); elsewhere vcgencmd is asked.

  Args:
    root: the directory that stands for '/'.
  """
  text = _read_text(
    f'{root}/sys/devices/platform/soc/soc:firmware/get_throttled'
  )
  if text:
    return decode_throttled(text)
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
  """Decodes 'throttled=0x50000', or the kernel's '50000'; None if neither."""
  try:
    bits = int(text.rpartition('=')[2], 16)
  except ValueError:
    return None
  return [meaning for bit, meaning in _THROTTLED_BITS if bits >> bit & 1]


def import_path() -> str:
  """Returns a PYTHONPATH under which a child finds what this process does."""
  package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
  return os.pathsep.join([os.path.dirname(package), *filter(None, sys.path)])


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
