# SPDX-License-Identifier: Apache-2.0
"""Checks whether the emulated Raspberry Pi 4 can be set up on this machine."""

import importlib.util
import os
import platform
import shutil

from depth_mai.devices.emulated_pi4 import installation

# (program, Debian package with it).
_PROGRAMS = (
  ('apt-get', 'apt'),
  ('dpkg', 'dpkg'),
  ('dpkg-deb', 'dpkg'),
  ('gcc', 'gcc'),
  ('tar', 'tar'),
  ('xz', 'xz-utils'),
)
_ARCHITECTURES = ('x86_64', 'amd64')


def check_host(root: str = '/') -> None:
  """Checks the system and its programs.

  Args:
    root: the directory to use for '/'.

  Raises:
    ValueError: something is missing; the message says what to do.
  """
  release = _release(root)
  codename = release.get('VERSION_CODENAME')
  if (release.get('ID'), codename) != ('debian', installation.DEBIAN_RELEASE):
    name = release.get('PRETTY_NAME', 'an unknown system')
    raise ValueError(
      f'This is {name}; the emulated Raspberry Pi 4 needs Debian 12 '
      f'({installation.DEBIAN_RELEASE}), whose QEMU '
      f'{installation.QEMU_VERSION} still has plugins. Run it in a container '
      '(docker run -it debian:12), or measure with --device=local or '
      '--device=ssh://user@host.'
    )
  if platform.machine() not in _ARCHITECTURES:
    raise ValueError(
      f'The processor is {platform.machine()}; the emulated Raspberry Pi 4 '
      f'runs on {_ARCHITECTURES[0]}. On an ARM board measure with '
      '--device=local.'
    )
  missing = {
    program: package
    for program, package in _PROGRAMS
    if shutil.which(program) is None
  }
  if missing:
    raise ValueError(
      f'{", ".join(missing)} missing: install it as root with "apt-get install '
      f'{" ".join(sorted(set(missing.values())))}", then run this again.'
    )
  if importlib.util.find_spec('pip') is None:
    raise ValueError(
      'This Python has no pip: run "python3 -m ensurepip --user", or this '
      'program in a virtual environment (python3 -m venv).'
    )


def _release(root: str) -> dict[str, str]:
  """Returns the content of /etc/os-release; {} if there is none."""
  try:
    with open(os.path.join(root, 'etc/os-release'), encoding='utf-8') as stream:
      lines = [line.strip().partition('=') for line in stream]
  except OSError:
    return {}
  return {key: value.strip('"\'') for key, _, value in lines if value}
