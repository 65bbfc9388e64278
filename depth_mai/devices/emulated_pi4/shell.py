# SPDX-License-Identifier: Apache-2.0
r"""Runs Python inside the emulated Raspberry Pi 4, with the host's files.

Example:
  python -m depth_mai.devices.emulated_pi4.shell -- python3 \
    -m depth_mai.predict --model=tcl photo.jpg --output_dir=depth
"""

import os

from absl import app
from absl import flags

from depth_mai import program
from depth_mai.devices.emulated_pi4 import guest
from depth_mai.devices.emulated_pi4 import installation as installation_lib

_PYTHON = ('python', 'python3')


def main(argv: list[str]) -> int:
  """Runs the command; returns its exit code."""
  if len(argv) < 2 or argv[1] not in _PYTHON:
    raise app.UsageError(
      'Give "-- python3" and its arguments; the emulated system has no other '
      'programs.'
    )
  installation = installation_lib.open_installation(_DIR.value)
  folders = [os.getcwd() if not name else name for name in _PYTHONPATH.value]
  done = guest.run_guest(installation, argv[2:], folders, capture=False)
  return done.returncode


if __name__ == '__main__':
  # Here, because setup and shell may be imported together and share the flag.
  _DIR = flags.DEFINE_string(
    'dir',
    None,
    'Folder of the emulated system; the default is '
    f'{installation_lib.FOLDER.place}.',
  )
  _PYTHONPATH = flags.DEFINE_list(
    'pythonpath',
    [''],
    'Folders of Python packages, separated by commas; the default is the '
    'current folder.',
  )
  program.run(main)
