# SPDX-License-Identifier: Apache-2.0
"""Keeps frames that a browser has frozen, shows their depth and saves them."""

import collections
import io
import threading

from PIL import Image

from depth_mai import challenge
from depth_mai.pictures import picture_files
from depth_mai.report import depth_view
from depth_mai.streaming import live_picture
from depth_mai.streaming import view

# Browsers hold a frame until they continue; older frames than this are lost. A
# frame of 1920x1080 takes 21 MB [chosen].
_MOST_KEPT = 4


class FrozenFrames:
  """The newest frozen frames, by number."""

  def __init__(self, recording: view.Recording | None = None):
    """Starts without frames.

    Args:
      recording: where `save` writes; None: browsers download the files.
    """
    self._recording = recording
    self._frames = collections.OrderedDict[int, view.Shown]()
    self._lock, self._count = threading.Lock(), 0

  def freeze(self, shown: view.Shown) -> dict:
    """Keeps a frame.

    Args:
      shown: the frame, with its depth map.

    Returns:
      What depth_view.js shows of it, its number here as `number`, and whether
      `save` takes it as `recorded`.
    """
    with self._lock:
      number = self._count = self._count + 1
      self._frames[number] = shown
      while len(self._frames) > _MOST_KEPT:
        self._frames.popitem(last=False)
    return {
      **depth_view.describe(
        shown.name,
        f'/frames/{number}/picture.jpg',
        shown.depth_mm / challenge.MM_PER_M,
        shown.near_m,
        shown.far_m,
      ),
      'number': number,
      'recorded': self._recording is not None,
    }

  def picture_jpeg(self, number: int) -> bytes:
    """Returns the picture of a frame, a JPEG.

    Raises:
      KeyError: the frame is no longer kept.
    """
    return depth_view.picture_jpeg(self._frames[number].rgb_uint8)

  def depth_png(self, number: int) -> bytes:
    """Returns its depth, a PNG of 16 bits and millimetres.

    Raises:
      KeyError: the frame is no longer kept.
      ValueError: the depth is not finite.
    """
    return picture_files.depth_png(self._frames[number].depth_mm)

  def side_by_side_png(self, number: int) -> bytes:
    """Returns picture, depth in its colours and a bar in metres, a PNG.

    Raises:
      KeyError: the frame is no longer kept.
    """
    whole = live_picture.side_by_side(self._frames[number])
    stream = io.BytesIO()
    Image.fromarray(whole).save(stream, 'PNG')
    return stream.getvalue()

  def save(self, number: int) -> str:
    """Writes picture, depth and bar next to the depth map of the recording.

    Returns:
      Where both files are, for the reader.

    Raises:
      KeyError: the frame is no longer kept, or there is no recording.
      ValueError: the picture cannot be written.
    """
    if self._recording is None:
      raise KeyError(number)
    shown = self._frames[number]
    whole = live_picture.side_by_side(shown)
    return self._recording.write_view(shown.name, whole)
