# SPDX-License-Identifier: Apache-2.0
"""A folder of pictures, one after the other as if it were a video."""

from collections.abc import Iterator
import functools
import os
import pathlib
import time

import numpy as np

from depth_mai.runtime import image_io
from depth_mai.streaming import frame


class FolderSource:
  """The pictures that lie directly in a folder, sorted by name."""

  live = False

  def __init__(self, folder: str | os.PathLike[str]):
    """Lists the pictures.

    Args:
      folder: a directory.

    Raises:
      ValueError: if it holds no picture or cannot be read.
    """
    self.name = os.fspath(folder)
    self._paths = image_io.list_images(folder)
    self._closed = False

  def frames(self) -> Iterator[frame.Frame]:
    """Yields the pictures; see `frame.Source`."""
    for number, path in enumerate(self._paths):
      if self._closed:
        return
      yield frame.Frame(
        number=number,
        time_s=number / frame.FRAMES_PER_SECOND,
        arrived_s=time.monotonic(),
        decode=functools.partial(_decode, path),
      )

  def close(self) -> None:
    """Ends `frames`."""
    self._closed = True


def _decode(path: pathlib.Path) -> np.ndarray:
  try:
    return image_io.load_rgb(path)
  except ValueError as error:
    raise frame.DamagedFrameError(str(error)) from error
