# SPDX-License-Identifier: Apache-2.0
"""From what the user names to an opened source of pictures."""

import os
import re
import sys

from depth_mai.streaming import av_source
from depth_mai.streaming import folder_source
from depth_mai.streaming import frame
from depth_mai.streaming import pi_camera
from depth_mai.streaming import pipe_source

_MOTION_JPEG = ('.mjpeg', '.mjpg')
_RPICAM = re.compile(r'rpicam(?::(\d+))?')


def open_source(camera: str | None, video: str | None) -> frame.Source:
  """Opens a camera or a video.

  Args:
    camera: '0' or '/dev/video0' (V4L2), 'rpicam' or 'rpicam:1' (the Raspberry
      Pi's own cameras).
    video: a video file, a folder of pictures, or '-' for Motion JPEG on
      standard input.

  Raises:
    ValueError: if not exactly one is given, or it cannot be opened.
  """
  if (camera is None) == (video is None):
    raise ValueError(
      f'--camera={camera} and --video={video}: give exactly one of them.'
    )
  return _open_video(video) if camera is None else _open_camera(camera)


def _open_camera(camera: str) -> frame.Source:
  match = _RPICAM.fullmatch(camera)
  if match:
    return pi_camera.open_camera(int(match[1] or 0))
  if camera.isdecimal():
    return av_source.open_camera(f'/dev/video{camera}')
  if camera.startswith('/'):
    return av_source.open_camera(camera)
  raise ValueError(
    f'--camera={camera}: give a number (0 is /dev/video0), a device file, '
    'rpicam, or rpicam:1 for the second camera on a Raspberry Pi.'
  )


def _open_video(video: str) -> frame.Source:
  if video == '-':
    if sys.stdin.isatty():
      raise ValueError(
        '--video=- reads Motion JPEG from standard input, which is a terminal: '
        'put a pipe before it, e.g. rpicam-vid --codec mjpeg --output - | ...'
      )
    return pipe_source.StreamSource(sys.stdin.buffer, 'Standard input', True)
  if os.path.isdir(video):
    return folder_source.FolderSource(video)
  if video.lower().endswith(_MOTION_JPEG) and os.path.isfile(video):
    return pipe_source.StreamSource(open(video, 'rb'), video, False)
  return av_source.open_video(video)
