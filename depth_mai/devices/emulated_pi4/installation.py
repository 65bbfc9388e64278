# SPDX-License-Identifier: Apache-2.0
"""Defines what the emulated Raspberry Pi 4 consists of, and finds it.

host/       QEMU and its libraries
guest/      the emulated system: C library, Python, a Raspberry Pi's /proc
site/       its Python packages
include/    QEMU's header for plugins
plugin.so   counts instructions
python3     a program of the host that runs the emulated Python
stamp.json  all versions; written last

guest_32/, site_32/ and python3_32 are those of a 32-bit system (arm32.py),
which `setup` makes if it is asked to.

Another QEMU, C library or LiteRT executes other instructions, so counts can be
compared only within one set of versions.
"""

import dataclasses
import functools
import hashlib
import importlib.resources
import os
from typing import ClassVar

from depth_mai.devices import set_up_folder

DEBIAN_RELEASE = 'bookworm'
# 10.0 of the same release's backports has no plugins.
QEMU_VERSION = '7.2'
HOST_PACKAGES = ('qemu-user',)
GUEST_PACKAGES = (
  'python3.11-minimal',
  'libpython3.11-stdlib',
  'libstdc++6',
)
PYTHON_VERSION = '3.11'
RUNTIME = 'ai-edge-litert'
WHEELS = (
  'ai-edge-litert==2.3.0',
  'backports-strenum==1.2.8',
  'flatbuffers==25.12.19',
  'ml-dtypes==0.6.0',
  'numpy==2.3.5',
  'protobuf==7.36.2',
  'tqdm==4.70.1',
  'typing-extensions==4.16.0',
  # Requirements of depth_mai on a device, in addition to the runtime.
  'absl-py==2.5.1',
  'pillow==13.0.0',
)
# Platform tags of the wheels above.
WHEEL_PLATFORMS = (
  'manylinux_2_28_aarch64',
  'manylinux_2_27_aarch64',
  'manylinux_2_17_aarch64',
  'manylinux2014_aarch64',
)
CPU = 'cortex-a72'

# The 32-bit system: PyPI has no wheel of TFLite 2.5.0 for 64-bit ARM.
GUEST_PACKAGES_32 = GUEST_PACKAGES
RUNTIME_32 = 'tflite-runtime'
WHEELS_32 = (f'{RUNTIME_32}==2.5.0',)
# The wheel is for Python 3.8, but only its library is used (arm32_probe.py).
WHEEL_PYTHON_32 = '3.8'
WHEEL_PLATFORMS_32 = ('linux_armv7l',)
# QEMU's 32-bit program has no Cortex-A72. This one has all of its instructions
# that code for ARMv7 can contain.
CPU_32 = 'cortex-a15'

CORES = 4

# From a Raspberry Pi 4 Model B.
_CORE = """\
processor\t: {core}
BogoMIPS\t: 108.00
Features\t: {features}
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd08
CPU revision\t: 3

"""
_FEATURES = 'fp asimd evtstrm crc32 cpuid'
FEATURES_32 = (
  'half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae '
  'evtstrm crc32'
)
_BOARD = """\
Hardware\t: BCM2835
Revision\t: c03114
Serial\t\t: 0000000000000000
Model\t\t: Raspberry Pi 4 Model B Rev 1.4
"""
_CORES = f'0-{CORES - 1}'
_CPU_FILES = {
  'possible': _CORES,
  'present': _CORES,
  'online': _CORES,
  'kernel_max': 255,
}
_CORE_FILES = {
  'cpufreq/cpuinfo_max_freq': 1500000,
  'cpufreq/cpuinfo_min_freq': 600000,
  'topology/physical_package_id': 0,
  'topology/core_id': '{core}',
  'topology/core_siblings_list': _CORES,
  'topology/core_siblings': 'f',
  'topology/thread_siblings_list': '{core}',
  'topology/package_cpus_list': _CORES,
  'topology/cluster_cpus_list': _CORES,
  'topology/core_cpus_list': '{core}',
  'regs/identification/midr_el1': '0x00000000410fd083',
}

PLUGIN_SOURCES = ('a64.h', 'cache.h', 'instruction_counter.c')
_LIBRARIES = ('lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu')


@dataclasses.dataclass(frozen=True)
class Installation:
  """Paths of an emulated Raspberry Pi 4.

  Attributes:
    root: its folder.
    versions: dict from the names of its packages to their versions.
    cpu: QEMU's name of the processor.
    emulator: QEMU's program.
    suffix: of the names of the parts that are of this system only.
  """

  root: str
  versions: dict[str, str]

  cpu: ClassVar[str] = CPU
  emulator: ClassVar[str] = 'qemu-aarch64'
  suffix: ClassVar[str] = ''

  @property
  def guest(self) -> str:
    """The root folder of the emulated system."""
    return os.path.join(self.root, f'guest{self.suffix}')

  @property
  def site(self) -> str:
    """The folder of its Python packages."""
    return os.path.join(self.root, f'site{self.suffix}')

  @property
  def plugin(self) -> str:
    """The plugin of QEMU that counts."""
    return os.path.join(self.root, 'plugin.so')

  @property
  def launcher(self) -> str:
    """A program of the host that runs the emulated Python."""
    return os.path.join(self.root, f'python3{self.suffix}')

  @property
  def python(self) -> str:
    """The emulated Python."""
    return os.path.join(self.guest, f'usr/bin/python{PYTHON_VERSION}')

  @property
  def qemu(self) -> list[str]:
    """The command that starts QEMU with its own loader and libraries."""
    host = os.path.join(self.root, 'host')
    libraries = [os.path.join(host, folder) for folder in _LIBRARIES]
    return [
      os.path.join(libraries[0], 'ld-linux-x86-64.so.2'),
      '--library-path',
      ':'.join(libraries),
      os.path.join(host, 'usr/bin', self.emulator),
    ]

  @property
  def emulation(self) -> list[str]:
    """The command that emulates the processor and system, without a program."""
    system = ['-L', self.guest, '-0', self.launcher]
    home = ['-E', f'PYTHONHOME={self.guest}/usr']
    return [*self.qemu, '-cpu', self.cpu, *system, *home]

  @property
  def needed_files(self) -> tuple[str, ...]:
    """The files without which there would be wrong counts, or none."""
    fakes = [os.path.join(self.guest, name) for name in processor_files()]
    programs = [self.qemu[0], self.qemu[-1], self.python, self.launcher]
    return (*programs, self.plugin, *fakes)


@functools.cache
def fingerprint() -> str:
  """Returns a hash of everything on which the counts depend."""
  parts = [
    *HOST_PACKAGES,
    *GUEST_PACKAGES,
    *WHEELS,
    QEMU_VERSION,
    PYTHON_VERSION,
    CPU,
    *GUEST_PACKAGES_32,
    *WHEELS_32,
    CPU_32,
    FEATURES_32,
    *(f'{name} {text}' for name, text in processor_files().items()),
    *plugin_sources().values(),
  ]
  return hashlib.sha256('\n'.join(parts).encode()).hexdigest()


FOLDER = set_up_folder.SetUpFolder(
  name='The emulated Raspberry Pi 4',
  command='python -m depth_mai.devices.emulated_pi4.setup',
  cost='a minute, 100 MB of downloads, no root',
  variable='DEPTH_MAI_EMULATED_PI4',
  default='~/.cache/depth_mai/emulated_pi4',
  fingerprint=fingerprint,
)


def open_installation(root: str | None = None) -> Installation:
  """Opens an installation that `setup` made; see SetUpFolder.open."""
  return FOLDER.open(
    root, lambda folder, stamp: Installation(folder, dict(stamp['versions']))
  )


def plugin_sources() -> dict[str, str]:
  """Returns a dict from the names of the plugin's files to their texts."""
  folder = importlib.resources.files(__package__) / 'plugin'
  return {
    name: (folder / name).read_text(encoding='utf-8') for name in PLUGIN_SOURCES
  }


def processor_files(features: str = _FEATURES) -> dict[str, str]:
  """Returns the files in which a Raspberry Pi 4 describes its processor.

  LiteRT chooses kernels by /proc/cpuinfo and /sys/devices/system/cpu. QEMU
  opens these files in the emulated system's folder, or the host's files if they
  are missing there. With the host's files, LiteRT 2.3 crashes and other
  versions choose kernels that they would not choose on a Raspberry Pi.

  Args:
    features: names of the processor's features.

  Returns:
    dict from paths, relative to the root folder, to texts.
  """
  folder = 'sys/devices/system/cpu'
  found = {
    'proc/cpuinfo': ''.join(
      _CORE.format(core=core, features=features) for core in range(CORES)
    )
    + _BOARD
  }
  found |= {
    f'{folder}/{name}': f'{value}\n' for name, value in _CPU_FILES.items()
  }
  for core in range(CORES):
    for name, value in _CORE_FILES.items():
      text = f'{value}\n'.format(core=core)
      found[f'{folder}/cpu{core}/{name}'] = text
  return found


def write_processor_files(
  root: str | os.PathLike[str], features: str = _FEATURES
) -> None:
  """Writes the files of `processor_files`.

  Args:
    root: the folder of the emulated system.
    features: names of the processor's features.
  """
  for name, text in processor_files(features).items():
    path = os.path.join(root, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='ascii') as stream:
      stream.write(text)
