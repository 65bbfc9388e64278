# SPDX-License-Identifier: Apache-2.0
"""Video files and V4L2 cameras, through PyAV (the extra `camera`).

PyAV brings FFmpeg as wheels for 64-bit and 32-bit ARM. It is imported when a
video or camera is opened: nothing else needs it.
"""

from collections.abc import Iterator
import errno
import glob
import importlib
import os
import time
import types

import numpy as np

from depth_mai.streaming import frame

_SIZE = '640x480'


class AvSource:
  """What FFmpeg opens, frame by frame."""

  def __init__(self, container, name: str, live: bool):
    """Takes an opened container.

    Args:
      container: of av.open, with a video stream.
      name: for messages.
      live: see `frame.Source`.
    """
    self.name, self.live = name, live
    self._container, self._closed = container, False

  def frames(self) -> Iterator[frame.Frame]:
    """Yields the pictures; see `frame.Source`."""
    av, first_s = _import_av(), None
    # Closed by the thread that decodes: FFmpeg does not bear another.
    with self._container as container:
      stream = container.streams.video[0]
      stream.thread_type = 'AUTO'
      try:
        for number, picture in enumerate(container.decode(stream)):
          if self._closed:
            return
          time_s = picture.time
          if time_s is None:
            time_s = number / frame.FRAMES_PER_SECOND
          first_s = time_s if first_s is None else first_s
          yield frame.Frame(
            number=number,
            time_s=time_s - first_s,
            arrived_s=time.monotonic(),
            decode=_Decoder(picture),
          )
      except av.error.FFmpegError as error:
        raise ValueError(
          f'{self.name} cannot be read on: {error.strerror}. '
          + (
            'Is the camera still plugged in?'
            if self.live
            else 'The file is damaged; what came before was used.'
          )
        ) from error

  def close(self) -> None:
    """Ends `frames` at its next picture."""
    self._closed = True


class _Decoder:
  """Converts one decoded picture to RGB."""

  def __init__(self, picture):
    self._picture = picture

  def __call__(self) -> np.ndarray:
    return self._picture.to_ndarray(format='rgb24')


def open_video(path: str | os.PathLike[str]) -> AvSource:
  """Opens a video file.

  Args:
    path: anything that FFmpeg reads.

  Raises:
    ValueError: if there is no such file, it is no video, or PyAV is missing.
  """
  path = os.fspath(path)
  if not os.path.exists(path):
    raise ValueError(f'There is no video {path}; change --video.')
  av = _import_av()
  try:
    # The protocol is named, so that no file sends FFmpeg into the network.
    container = av.open(path, options={'protocol_whitelist': 'file'})
  except (av.error.FFmpegError, OSError, ValueError) as error:
    raise ValueError(
      f'{path} cannot be opened as a video: {_reason(error)}.'
    ) from error
  if not container.streams.video:
    container.close()
    raise ValueError(f'{path} holds no video, only sound or text.')
  return AvSource(container, path, live=False)


def open_camera(path: str) -> AvSource:
  """Opens a V4L2 camera, such as a USB camera.

  Args:
    path: its device file, e.g. /dev/video0.

  Raises:
    ValueError: if it is not there, busy, not allowed or no camera, or PyAV is
      missing; names the cure.
  """
  av = _import_av()
  try:
    container = av.open(path, format='v4l2', options={'video_size': _SIZE})
  except (av.error.FFmpegError, OSError, ValueError) as error:
    raise ValueError(explain_camera(path, error)) from error
  return AvSource(container, path, live=True)


def explain_camera(
  path: str, error: Exception, pattern: str = '/dev/video*'
) -> str:
  """Says why a camera does not open, and what helps.

  Args:
    path: its device file.
    error: of opening it.
    pattern: of the device files to name.
  """
  number = getattr(error, 'errno', None)
  there = ', '.join(sorted(glob.glob(pattern))) or 'none'
  if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
    return (
      f'There is no camera {path}; there are: {there}. Plug a USB camera in '
      'and look with v4l2-ctl --list-devices; a camera on the ribbon cable of '
      'a Raspberry Pi is --camera=rpicam.'
    )
  if number in (errno.EACCES, errno.EPERM):
    return (
      f'The camera {path} may not be opened by this user. Run: sudo usermod '
      '-aG video $USER, then log out and in again.'
    )
  if number == errno.EBUSY:
    return (
      f'The camera {path} is in use by another program; sudo fuser -v {path} '
      'names it. End it first.'
    )
  return (
    f'{path} gives no pictures: {_reason(error)}. Not every /dev/video* is a '
    f'camera; there are: {there}. v4l2-ctl --list-devices tells which; a '
    'camera on the ribbon cable of a Raspberry Pi is --camera=rpicam.'
  )


def _reason(error: Exception) -> str:
  return getattr(error, 'strerror', None) or str(error)


def _import_av() -> types.ModuleType:
  """Returns PyAV, imported when it is needed."""
  try:
    return importlib.import_module('av')
  except ImportError as error:
    raise ValueError(
      'Video files and USB cameras need PyAV: pip install av (or depth_mai '
      'with its extra, "camera"). Without it: --camera=rpicam, --video=FOLDER '
      'of pictures, --video=FILE.mjpeg, or --video=- for Motion JPEG on '
      'standard input.'
    ) from error
