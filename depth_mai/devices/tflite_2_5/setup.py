# SPDX-License-Identifier: Apache-2.0
r"""Sets up TFLite 2.5.0: one command, no root.

It downloads 180 MB (the wheels of TensorFlow 2.5.0 and NumPy) with pip, and
keeps 90 MB of them: the interpreter without the rest of TensorFlow. It runs in
a Python 3.8 or 3.9, which is found on PATH or among those of pyenv and uv, or
named with --python. Nothing outside the folder changes.

Example:
  python -m depth_mai.devices.tflite_2_5.setup
  python -m depth_mai.benchmark --device=tflite_2_5 --model=tcl
"""

import contextlib
import glob
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile

from absl import flags

from depth_mai import program
from depth_mai.devices import set_up_folder
from depth_mai.devices.tflite_2_5 import child
from depth_mai.devices.tflite_2_5 import installation as installation_lib
from depth_mai.devices.tflite_2_5 import pythons


def set_up(
  root: str, python: str | None = None
) -> installation_lib.Installation:
  """Makes a set-up, unless it exists.

  Args:
    root: its folder; created if it does not exist.
    python: see `pythons.find`.

  Returns:
    The installation; its stamp is written last.

  Raises:
    ValueError: this machine lacks something, a wheel cannot be downloaded, or
      the runtime does not start.
    OSError: the folder cannot be written.
  """
  root = os.path.abspath(root)
  with contextlib.suppress(ValueError):
    found = installation_lib.open_installation(root)
    if python is None or pythons.find(python)[0] == found.python:
      return found
  _check_host()
  path, version = pythons.find(python)
  os.makedirs(root, exist_ok=True)
  with set_up_folder.only_one(root):
    set_up_folder.remove_stamp(root)
    made = installation_lib.Installation(
      root,
      path,
      {
        'python': version,
        **dict(wheel.split('==') for wheel in installation_lib.WHEELS),
      },
    )
    shutil.rmtree(made.site, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix='downloads.', dir=root) as folder:
      _report_line(f'downloading the wheels for Python {version}')
      _download(folder, version)
      _unpack(folder, made.site)
    _report_line('testing it')
    child.try_out(made)
    installation_lib.FOLDER.write_stamp(
      root, python=made.python, versions=made.versions
    )
  return installation_lib.open_installation(root)


def _check_host() -> None:
  found = (platform.system(), platform.machine())
  if found != ('Linux', 'x86_64'):
    raise ValueError(
      f'This is {" on ".join(found)}; the wheel of TensorFlow '
      f'{installation_lib.RELEASE} runs on Linux on x86_64 only. Measure with '
      '--device=local.'
    )


def _download(folder: str, version: str) -> None:
  """Downloads the wheels for a version of Python."""
  done = subprocess.run(
    [sys.executable, '-m', 'pip', 'download', '-q', '--no-deps', '-d', folder]
    + ['--disable-pip-version-check', '--only-binary=:all:']
    + [f'--python-version={version}']
    + [f'--platform={installation_lib.WHEEL_PLATFORM}']
    + list(installation_lib.WHEELS),
    capture_output=True,
    text=True,
    check=False,
  )
  if done.returncode:
    errors = [line for line in done.stderr.splitlines() if 'ERROR' in line]
    reason = ' '.join(errors) or done.stderr.strip()[-300:]
    raise ValueError(
      f'pip download failed ({done.returncode}): {reason} Check the network '
      'and the package index that pip uses (pip config list), then run this '
      'again.'
    )


def _unpack(folder: str, site: str) -> None:
  """Unpacks what is needed of the wheels."""
  for path in glob.glob(os.path.join(glob.escape(folder), '*.whl')):
    with zipfile.ZipFile(path) as archive:
      archive.extractall(
        site,
        [
          name
          for name in archive.namelist()
          if name.startswith(installation_lib.UNPACKED)
        ],
      )


def _report_line(text: str) -> None:
  print(f'tflite_2_5: {text}', flush=True)


def main(argv: list[str]) -> None:
  """Sets it up and prints its versions."""
  program.no_arguments(argv)
  root = _DIR.value or installation_lib.FOLDER.default_root()
  made = set_up(root, _PYTHON.value)
  _report_line(f'ready in {made.root}')
  for name, version in made.versions.items():
    _report_line(f'  {name} {version}')


if __name__ == '__main__':
  _PYTHON = flags.DEFINE_string(
    'python',
    None,
    'A Python 3.8 or 3.9; by default one is looked for on PATH and among those '
    'of pyenv and uv.',
  )
  _DIR = program.written(
    flags.DEFINE_string(
      'dir',
      None,
      f'Folder for the set-up; the default is {installation_lib.FOLDER.place}.',
    ),
    folder=True,
  )
  program.run(main)
