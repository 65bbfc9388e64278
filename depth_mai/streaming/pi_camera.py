# SPDX-License-Identifier: Apache-2.0
"""The Raspberry Pi's own cameras, through the system's rpicam-vid.

It needs no Python package: rpicam-vid compresses in hardware or with libjpeg,
and the stream is cut into pictures here.
"""

import shutil

from depth_mai.streaming import pipe_source

# The name of today and the one until the first releases of bookworm.
_PROGRAMS = ('rpicam-vid', 'libcamera-vid')
# As large as the networks take it.
_WIDTH, _HEIGHT = 640, 480


def open_camera(number: int = 0) -> pipe_source.ProgramSource:
  """Starts a camera on the ribbon cable.

  Args:
    number: as `rpicam-hello --list-cameras` counts them.

  Raises:
    ValueError: if rpicam-vid is not installed.
  """
  program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
  if program is None:
    raise ValueError(
      '--camera=rpicam needs the program rpicam-vid of Raspberry Pi OS: '
      'sudo apt install rpicam-apps-lite. A USB camera is --camera=0.'
    )
  return pipe_source.ProgramSource(
    command(program, number), f'{program}, camera {number}', _explain
  )


def command(program: str, number: int) -> list[str]:
  """Returns the command line that writes Motion JPEG to standard output."""
  return [
    program,
    *('--camera', str(number)),
    *('--width', str(_WIDTH), '--height', str(_HEIGHT)),
    *('--codec', 'mjpeg', '--quality', '90'),
    *('--timeout', '0', '--nopreview', '--verbose', '0', '--flush'),
    *('--output', '-'),
  ]


def _explain(said: str) -> str:
  """Returns what it says at the end, with the cure for the usual causes."""
  last = ' '.join(said.split())[-300:] or 'it says nothing'
  said = said.lower()
  if 'no cameras available' in said:
    cure = (
      'Switch the Pi off, check the ribbon cable at both ends, and look with '
      'rpicam-hello --list-cameras.'
    )
  elif 'in use' in said or 'busy' in said or 'failed to acquire' in said:
    cure = 'Another program uses the camera: end it (pgrep -a rpicam).'
  else:
    cure = 'Does rpicam-hello show a picture?'
  return f'{last}. {cure}'
