# SPDX-License-Identifier: Apache-2.0
"""Reads video files and V4L2 cameras through PyAV (the extra `camera`).

PyAV has wheels with FFmpeg for x86 and for 64-bit and 32-bit ARM. It is
imported when a video or camera is opened.
"""

from collections.abc import Iterator
import errno
import functools
import glob
import importlib
import os
import time
import types
import typing

import numpy as np
from PIL import Image

from depth_mai import challenge
from depth_mai.pictures import picture_modes
from depth_mai.pictures import upright
from depth_mai.streaming import display_matrix
from depth_mai.streaming import frame
from depth_mai.streaming import frame_numbers

# Cameras are asked for the size of the challenge's pictures.
_HEIGHT, _WIDTH = challenge.IMAGE_SIZE
# A camera that sends so many damaged pictures in a row has failed.
_MOST_LOST = 30


class AvSource:
  """A video or camera that FFmpeg has opened."""

  # PyAV is optional, so its types cannot be named here.
  def __init__(self, container: typing.Any, name: str, live: bool):
    """Stores an open container.

    Args:
      container: result of av.open, with a video stream.
      name: for messages.
      live: see `frame.Source`.
    """
    self.name, self.live = name, live
    self._container, self._closed = container, False

  def frames(self) -> Iterator[frame.Frame]:
    """Yields the pictures; see `frame.Source`."""
    av, first_s = _import_av(), None
    # FFmpeg requires that the thread that decodes also closes.
    with self._container as container:
      stream = container.streams.video[0]
      stream.thread_type = 'AUTO'
      numbers = frame_numbers.FrameNumbers()
      try:
        for packet in container.demux(stream):
          if not packet.is_discard:  # What an editor cut off is not shown.
            numbers.send(packet.pts)
          try:
            pictures = packet.decode()
          except av.error.InvalidDataError:
            if numbers.lose() >= _MOST_LOST and self.live:
              raise ValueError(
                f'{self.name}: {_MOST_LOST} pictures in a row cannot be '
                'decoded. Unplug the camera and plug it in again.'
              ) from None
            continue
          for picture in pictures:
            if self._closed:
              return
            lost, number = numbers.take(picture.pts)
            yield from map(_lost, lost)
            time_s = picture.time
            if time_s is None:
              time_s = number / frame.FRAMES_PER_SECOND
            first_s = time_s if first_s is None else first_s
            yield frame.Frame(
              number=number,
              time_s=time_s - first_s,
              arrived_s=time.monotonic(),
              decode=functools.partial(_decode, picture),
            )
        yield from map(_lost, numbers.finish())
      except av.error.FFmpegError as error:
        raise ValueError(
          f'{self.name} cannot be read any further: {error.strerror}. '
          + (
            'Is the camera still plugged in?'
            if self.live
            else 'The file is damaged; the frames before that were used.'
          )
        ) from error

  def close(self) -> None:
    """Ends `frames` at the next picture."""
    self._closed = True


def open_video(path: str | os.PathLike[str]) -> AvSource:
  """Opens a video file.

  Args:
    path: a file in any format that FFmpeg reads.

  Raises:
    ValueError: if the file does not exist or is not a video, or PyAV is
      missing.
  """
  path = os.fspath(path)
  if not os.path.exists(path):
    raise ValueError(f'The video {path} does not exist; change --video.')
  av = _import_av()
  try:
    # Only the file protocol, so that no file makes FFmpeg use the network.
    container = av.open(path, options={'protocol_whitelist': 'file'})
  except (av.error.FFmpegError, OSError, ValueError) as error:
    raise ValueError(
      f'{path} cannot be opened as a video: {_reason(error)}. It is not one, '
      'or its recording or copy was cut off.'
    ) from error
  if not container.streams.video:
    container.close()
    raise ValueError(f'{path} contains no video, only sound or text.')
  return AvSource(container, path, live=False)


def open_camera(path: str) -> AvSource:
  """Opens a V4L2 camera, such as a USB camera.

  Args:
    path: the camera's device file, such as /dev/video0.

  Raises:
    ValueError: if the camera is missing, busy, not permitted or no camera, or
      if PyAV is missing; the message names the cure.
  """
  av = _import_av()
  try:
    container = av.open(
      path, format='v4l2', options={'video_size': f'{_WIDTH}x{_HEIGHT}'}
    )
  except (av.error.FFmpegError, OSError, ValueError) as error:
    raise ValueError(explain_camera(path, error)) from error
  return AvSource(container, path, live=True)


def explain_camera(
  path: str, error: Exception, pattern: str = '/dev/video*'
) -> str:
  """Returns why a camera does not open, and the cure.

  Args:
    path: the camera's device file.
    error: raised when the camera was opened.
    pattern: glob pattern of the device files to list.
  """
  number = getattr(error, 'errno', None)
  found = ', '.join(sorted(glob.glob(pattern))) or 'none'
  if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
    return (
      f'There is no camera {path}; found: {found}. Plug in a USB '
      'camera and list the cameras with v4l2-ctl --list-devices; a camera on '
      'the ribbon cable of a Raspberry Pi is --camera=rpicam.'
    )
  if number in (errno.EACCES, errno.EPERM):
    return (
      f'This user has no permission to open the camera {path}. Run: sudo '
      'usermod -aG video $USER, then log out and in again.'
    )
  if number == errno.EBUSY:
    return (
      f'The camera {path} is in use by another program. End that program; sudo '
      f'fuser -v {path} names it.'
    )
  return (
    f'{path} yields no pictures: {_reason(error)}. Not every /dev/video* is a '
    f'camera; found: {found}. v4l2-ctl --list-devices lists the '
    'cameras; one on the ribbon cable of a Raspberry Pi is --camera=rpicam.'
  )


def _decode(picture: typing.Any) -> np.ndarray:
  """Returns a frame, uint8 [H, W, 3], turned for display."""
  if picture.is_corrupt:
    raise frame.DamagedFrameError('its data are damaged')
  turn = 1
  for data in picture.side_data:
    if data.type.name == 'DISPLAYMATRIX':
      turn = display_matrix.orientation(bytes(data))
  return upright.upright(_rgb(picture), turn)


def _rgb(picture: typing.Any) -> np.ndarray:
  """Returns a frame as stored, uint8 [H, W, 3], transparency over white."""
  if not any(component.is_alpha for component in picture.format.components):
    return picture.to_ndarray(format='rgb24')
  rgba = Image.fromarray(picture.to_ndarray(format='rgba'))
  try:
    return np.array(picture_modes.to_rgb(rgba))
  except ValueError as error:
    raise frame.DamagedFrameError(str(error)) from error


def _lost(number: int) -> frame.Frame:
  """Returns a frame that could not be decoded."""

  def fail() -> np.ndarray:
    raise frame.DamagedFrameError('its data are damaged')

  # It is due at once, so that nobody waits for it.
  return frame.Frame(number, 0.0, time.monotonic(), fail)


def _reason(error: Exception) -> str:
  return getattr(error, 'strerror', None) or str(error)


def _import_av() -> types.ModuleType:
  """Imports PyAV."""
  try:
    return importlib.import_module('av')
  except ImportError as error:
    raise ValueError(
      'Video files and USB cameras need PyAV: pip install av (or depth_mai '
      'with its extra, "camera"). Without it: --camera=rpicam, --video=FOLDER '
      'of pictures, --video=FILE.mjpeg, or --video=- for Motion JPEG on '
      'standard input.'
    ) from error
