# SPDX-License-Identifier: Apache-2.0
"""Draws pictures of depth: colours, a bar in metres, comparisons side by side.

Pictures are uint8 arrays [H, W, 3]. NumPy and Pillow draw them, since a device
has no matplotlib.
"""

from collections.abc import Sequence
import os

import numpy as np
from PIL import Image
from PIL import ImageDraw

from depth_mai.files import atomic
from depth_mai.report import colours
from depth_mai.report import lettering
from depth_mai.report import scale as scale_lib

depth_range = scale_lib.depth_range
PAPER_RGB = lettering.PAPER_RGB
INK_RGB = lettering.INK_RGB
# Relative errors beyond this have the last colour of the error map.
ERROR_LIMIT = 0.5
_AUTOMATIC = scale_lib.ColourRange()


def colourise(
  depth_m: np.ndarray,
  near_m: float,
  far_m: float,
  steps: int = colours.STEPS,
) -> np.ndarray:
  """Colours a depth map: near is yellow, far is blue, unknown is dark grey.

  Args:
    depth_m: [H, W] or [H, W, 1], metres; 0, negative and non-finite values are
      unknown. Values outside near_m..far_m get the first or last colour.
    near_m: depth of the first colour, metres.
    far_m: depth of the last colour, metres.
    steps: number of colours; fewer make smaller files.

  Returns:
    A picture, uint8 [H, W, 3].

  Raises:
    ValueError: if depth_m is not a map, or for an empty range.
  """
  depth_m = _as_map(depth_m, 'depth_m')
  return colours.apply_map(
    scale_lib.position(depth_m, near_m, far_m),
    scale_lib.known_mask(depth_m),
    colours.depth_map(steps),
  )


def colourise_error(
  depth_m: np.ndarray,
  truth_m: np.ndarray,
  limit: float = ERROR_LIMIT,
  steps: int = colours.STEPS,
) -> np.ndarray:
  """Colours the relative error (depth - truth) / truth.

  Args:
    depth_m: [H, W] or [H, W, 1], metres.
    truth_m: the same shape, metres, 0 = unknown (dark grey).
    limit: relative error of the outermost colours; red is too near, blue is
      too far.
    steps: number of colours.

  Returns:
    A picture, uint8 [H, W, 3].

  Raises:
    ValueError: if the shapes differ, or limit is not positive.
  """
  depth_m, truth_m = _as_map(depth_m, 'depth_m'), _as_map(truth_m, 'truth_m')
  if depth_m.shape != truth_m.shape:
    raise ValueError(
      f'depth_m is {depth_m.shape}, truth_m is {truth_m.shape}; resize the '
      'depth to the size of the truth first.'
    )
  if not limit > 0:
    raise ValueError(f'limit must be above 0, got {limit}.')
  known = scale_lib.known_mask(truth_m) & np.isfinite(depth_m)
  error = np.zeros(truth_m.shape)
  np.divide(depth_m - truth_m, truth_m, out=error, where=known)
  return colours.apply_map(
    0.5 + 0.5 * error / limit, known, colours.error_map(steps)
  )


def with_colour_bar(
  picture: np.ndarray, near_m: float, far_m: float
) -> np.ndarray:
  """Adds the colour bar of `colourise` to the right of a picture.

  Args:
    picture: uint8 [H, W, 3].
    near_m: as given to `colourise`.
    far_m: as given to `colourise`.

  Returns:
    A picture, uint8 [H, W + bar, 3]; near is at the bottom.

  Raises:
    ValueError: for an empty range.
  """
  height = _checked_picture(picture).shape[0]
  return np.hstack((picture, colour_bar(height, near_m, far_m)))


def colour_bar(
  height: int,
  near_m: float,
  far_m: float,
  text_size: int | None = None,
  steps: int = colours.STEPS,
) -> np.ndarray:
  """Draws the colour bar of `colourise`, labelled in metres.

  Args:
    height: pixels, with the labels.
    near_m: as given to `colourise`.
    far_m: as given to `colourise`.
    text_size: pixels; by default it depends on the height.
    steps: as given to `colourise`.

  Returns:
    A picture, uint8 [height, W, 3]; near is at the bottom.

  Raises:
    ValueError: for an empty range.
  """
  values_m = scale_lib.ticks(near_m, far_m)
  places = scale_lib.position(np.array(values_m), near_m, far_m)
  labels = [f'{value_m:g} m' for value_m in values_m]
  ticks = list(zip(places, labels, strict=True))
  return _bar(height, colours.depth_map(steps), ticks, text_size)


def error_bar(
  height: int,
  limit: float = ERROR_LIMIT,
  text_size: int | None = None,
  steps: int = colours.STEPS,
) -> np.ndarray:
  """Draws the colour bar of `colourise_error`, labelled in per cent.

  Args:
    height: pixels, with the labels.
    limit: as given to `colourise_error`.
    text_size: pixels; by default it depends on the height.
    steps: as given to `colourise`.

  Returns:
    A picture, uint8 [height, W, 3]; too near is at the bottom.
  """
  percent = 100 * limit
  ticks = [
    (0.5 + 0.5 * part, f'{part * percent:+g} %' if part else '0 %')
    for part in (-1, -0.5, 0, 0.5, 1)
  ]
  return _bar(height, colours.error_map(steps), ticks, text_size)


def side_by_side(
  rgb_uint8: np.ndarray,
  depth_m: np.ndarray,
  truth_m: np.ndarray | None = None,
  colour_range: scale_lib.ColourRange = _AUTOMATIC,
  titles: Sequence[str] = ('Image', 'Depth', 'Truth', 'Error'),
) -> np.ndarray:
  """Draws an image, its depth and, if the truth is given, truth and error.

  Args:
    rgb_uint8: the image, uint8 [H, W, 3].
    depth_m: predicted depth, [h, w] or [h, w, 1], metres.
    truth_m: ground truth, the same shape, metres, 0 = unknown; or None.
    colour_range: range of depths to colour; ends that are not given are those
      of the truth, or of the depth.
    titles: of the image, the depth, the truth and the error.

  Returns:
    A picture: image | depth with bar, or image | depth | truth with bar |
    error with bar. All have the size of the image.

  Raises:
    ValueError: for wrong shapes.
  """
  size = _checked_picture(rgb_uint8).shape[:2]
  maps = [depth_m] if truth_m is None else [truth_m, depth_m]
  # The truth sets the range, so that a wild prediction does not change it.
  near_m, far_m = colour_range.of(maps[0])
  panels = [rgb_uint8]
  for map_m in reversed(maps):
    panels.append(_enlarged(colourise(map_m, near_m, far_m), size))
  panels[-1] = with_colour_bar(panels[-1], near_m, far_m)
  if truth_m is not None:
    error = _enlarged(colourise_error(depth_m, truth_m), size)
    panels.append(np.hstack((error, error_bar(size[0]))))
  return grid([panels], column_titles=list(titles)[: len(panels)])


def draw_prediction(
  colour_range: scale_lib.ColourRange,
  rgb_uint8: np.ndarray,
  depth_m: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
  """Draws a depth map alone, and next to its image; both with a bar.

  Args:
    colour_range: range of depths to colour.
    rgb_uint8: the image, uint8 [H, W, 3].
    depth_m: [H, W], metres.

  Returns:
    (the depth, the image and the depth), uint8 [., ., 3] each.
  """
  near_m, far_m = colour_range.of(depth_m)
  colour = colourise(depth_m, near_m, far_m)
  return (
    with_colour_bar(colour, near_m, far_m),
    side_by_side(rgb_uint8, depth_m, colour_range=colour_range),
  )


def grid(
  rows: Sequence[Sequence[np.ndarray | None]],
  column_titles: Sequence[str] | None = None,
  row_titles: Sequence[str] | None = None,
  text_size: int | None = None,
) -> np.ndarray:
  """Arranges pictures in rows and columns on white paper.

  Args:
    rows: rows of pictures, uint8 [H, W, 3] of any size; None leaves a gap.
      Rows may differ in length.
    column_titles: a title for each column, or None. A title that is wider than
      its column is shortened.
    row_titles: a title for each row, or None.
    text_size: of the titles, pixels; by default it depends on the tallest row.

  Returns:
    A picture, uint8 [H, W, 3].

  Raises:
    ValueError: if there is no picture, or the number of titles is wrong.
  """
  shapes = [
    [(0, 0) if cell is None else _checked_picture(cell).shape[:2] for cell in r]
    for r in rows
  ]
  columns = max((len(row) for row in shapes), default=0)
  if not any(size != (0, 0) for row in shapes for size in row):
    raise ValueError('grid needs at least one picture in `rows`.')
  for name, titles, count in (
    ('column_titles', column_titles, columns),
    ('row_titles', row_titles, len(rows)),
  ):
    if titles is not None and len(titles) != count:
      raise ValueError(
        f'{name} has {len(titles)} entries, the grid needs {count}: {titles}.'
      )
  widths = [max(r[i][1] for r in shapes if len(r) > i) for i in range(columns)]
  heights = [max(size[0] for size in row) for row in shapes]
  text_size = text_size or _text_size(max(heights))
  gap, strip = max(4, text_size // 2), 2 * text_size
  x_of = np.cumsum([gap] + [width + gap for width in widths])
  header = strip if column_titles else gap
  row_strip = strip if row_titles else 0
  extra = [row_strip + height + gap for height in heights]
  y_of = np.cumsum([header] + extra) + row_strip

  paper = Image.new(
    'RGB', (int(x_of[-1]), int(y_of[-1]) - row_strip), PAPER_RGB
  )
  draw, font = ImageDraw.Draw(paper), lettering.font_of(text_size)
  for x, width, title in zip(x_of, widths, column_titles or (), strict=False):
    title = lettering.shortened(title, width + gap // 2, font)
    lettering.write(draw, (x, header / 2), title, font)
  for y, title in zip(y_of, row_titles or (), strict=False):
    lettering.write(draw, (gap, y - row_strip / 2), title, font)
  for y, row in zip(y_of, rows, strict=False):
    for x, cell in zip(x_of, row, strict=False):
      if cell is not None:
        paper.paste(Image.fromarray(cell), (int(x), int(y)))
  return np.array(paper)


def save_picture(path: str | os.PathLike[str], picture: np.ndarray) -> None:
  """Writes a picture, uint8 [H, W, 3], atomically."""
  with atomic.atomic_path(path) as temporary:
    Image.fromarray(_checked_picture(picture)).save(temporary)


def _bar(height, map_rgb, ticks, text_size):
  """Draws a colour bar, first colour at the bottom; ticks: (place, label)."""
  text_size = text_size or _text_size(height)
  gap, bar, mark = text_size // 2, text_size, max(3, text_size // 4)
  # Half a line of space, so that the outermost labels fit.
  top, bottom = text_size // 2, height - 1 - text_size // 2
  font = lettering.font_of(text_size)
  # All usual labels give bars of the same width, which can be stacked.
  label_width = max(
    lettering.text_width(label, font)
    for label in ['88.88 m', *(label for _, label in ticks)]
  )
  full = gap + bar + mark + gap + label_width + gap
  paper = Image.new('RGB', (full, height), PAPER_RGB)
  index = np.linspace(len(map_rgb) - 1, 0, max(1, bottom - top + 1))
  strip = np.repeat(map_rgb[np.rint(index).astype(int)][:, None], bar, axis=1)
  paper.paste(Image.fromarray(strip), (gap, top))
  draw = ImageDraw.Draw(paper)
  free_below = height + text_size
  for place, label in ticks:
    x, y = gap + bar, bottom - place * (bottom - top)
    draw.line((x, y, x + mark, y), INK_RGB, max(1, text_size // 12))
    if y <= free_below:  # Otherwise it would touch the previous label.
      lettering.write(draw, (x + mark + gap, y), label, font)
      free_below = y - text_size
  return np.array(paper)


def _text_size(height):
  return int(np.clip(height / 20, 10, 48))


def _enlarged(picture, size):
  """Returns a picture enlarged to (height, width), without new colours."""
  if picture.shape[:2] == size:
    return picture
  image = Image.fromarray(picture).resize(size[::-1], Image.Resampling.NEAREST)
  return np.array(image)


def _as_map(values, name):
  values = np.asarray(values)
  if values.ndim == 3 and values.shape[2] == 1:
    values = values[..., 0]
  if values.ndim != 2 or not values.size or values.dtype.kind not in 'uif':
    raise ValueError(
      f'{name} must be numbers [H, W] or [H, W, 1], in metres, got '
      f'{values.dtype} {values.shape}.'
    )
  return values.astype(np.float64)


def _checked_picture(picture):
  if (
    not isinstance(picture, np.ndarray)
    or picture.dtype != np.uint8
    or picture.ndim != 3
    or picture.shape[2] != 3
    or not picture.size
  ):
    got = (getattr(picture, 'dtype', None), getattr(picture, 'shape', None))
    raise ValueError(f'A picture must be uint8 [H, W, 3], got {got}.')
  return picture
