# SPDX-License-Identifier: Apache-2.0
"""Opens the camera, video or folder that the user names.

The cameras on a Raspberry Pi's ribbon cable are read through the system's
rpicam-vid, which compresses to Motion JPEG; this needs no Python package.
"""

from collections.abc import Callable
from collections.abc import Iterator
import dataclasses
import os
import pathlib
import re
import shutil
import sys

import numpy as np

from depth_mai import challenge
from depth_mai.files import printable
from depth_mai.files import regular_files
from depth_mai.pictures import picture_files
from depth_mai.pictures import picture_folder
from depth_mai.streaming import av_source
from depth_mai.streaming import frame
from depth_mai.streaming import motion_jpeg

_MOTION_JPEG = ('.mjpeg', '.mjpg')
_RPICAM = re.compile(r'rpicam(?::(\d+))?')
# The current name, and the name before Raspberry Pi OS bookworm.
_PROGRAMS = ('rpicam-vid', 'libcamera-vid')
_HEIGHT, _WIDTH = challenge.IMAGE_SIZE


def open_source(
  camera: str | None,
  video: str | None,
  report_line: Callable[[str], object] = print,
) -> frame.Source:
  """Opens a camera or a video.

  Args:
    camera: '0' or '/dev/video0' (V4L2), 'rpicam' or 'rpicam:1' (the cameras of
      a Raspberry Pi).
    video: a video file, a folder of pictures, or '-' for Motion JPEG from
      standard input.
    report_line: takes a line about what a folder contains besides pictures.

  Raises:
    ValueError: unless exactly one is given, or if it cannot be opened.
  """
  if camera is not None and video is None:
    return _open_camera(camera)
  if video is not None and camera is None:
    return _open_video(video, report_line)
  raise ValueError(
    f'--camera={camera} and --video={video}: give exactly one of them.'
  )


def _open_camera(camera: str) -> frame.Source:
  match = _RPICAM.fullmatch(camera)
  if match:
    return open_pi_camera(int(match[1] or 0))
  if camera.isdecimal():
    return av_source.open_camera(f'/dev/video{camera}')
  if camera.startswith('/'):
    return av_source.open_camera(camera)
  raise ValueError(
    f'--camera={camera}: give a number (0 is /dev/video0), a device file, '
    'rpicam, or rpicam:1 for the second camera of a Raspberry Pi.'
  )


def _open_video(
  video: str, report_line: Callable[[str], object]
) -> frame.Source:
  if video == '-':
    if sys.stdin.isatty():
      raise ValueError(
        '--video=- reads Motion JPEG from standard input, which is a terminal: '
        'use a pipe, such as rpicam-vid --codec mjpeg --output - | ...'
      )
    return motion_jpeg.StreamSource(sys.stdin.buffer, 'Standard input', True)
  if os.path.isdir(video):
    return FolderSource(video, report_line)
  if video.lower().endswith(_MOTION_JPEG) and os.path.isfile(video):
    stream = regular_files.open_binary(video)
    return motion_jpeg.StreamSource(stream, video, False)
  return av_source.open_video(video)


class FolderSource:
  """The pictures in a folder, in natural order; subfolders are left out.

  The results of a picture are named after it.
  """

  live = False

  def __init__(
    self,
    folder: str | os.PathLike[str],
    report_line: Callable[[str], object] = print,
  ):
    """Lists the pictures.

    Args:
      folder: a directory.
      report_line: takes a line about what is left out or named differently.

    Raises:
      ValueError: if it contains no picture or cannot be read.
    """
    self.name = os.fspath(folder)
    listing = picture_folder.list_pictures(folder)
    for line in (*listing.problems, *listing.left_out):
      report_line(line)
    if not listing.pictures:
      raise ValueError(f'{self.name} contains no picture that can be read.')
    self._paths = picture_folder.result_names(listing.pictures)
    for name, path in self._paths.items():
      if name != path.stem:
        report_line(
          printable.printable(
            f'Results of {path} are named {name}: {path.stem} is taken.'
          )
        )
    self._closed = False

  def frames(self) -> Iterator[frame.Frame]:
    """Yields the pictures; see `frame.Source`."""
    numbered = frame.numbered(self._paths.values(), _decode)
    for name, picture in zip(self._paths, numbered, strict=True):
      if self._closed:
        return
      yield dataclasses.replace(picture, name=name)

  def close(self) -> None:
    """Ends `frames`."""
    self._closed = True


def _decode(path: pathlib.Path) -> np.ndarray:
  try:
    return picture_files.read_rgb(path)
  except ValueError as error:
    raise frame.DamagedFrameError(str(error)) from error


def open_pi_camera(number: int = 0) -> motion_jpeg.ProgramSource:
  """Starts a camera on the ribbon cable of a Raspberry Pi.

  Args:
    number: the camera's number in `rpicam-hello --list-cameras`.

  Raises:
    ValueError: if rpicam-vid is not installed.
  """
  program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
  if program is None:
    raise ValueError(
      '--camera=rpicam needs the program rpicam-vid of Raspberry Pi OS: '
      'sudo apt install rpicam-apps-lite. A USB camera is --camera=0.'
    )
  return motion_jpeg.ProgramSource(
    pi_camera_command(program, number), f'{program}, camera {number}', _explain
  )


def pi_camera_command(program: str, number: int) -> list[str]:
  """Returns the command line that writes Motion JPEG to standard output."""
  return [
    program,
    *('--camera', str(number)),
    *('--width', str(_WIDTH), '--height', str(_HEIGHT)),
    *('--codec', 'mjpeg', '--quality', '90'),
    *('--timeout', '0', '--nopreview', '--verbose', '0', '--flush'),
    *('--output', '-'),
  ]


def _explain(output: str) -> str:
  """Returns the end of rpicam-vid's output, with the cure for known causes."""
  last = ' '.join(output.split())[-300:] or 'no message'
  output = output.lower()
  if 'no cameras available' in output:
    cure = (
      'Switch the Pi off, check the ribbon cable at both ends, and run '
      'rpicam-hello --list-cameras.'
    )
  elif re.search('in use|busy|failed to acquire', output):
    cure = 'Another program uses the camera: end it (pgrep -a rpicam).'
  else:
    cure = 'Does rpicam-hello show a picture?'
  return f'{last}. {cure}'
