# SPDX-License-Identifier: Apache-2.0
"""Shows or stores live depth: the interface of views, a log, a recording."""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import dataclasses
import os
import pathlib
import time
import typing

import numpy as np

from depth_mai.files import printable
from depth_mai.pictures import picture_files
from depth_mai.report import picture

_LOG_INTERVAL_S = 2.0
_ENDING, _VIEW_ENDING = '_depth.png', '_side_by_side.png'


@dataclasses.dataclass(frozen=True)
class Shown:
  """A frame to show.

  Attributes:
    rgb_uint8: the picture, uint8 [h, w, 3], of the view's panel size; empty if
      the view needs no pictures.
    depth_rgb: its depth in colours, of the same size.
    near_m: depth of the nearest colour, metres.
    far_m: depth of the farthest colour, metres.
    status: one line with frames per second and milliseconds per stage.
    statistics: the same figures and more, see `live.Live.statistics`.
    depth_mm: the depth, float32 [h, w], millimetres, of the picture's size; of
      the network's if the view needs no pictures.
    name: of the frame, for its files.
  """

  rgb_uint8: np.ndarray
  depth_rgb: np.ndarray
  near_m: float
  far_m: float
  status: str
  statistics: dict
  depth_mm: np.ndarray
  name: str


class View(typing.Protocol):
  """Shows frames."""

  def panel_size(self, height: int, width: int) -> tuple[int, int] | None:
    """Returns the size at which picture and depth are shown.

    Args:
      height: of the picture, pixels.
      width: of the picture, pixels.

    Returns:
      (height, width), pixels; None if the view needs no pictures.
    """

  def show(self, shown: Shown) -> None:
    """Shows a frame.

    Raises:
      ValueError: if the view can show no more frames.
    """

  def close(self) -> None:
    """Ends the view and restores the terminal or frees the port."""


class LogView:
  """Prints the status every two seconds, for services and measurements."""

  def __init__(
    self,
    report_line: Callable[[str], object] = print,
    clock: Callable[[], float] = time.monotonic,
  ):
    """Starts the interval.

    Args:
      report_line: takes a line of text.
      clock: returns seconds.
    """
    self._report_line, self._clock = report_line, clock
    self._next_s = clock() + _LOG_INTERVAL_S

  def panel_size(self, height: int, width: int) -> None:
    """Returns None: the log needs no pictures."""

  def show(self, shown: Shown) -> None:
    """Prints the status if the interval is over."""
    if self._clock() >= self._next_s:
      self._next_s = self._clock() + _LOG_INTERVAL_S
      self._report_line(shown.status)

  def close(self) -> None:
    """See `View`."""


class Recording:
  """A folder of depth maps, 16-bit PNGs <name of the frame>_depth.png.

  Frames that a viewer saves have <name of the frame>_side_by_side.png, too.
  """

  def __init__(self, folder: str | os.PathLike[str], overwrite: bool = False):
    """Creates the folder.

    Args:
      folder: output folder.
      overwrite: whether the folder may already contain depth maps.

    Raises:
      ValueError: if it cannot be created, or contains depth maps and
        `overwrite` is False.
    """
    self._folder = pathlib.Path(folder)
    try:
      self._folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
      raise ValueError(
        f'The folder {folder} cannot be created: {error.strerror}; change '
        '--output_dir.'
      ) from error
    existing = sorted(self._folder.glob(f'*{_ENDING}'))
    if existing and not overwrite:
      raise ValueError(
        f'{folder} already contains {len(existing)} depth maps, such as '
        f'{existing[0].name}; choose another --output_dir or give --overwrite.'
      )

  def write(self, name: str, depth_mm: np.ndarray) -> None:
    """Writes one depth map.

    Args:
      name: of the frame.
      depth_mm: [H, W], millimetres.

    Raises:
      ValueError: if it cannot be written.
    """
    path = self._folder / f'{name}{_ENDING}'
    with _explained(path):
      picture_files.write_depth_mm(path, depth_mm)

  def write_view(self, name: str, rgb_uint8: np.ndarray) -> str:
    """Writes what was shown of a frame next to its depth map.

    Args:
      name: of the frame.
      rgb_uint8: picture, depth and bar, uint8 [H, W, 3].

    Returns:
      The names of both files and their folder, for the reader.

    Raises:
      ValueError: if it cannot be written.
    """
    path = self._folder / f'{name}{_VIEW_ENDING}'
    with _explained(path):
      picture.save_picture(path, rgb_uint8)
    return printable.printable(
      f'{name}{_ENDING} and {path.name} in {self._folder}'
    )


@contextlib.contextmanager
def _explained(path: pathlib.Path) -> Iterator[None]:
  """Explains a file that cannot be written."""
  try:
    yield
  except OSError as error:
    raise ValueError(
      f'{path} cannot be written: {error.strerror}; change --output_dir.'
    ) from error
