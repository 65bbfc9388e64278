# SPDX-License-Identifier: Apache-2.0
"""Keeps the depth of a stream as 16-bit PNGs."""

import os
import pathlib

import numpy as np

from depth_mai.files import picture_files

_ENDING = '_depth.png'


class Recording:
  """A folder of depth maps, one for each frame: <number>_depth.png."""

  def __init__(self, folder: str | os.PathLike[str], overwrite: bool = False):
    """Makes the folder.

    Args:
      folder: where to write.
      overwrite: whether it may hold depth maps already.

    Raises:
      ValueError: if it cannot be made, or holds depth maps unasked.
    """
    self._folder = pathlib.Path(folder)
    try:
      self._folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
      raise ValueError(
        f'The folder {folder} cannot be made: {error.strerror}; change '
        '--output_dir.'
      ) from error
    there = sorted(self._folder.glob(f'*{_ENDING}'))
    if there and not overwrite:
      raise ValueError(
        f'{folder} holds {len(there)} depth maps already, the first is '
        f'{there[0].name}; choose another --output_dir or give --overwrite.'
      )

  def write(self, number: int, depth_mm: np.ndarray) -> None:
    """Writes one depth map.

    Args:
      number: of the frame.
      depth_mm: [H, W], millimetres.

    Raises:
      ValueError: if it cannot be written.
    """
    path = self._folder / f'{number:06d}{_ENDING}'
    try:
      picture_files.write_depth_mm(path, depth_mm)
    except OSError as error:
      raise ValueError(
        f'{path} cannot be written: {error.strerror}; change --output_dir.'
      ) from error
