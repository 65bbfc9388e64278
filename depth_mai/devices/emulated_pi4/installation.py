# SPDX-License-Identifier: Apache-2.0
"""Where the emulated Raspberry Pi 4 lies, and whether it is all there.

host/       QEMU and its libraries
guest/      the emulated system: C library, Python, a Raspberry Pi's /proc
site/       its Python packages
include/    QEMU's header for plugins
plugin.so   counts instructions
python3     a program of the host that runs the emulated Python
stamp.json  versions of it all; written last
"""

import dataclasses
import functools
import hashlib
import importlib.resources
import json
import os

from depth_mai.devices.emulated_pi4 import fake_pi
from depth_mai.devices.emulated_pi4 import pins

# Names the folder, for those who do not want the default.
VARIABLE = 'DEPTH_MAI_EMULATED_PI4'
SETUP = 'python -m depth_mai.devices.emulated_pi4.setup'
STAMP = 'stamp.json'
PLUGIN_SOURCES = ('a64.h', 'cache.h', 'instruction_counter.c')
_LIBRARIES = ('lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu')


@dataclasses.dataclass(frozen=True)
class Installation:
  """Paths of an emulated Raspberry Pi 4.

  Attributes:
    root: its folder.
    versions: dict from the names of what it is made of to versions.
  """

  root: str
  versions: dict[str, str]

  @property
  def guest(self) -> str:
    """The emulated system's root folder."""
    return os.path.join(self.root, 'guest')

  @property
  def site(self) -> str:
    """Its Python packages."""
    return os.path.join(self.root, 'site')

  @property
  def plugin(self) -> str:
    """The plugin that counts."""
    return os.path.join(self.root, 'plugin.so')

  @property
  def launcher(self) -> str:
    """A program of the host that runs the emulated Python."""
    return os.path.join(self.root, 'python3')

  @property
  def python(self) -> str:
    """The emulated Python."""
    return os.path.join(self.guest, f'usr/bin/python{pins.PYTHON_VERSION}')

  @property
  def qemu(self) -> list[str]:
    """How QEMU is started: by its own loader, with its own libraries."""
    host = os.path.join(self.root, 'host')
    libraries = [os.path.join(host, folder) for folder in _LIBRARIES]
    return [
      os.path.join(libraries[0], 'ld-linux-x86-64.so.2'),
      '--library-path',
      ':'.join(libraries),
      os.path.join(host, 'usr/bin/qemu-aarch64'),
    ]

  @property
  def needed_files(self) -> tuple[str, ...]:
    """Without which counts would be wrong, or none."""
    fakes = [os.path.join(self.guest, name) for name in fake_pi.files()]
    programs = [self.qemu[0], self.qemu[-1], self.python, self.launcher]
    return (*programs, self.plugin, *fakes)


def default_root() -> str:
  """Returns the folder that is used where no other is named."""
  home = os.path.expanduser('~/.cache/depth_mai/emulated_pi4')
  return os.path.abspath(os.environ.get(VARIABLE) or home)


def open_installation(root: str | None = None) -> Installation:
  """Opens what `setup` made.

  Args:
    root: its folder; None for the default.

  Returns:
    The installation, complete and of this version.

  Raises:
    ValueError: if there is none, or it is another version's, or damaged.
  """
  root = os.path.abspath(root or default_root())
  cure = f'Run "{SETUP} --dir={root}"'
  try:
    with open(os.path.join(root, STAMP), encoding='utf-8') as stream:
      stamp = json.load(stream)
    found = Installation(root, dict(stamp['versions']))
    same = stamp['fingerprint'] == fingerprint()
  except FileNotFoundError as error:
    raise ValueError(
      f'There is no emulated Raspberry Pi 4 in {root}. {cure} (a minute, 100 '
      f'MB of downloads, no root), or name its folder in ${VARIABLE}.'
    ) from error
  except (OSError, ValueError, KeyError, TypeError) as error:
    raise ValueError(
      f'{os.path.join(root, STAMP)} cannot be read ({error}). {cure}.'
    ) from error
  if not same:
    raise ValueError(
      f'The emulated Raspberry Pi 4 in {root} was set up by another version of '
      f'depth_mai. {cure} to bring it up to date.'
    )
  for path in found.needed_files:
    if not os.path.exists(path):
      raise ValueError(
        f'{path} is missing. Remove {os.path.join(root, STAMP)}, then {cure}.'
      )
  return found


@functools.cache
def fingerprint() -> str:
  """Returns what changes with everything that counts depend on."""
  parts = [
    *pins.HOST_PACKAGES,
    *pins.GUEST_PACKAGES,
    *pins.WHEELS,
    pins.QEMU_VERSION,
    pins.PYTHON_VERSION,
    pins.CPU,
    *(f'{name} {text}' for name, text in fake_pi.files().items()),
    *plugin_sources().values(),
  ]
  return hashlib.sha256('\n'.join(parts).encode()).hexdigest()


def plugin_sources() -> dict[str, str]:
  """Returns a dict from the names of the plugin's files to their texts."""
  folder = importlib.resources.files(__package__) / 'plugin'
  return {
    name: (folder / name).read_text(encoding='utf-8') for name in PLUGIN_SOURCES
  }
