# SPDX-License-Identifier: Apache-2.0
"""Describes the machine, its state and this process; starts child processes.

Values that the system does not provide are None; only a missing .tflite
interpreter and unusable CPUs raise errors. Functions that read system files
take `root`, the directory to use for '/', for tests.
"""

from collections.abc import Sequence
import glob
import os
import platform
import shutil
import subprocess
import sys

from depth_mai.runtime import cpus as cpus_lib
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
_KB_PER_MB = 1024.0


def describe_machine(root: str = '/') -> dict:
  """Returns the facts that stay the same during a measurement.

  Args:
    root: the directory to use for '/'.

  Returns:
    dict: device, is_raspberry_pi, cpu_count, cpu_quota (see `cpus.quota`),
    cpu_max_mhz, architecture, os, python, runtime, runtime_version.

  Raises:
    ValueError: no .tflite interpreter is installed.
  """
  runtime = interpreter_lib.find_runtime()
  max_khz = _number(f'{_frequency_folder(root)}/cpuinfo_max_freq')
  return {
    'device': device_name(root),
    'is_raspberry_pi': is_raspberry_pi(root),
    'cpu_count': os.cpu_count(),
    'cpu_quota': cpus_lib.quota(root),
    'cpu_max_mhz': max_khz / 1e3 if max_khz else None,
    'architecture': platform.machine(),
    'os': platform.platform(),
    'python': platform.python_version(),
    'runtime': runtime.name,
    'runtime_version': runtime.version,
  }


def describe_state(root: str = '/') -> dict:
  """Returns the facts that may change during a measurement.

  Args:
    root: the directory to use for '/'.

  Returns:
    dict: governor (all of them where CPUs differ), cpu_mhz (of the first CPU,
    now), temperature_c, throttled (list of str, empty without throttling),
    load_average (over one minute); each None where unknown.
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
  return bool(board and board.startswith('Raspberry Pi'))


def temperature_c(root: str = '/') -> float | None:
  """Returns the CPU's temperature in degrees Celsius, or None.

  The thermal zone whose type names the CPU is read, else the first zone.
  """
  zones = sorted(glob.glob(f'{root}/sys/class/thermal/thermal_zone*'))

  def is_of_cpu(zone: str) -> bool:
    kind = (_read_text(f'{zone}/type') or '').lower()
    return any(word in kind for word in ('cpu', 'x86_pkg', 'soc'))

  for zone in sorted(zones, key=is_of_cpu, reverse=True):
    millidegrees = _number(f'{zone}/temp')
    if millidegrees is not None:
      return millidegrees / 1e3
  return None


def governor(root: str = '/') -> str | None:
  """Returns all governors, such as 'ondemand' or 'ondemand, performance'."""
  files = glob.glob(
    f'{root}/sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor'
  )
  return ', '.join(sorted({_read_text(file) or '?' for file in files})) or None


def pin_to_cpus(cpus: Sequence[int]) -> None:
  """Pins this process, and the threads that it starts, to some CPUs.

  Args:
    cpus: their numbers; if empty, nothing changes.

  Raises:
    ValueError: this process may not use one of the CPUs, or the system cannot
      pin processes.
  """
  if not cpus:
    return
  usable = cpus_lib.usable_cpus()
  given = f'--cpus={",".join(str(cpu) for cpu in cpus)}'
  if usable is None:
    raise ValueError(
      f'{given}: {platform.system()} cannot pin processes; leave --cpus out.'
    )
  if not set(cpus) <= set(usable):
    raise ValueError(
      f'{given}: this machine lets a process use CPUs '
      f'{",".join(str(cpu) for cpu in usable)}.'
    )
  os.sched_setaffinity(0, cpus)


def throttled(root: str = '/') -> list[str] | None:
  """Returns the throttling that the Raspberry Pi's firmware reports, or None.

  Raspberry Pi's kernel provides it as a file (github.com/raspberrypi/linux,
  pull request 2397); elsewhere the program vcgencmd provides it.

  Args:
    root: the directory to use for '/'.
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


def resident_mb() -> float | None:
  """Returns this process's memory now, MB of 2^20 bytes; None off Linux."""
  return _status_mb('VmRSS')


def peak_resident_mb() -> float | None:
  """Returns this process's peak memory, MB of 2^20 bytes; None off Linux.

  It is VmHWM of /proc/self/status, because the peak of getrusage is inherited
  from the parent process.
  """
  return _status_mb('VmHWM')


def reset_peak_memory() -> None:
  """Resets the peak to the memory in use now, where the kernel allows it."""
  try:
    with open('/proc/self/clear_refs', 'w', encoding='ascii') as stream:
      stream.write('5')
  except OSError:
    pass


def package_root() -> str:
  """Returns the folder that contains the package depth_mai."""
  package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
  return os.path.dirname(package)


def import_path() -> str:
  """Returns a PYTHONPATH for children that import what this process does."""
  return os.pathsep.join([package_root(), *filter(None, sys.path)])


def run_python(
  arguments: Sequence[str], timeout_s: float | None = None
) -> subprocess.CompletedProcess[str]:
  """Runs this Python in a child process that imports what this one does.

  Args:
    arguments: arguments of the interpreter, such as '-m' and a module.
    timeout_s: time limit in seconds; None for no limit.

  Returns:
    The process, with its output as text.

  Raises:
    subprocess.TimeoutExpired: the time limit passed; the child was ended.
  """
  return subprocess.run(
    [sys.executable, *arguments],
    env={**os.environ, 'PYTHONPATH': import_path()},
    capture_output=True,
    text=True,
    timeout=timeout_s,
    check=False,
  )


def _frequency_folder(root: str) -> str:
  return f'{root}/sys/devices/system/cpu/cpu0/cpufreq'


def _read_text(path: str) -> str | None:
  """Returns a small file's text without outer blanks and NULs, or None."""
  try:
    with open(path, 'rb') as stream:
      return stream.read().decode('utf-8', 'replace').strip(' \t\r\n\0')
  except OSError:
    return None


def _number(path: str) -> int | None:
  """Returns the whole number in a file, or None."""
  try:
    return int(_read_text(path) or '')
  except ValueError:
    return None


def _status_mb(key: str) -> float | None:
  """Returns an entry of /proc/self/status in MB, or None."""
  for line in (_read_text('/proc/self/status') or '').splitlines():
    name, _, value = line.partition(':')
    if name == key:
      return int(value.split()[0]) / _KB_PER_MB
  return None
