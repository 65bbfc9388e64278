# SPDX-License-Identifier: Apache-2.0
"""Writes the files in which a Raspberry Pi 4 describes its processor.

LiteRT chooses kernels by /proc/cpuinfo and /sys/devices/system/cpu. QEMU opens
these files in the emulated system's folder, or the host's files if they are
missing there. With the host's files, LiteRT 2.3 crashes and other versions
choose kernels that they would not choose on a Raspberry Pi.
"""

import os

CORES = 4

# From a Raspberry Pi 4 Model B with a 64-bit system.
_CORE = """\
processor\t: {core}
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm crc32 cpuid
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd08
CPU revision\t: 3

"""
_BOARD = """\
Hardware\t: BCM2835
Revision\t: c03114
Serial\t\t: 0000000000000000
Model\t\t: Raspberry Pi 4 Model B Rev 1.4
"""
_ALL = f'0-{CORES - 1}'
_FILES = {'possible': _ALL, 'present': _ALL, 'online': _ALL, 'kernel_max': 255}
_FILES_OF_A_CORE = {
  'cpufreq/cpuinfo_max_freq': 1500000,
  'cpufreq/cpuinfo_min_freq': 600000,
  'topology/physical_package_id': 0,
  'topology/core_id': '{core}',
  'topology/core_siblings_list': _ALL,
  'topology/core_siblings': 'f',
  'topology/thread_siblings_list': '{core}',
  'topology/package_cpus_list': _ALL,
  'topology/cluster_cpus_list': _ALL,
  'topology/core_cpus_list': '{core}',
  'regs/identification/midr_el1': '0x00000000410fd083',
}


def files() -> dict[str, str]:
  """Returns a dict from paths, relative to the root folder, to texts."""
  folder = 'sys/devices/system/cpu'
  found = {
    'proc/cpuinfo': ''.join(_CORE.format(core=core) for core in range(CORES))
    + _BOARD
  }
  found |= {f'{folder}/{name}': f'{value}\n' for name, value in _FILES.items()}
  for core in range(CORES):
    for name, value in _FILES_OF_A_CORE.items():
      text = f'{value}\n'.format(core=core)
      found[f'{folder}/cpu{core}/{name}'] = text
  return found


def write(root: str | os.PathLike[str]) -> None:
  """Writes the files.

  Args:
    root: the folder of the emulated system.
  """
  for name, text in files().items():
    path = os.path.join(root, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='ascii') as stream:
      stream.write(text)
