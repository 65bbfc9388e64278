# SPDX-License-Identifier: Apache-2.0
"""Makes the parts of the emulated Raspberry Pi 4, each wholly or not at all.

A part is made under a temporary name and then renamed. `parts.json` lists the
finished parts and what they were made of, so that an interrupted setup resumes,
and a setup with other versions remakes only the parts that changed.
"""

from collections.abc import Callable
from collections.abc import Iterable
import functools
import json
import os
import shlex
import shutil
import subprocess

from depth_mai.devices.emulated_pi4 import arm32
from depth_mai.devices.emulated_pi4 import installation
from depth_mai.devices.emulated_pi4 import packages as packages_lib
from depth_mai.files import atomic

DOWNLOADS = 'downloads'
_DONE = 'parts.json'

# Makes a part under a path; returns versions of packages.
_Maker = Callable[[str], dict[str, str]]


class Parts:
  """The parts of one installation, in a folder."""

  def __init__(self, root: str, report_line: Callable[[str], None]):
    """Opens the folder.

    Args:
      root: the folder.
      report_line: called with each line of progress.
    """
    self._root, self._report_line = root, report_line
    self._done = self._read_done()

  def make_all(self) -> dict[str, str]:
    """Makes the missing parts, except for those of the 32-bit system.

    Returns:
      dict from the names of all packages to their versions.

    Raises:
      ValueError: a part cannot be made.
    """
    return self._make_steps(
      ('host', installation.HOST_PACKAGES, self._host),
      (
        'guest',
        (*installation.GUEST_PACKAGES, *installation.processor_files()),
        self._guest,
      ),
      ('site', installation.WHEELS, self._site),
      ('include', installation.HOST_PACKAGES, self._include),
      ('plugin.so', installation.plugin_sources().values(), self._plugin),
      ('python3', (self._root, installation.CPU), self._launcher),
    )

  def make_32(self) -> dict[str, str]:
    """Makes the missing parts of the 32-bit system; the others must be made.

    Returns:
      dict from the names of its packages to their versions.

    Raises:
      ValueError: a part cannot be made.
    """
    return self._make_steps(
      (
        'guest_32',
        (*installation.GUEST_PACKAGES_32, installation.FEATURES_32),
        self._guest_32,
      ),
      ('site_32', installation.WHEELS_32, self._site_32),
      ('python3_32', (self._root, installation.CPU_32), self._launcher_32),
    )

  def _make_steps(
    self, *steps: tuple[str, Iterable[str], _Maker]
  ) -> dict[str, str]:
    """Makes the missing ones of some parts: (name, recipe, maker) each."""
    versions: dict[str, str] = {}
    for number, (name, recipe, make) in enumerate(steps, start=1):
      done = self._done.get(name)
      if done and done['recipe'] == list(recipe) and self._has(name):
        self._report_line(f'[{number}/{len(steps)}] {name}: already made')
      else:
        self._report_line(f'[{number}/{len(steps)}] {name}')
        self._remember(name, None)
        _remove(os.path.join(self._root, name))
        with atomic.atomic_path(os.path.join(self._root, name)) as path:
          made = make(path)
        self._remember(name, {'recipe': list(recipe), 'versions': made})
      versions |= self._done[name]['versions']
    return versions

  def _host(self, path: str) -> dict[str, str]:
    found = self._debian.unpack('amd64', installation.HOST_PACKAGES, path)
    version = found['qemu-user'].partition(':')[2]
    if not version.startswith(installation.QEMU_VERSION):
      raise ValueError(
        f'apt-get chose qemu-user {found["qemu-user"]}, not '
        f'{installation.QEMU_VERSION}: later ones have no plugins. Remove the '
        f'line with {installation.DEBIAN_RELEASE}-backports from /etc/apt, or '
        'lower its priority, then run this again.'
      )
    return {'qemu-user': version}

  def _guest(self, path: str) -> dict[str, str]:
    found = self._debian.unpack('arm64', installation.GUEST_PACKAGES, path)
    installation.write_processor_files(path)
    return {
      name: found[name] for name in (*installation.GUEST_PACKAGES, 'libc6')
    }

  def _site(self, path: str) -> dict[str, str]:
    return packages_lib.unpack_wheels(
      os.path.join(self._root, DOWNLOADS, 'wheels'),
      path,
      installation.WHEELS,
      installation.WHEEL_PLATFORMS,
      installation.PYTHON_VERSION,
    )

  def _guest_32(self, path: str) -> dict[str, str]:
    self._debian.unpack('armhf', installation.GUEST_PACKAGES_32, path)
    installation.write_processor_files(path, installation.FEATURES_32)
    return {}

  def _site_32(self, path: str) -> dict[str, str]:
    return packages_lib.unpack_wheels(
      os.path.join(self._root, DOWNLOADS, 'wheels_32'),
      path,
      installation.WHEELS_32,
      installation.WHEEL_PLATFORMS_32,
      installation.WHEEL_PYTHON_32,
    )

  def _include(self, path: str) -> dict[str, str]:
    # Downloads the package again, because a finished setup removes downloads.
    scratch = os.path.join(self._root, DOWNLOADS, 'unpacked')
    self._debian.unpack('amd64', installation.HOST_PACKAGES, scratch)
    self._debian.source_file(
      'qemu', 'qemu-user', 'include/qemu/qemu-plugin.h', path
    )
    return {}

  def _plugin(self, path: str) -> dict[str, str]:
    sources = os.path.join(self._root, DOWNLOADS, 'plugin')
    os.makedirs(sources, exist_ok=True)
    for name, text in installation.plugin_sources().items():
      with open(os.path.join(sources, name), 'w', encoding='utf-8') as stream:
        stream.write(text)
    compiled = subprocess.run(
      ['gcc', '-O2', '-Wall', '-fPIC', '-shared', '-o', path]
      + [f'-I{os.path.join(self._root, "include")}', '-x', 'c']
      + [os.path.join(sources, 'instruction_counter.c')],
      capture_output=True,
      text=True,
    )
    if compiled.returncode:
      raise ValueError(
        f'gcc cannot compile the plugin: {compiled.stderr.strip()[:500]}. '
        'Install the compiler\'s headers as root ("apt-get install gcc '
        'libc6-dev"), then run this again.'
      )
    return {}

  def _launcher(self, path: str) -> dict[str, str]:
    return _write_launcher(installation.Installation(self._root, {}), path)

  def _launcher_32(self, path: str) -> dict[str, str]:
    return _write_launcher(arm32.Arm32(self._root, {}), path)

  @functools.cached_property
  def _debian(self) -> packages_lib.DebianPackages:
    return packages_lib.DebianPackages(
      os.path.join(self._root, DOWNLOADS, 'debian')
    )

  def _has(self, name: str) -> bool:
    return os.path.exists(os.path.join(self._root, name))

  def _read_done(self) -> dict:
    try:
      with open(os.path.join(self._root, _DONE), encoding='utf-8') as stream:
        return dict(json.load(stream))
    except (OSError, ValueError):
      return {}

  def _remember(self, name: str, entry: dict | None) -> None:
    self._done[name] = entry
    text = json.dumps(self._done, indent=2) + '\n'
    atomic.write_text(os.path.join(self._root, _DONE), text)


def _remove(path: str) -> None:
  if os.path.isdir(path) and not os.path.islink(path):
    shutil.rmtree(path)
  elif os.path.lexists(path):
    os.remove(path)


def _write_launcher(
  made: installation.Installation, path: str
) -> dict[str, str]:
  """Writes a program of the host: the guest's sys.executable."""
  command = shlex.join([*made.emulation, made.python, '-S'])
  with open(path, 'w', encoding='utf-8') as stream:
    stream.write(f'#!/bin/sh\nexec {command} "$@"\n')
  os.chmod(path, 0o755)
  return {}
