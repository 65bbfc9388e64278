# SPDX-License-Identifier: Apache-2.0
"""Makes the parts of the emulated Raspberry Pi 4, each whole or not at all.

A part is made beside its place and then renamed into it. `parts.json` says
which are done and of what they were made, so that a setup that was stopped
goes on, and one with other versions makes anew what changed.
"""

from collections.abc import Callable
import json
import os
import shlex
import shutil
import subprocess

from depth_mai.devices.emulated_pi4 import debian_packages
from depth_mai.devices.emulated_pi4 import fake_pi
from depth_mai.devices.emulated_pi4 import installation as installation_lib
from depth_mai.devices.emulated_pi4 import pins
from depth_mai.devices.emulated_pi4 import wheels
from depth_mai.files import atomic

DOWNLOADS = 'downloads'
_DONE = 'parts.json'


class Parts:
  """The parts of one installation, in a folder."""

  def __init__(self, root: str, say: Callable[[str], None]):
    """Opens the folder.

    Args:
      root: made if missing.
      say: is told what is being done.
    """
    self._root, self._say = root, say
    self._installation = installation_lib.Installation(root, {})
    self._packages = None
    self._done = self._read_done()

  def make_all(self) -> dict[str, str]:
    """Makes what is not there.

    Returns:
      dict from the names of what it is made of to versions.

    Raises:
      ValueError: if a part cannot be made.
    """
    steps = (
      ('host', pins.HOST_PACKAGES, self._host),
      ('guest', (*pins.GUEST_PACKAGES, *fake_pi.files()), self._guest),
      ('site', pins.WHEELS, self._site),
      ('include', pins.HOST_PACKAGES, self._include),
      ('plugin.so', self._plugin_recipe(), self._plugin),
      ('python3', (self._root, pins.CPU), self._launcher),
    )
    versions = {}
    for number, (name, recipe, make) in enumerate(steps, start=1):
      done = self._done.get(name)
      if done and done['recipe'] == list(recipe) and self._has(name):
        self._say(f'[{number}/{len(steps)}] {name}: is there')
      else:
        self._say(f'[{number}/{len(steps)}] {name}')
        self._remember(name, None)
        _remove(os.path.join(self._root, name))
        with atomic.atomic_path(os.path.join(self._root, name)) as path:
          made = make(path)
        self._remember(name, {'recipe': list(recipe), 'versions': made})
      versions |= self._done[name]['versions']
    return versions

  def _host(self, path: str) -> dict[str, str]:
    found = self._debian().unpack('amd64', pins.HOST_PACKAGES, path)
    version = found['qemu-user'].partition(':')[2]
    if not version.startswith(pins.QEMU_VERSION):
      raise ValueError(
        f'apt-get chose qemu-user {found["qemu-user"]}, not '
        f'{pins.QEMU_VERSION}: later ones have no plugins. Take the line with '
        f'{pins.DEBIAN_RELEASE}-backports out of /etc/apt, or give it a lower '
        'priority, then run this again.'
      )
    return {'qemu-user': version}

  def _guest(self, path: str) -> dict[str, str]:
    found = self._debian().unpack('arm64', pins.GUEST_PACKAGES, path)
    fake_pi.write(path)
    return {name: found[name] for name in (*pins.GUEST_PACKAGES, 'libc6')}

  def _site(self, path: str) -> dict[str, str]:
    return wheels.unpack(os.path.join(self._root, DOWNLOADS, 'wheels'), path)

  def _include(self, path: str) -> dict[str, str]:
    # The package must be among the downloads, which a finished setup removed.
    scratch = os.path.join(self._root, DOWNLOADS, 'unpacked')
    self._debian().unpack('amd64', pins.HOST_PACKAGES, scratch)
    self._debian().source_file(
      'qemu', 'qemu-user', 'include/qemu/qemu-plugin.h', path
    )
    return {}

  def _plugin_recipe(self) -> list[str]:
    return list(installation_lib.plugin_sources().values())

  def _plugin(self, path: str) -> dict[str, str]:
    sources = os.path.join(self._root, DOWNLOADS, 'plugin')
    os.makedirs(sources, exist_ok=True)
    for name, text in installation_lib.plugin_sources().items():
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
    """Writes a program that the host can run: sys.executable of the guest."""
    mine = self._installation
    words = [*mine.qemu, '-cpu', pins.CPU, '-L', mine.guest]
    words += ['-0', mine.launcher, '-E', f'PYTHONHOME={mine.guest}/usr']
    with open(path, 'w', encoding='utf-8') as stream:
      stream.write('#!/bin/sh\n')
      stream.write(f'exec {shlex.join(words)} {shlex.quote(mine.python)}')
      stream.write(' -S "$@"\n')
    os.chmod(path, 0o755)
    return {}

  def _debian(self) -> debian_packages.DebianPackages:
    if self._packages is None:
      self._packages = debian_packages.DebianPackages(
        os.path.join(self._root, DOWNLOADS, 'debian')
      )
    return self._packages

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
