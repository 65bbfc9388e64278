# SPDX-License-Identifier: Apache-2.0
"""Memory of this process, as the Linux kernel counts it.

VmHWM of /proc/self/status is used rather than getrusage: the latter's peak is
inherited from the process that started this one.
"""

_KB_PER_MB = 1024.0


def resident_mb() -> float | None:
  """Returns the memory in use now, MB of 2^20 bytes, or None off Linux."""
  return _status_mb('VmRSS')


def peak_resident_mb() -> float | None:
  """Returns the most memory used so far, MB of 2^20 bytes, or None."""
  return _status_mb('VmHWM')


def reset_peak() -> None:
  """Makes the peak start again from what is in use now, where allowed."""
  try:
    with open('/proc/self/clear_refs', 'w', encoding='ascii') as stream:
      stream.write('5')
  except OSError:
    pass


def _status_mb(key: str) -> float | None:
  try:
    with open('/proc/self/status', encoding='ascii', errors='replace') as lines:
      for line in lines:
        name, _, value = line.partition(':')
        if name == key:
          return int(value.split()[0]) / _KB_PER_MB
  except OSError:
    pass
  return None
