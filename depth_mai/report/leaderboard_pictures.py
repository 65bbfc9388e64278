# SPDX-License-Identifier: Apache-2.0
"""Draws the predictions of a leaderboard's systems: depth and error.

Each row is an example picture: the picture, its ground truth, and every
system's depth with its error below. All depths, including the ground truth,
share one scale in metres, and all errors share another; the bars on the right
show them. The number below an error map is the si-RMSE of that picture.

Maps are subsampled to the size of the tiles, not averaged, so that each colour
is a depth of the map.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import os
import typing

import numpy as np
from PIL import Image

from depth_mai import challenge
from depth_mai.files import atomic
from depth_mai.metrics import depth_metrics
from depth_mai.report import colours
from depth_mai.report import lettering
from depth_mai.report import picture as picture_lib
from depth_mai.report import scale as scale_lib

EXAMPLES = 5
# Colours of each map: few enough for one palette, too many to see the steps.
_STEPS = 64
# A PNG with a palette has a third of the size.
_PALETTE_SIZE = 256
_LEGEND = (
  'Depth: near is yellow, far is blue; dark grey is unknown.',
  'Error: (depth - truth) / truth; red is too near, blue is too far.',
)


class Example(typing.NamedTuple):
  """A picture with its ground truth.

  Attributes:
    id: name.
    rgb_uint8: uint8 [H, W, 3].
    depth_mm: [H, W] or [H, W, 1], millimetres, 0 = unknown.
  """

  id: str
  rgb_uint8: np.ndarray
  depth_mm: np.ndarray


def example_indices(image_count: int, examples: int = EXAMPLES) -> list[int]:
  """Chooses evenly spaced pictures of a split.

  The split is cut into equal parts, and the middle of each is taken: of 192
  pictures, numbers 19, 57, 96, 134 and 172, counted from 0.

  Args:
    image_count: pictures in the split, at least 1.
    examples: pictures to choose, at least 1.

  Returns:
    Indices from 0, ascending, without repeats; fewer than `examples` if the
    split has fewer pictures.

  Raises:
    ValueError: if a number is below 1.
  """
  if image_count < 1 or examples < 1:
    raise ValueError(
      f'Cannot choose {examples} examples of {image_count} pictures; both '
      'numbers must be at least 1.'
    )
  examples = min(examples, image_count)
  return [(2 * i + 1) * image_count // (2 * examples) for i in range(examples)]


def leaderboard_pictures(
  predictions: Mapping[str, Sequence[np.ndarray]],
  images: Sequence[tuple[str, np.ndarray, np.ndarray]],
  output_path: str | os.PathLike[str],
  tile_width: int = 200,
  error_limit: float = picture_lib.ERROR_LIMIT,
  with_data: bool = True,
) -> None:
  """Writes the pictures of all systems to one file.

  Args:
    predictions: maps the name of a system, the title of its column, to its
      depth for each image: [H, W] or [H, W, 1], millimetres, the size of the
      truth.
    images: tuples (id, rgb_uint8, depth_mm), as in `Example`.
    output_path: the .png file to write.
    tile_width: width of one tile, pixels.
    error_limit: relative error of the outermost colours.
    with_data: False leaves out the pictures and their truths, where a licence
      forbids to show them.

  Raises:
    ValueError: if there are no images or no systems, if a system has too few
      or too many depths, or if a depth differs in size from its truth.
  """
  examples = [Example(*image) for image in images]
  _check(predictions, examples)
  truths_m = [_metres(example.depth_mm) for example in examples]
  near_m, far_m = scale_lib.depth_range(*truths_m)
  text_size = _text_size(tile_width)
  rows = []
  for index, example in enumerate(examples):
    size = _tile_size(example.depth_mm.shape, tile_width)
    truth_m = truths_m[index]

    def depth_tile(depth_m, size=size):
      return picture_lib.colourise(
        _subsampled(depth_m, size), near_m, far_m, steps=_STEPS
      )

    row = []
    if with_data:
      row += [
        _stacked(_photo(example.rgb_uint8, size), _panel([example.id], size)),
        _stacked(depth_tile(truth_m), _panel(_truth_lines(truth_m), size)),
      ]
    for depths_mm in predictions.values():
      depth_m = _metres(depths_mm[index])
      error = picture_lib.colourise_error(
        _subsampled(depth_m, size),
        _subsampled(truth_m, size),
        error_limit,
        _STEPS,
      )
      caption = _si_rmse_text(depths_mm[index], example.depth_mm)
      row.append(_stacked(depth_tile(depth_m), error, _caption(caption, size)))
    bars = (
      picture_lib.colour_bar(
        size[0], near_m, far_m, text_size=text_size, steps=_STEPS
      ),
      picture_lib.error_bar(size[0], error_limit, text_size, _STEPS),
    )
    rows.append([*row, _stacked(*bars)])
  titles = [*(['Image', 'Truth'] if with_data else []), *predictions, '']
  grid = picture_lib.grid(rows, titles, text_size=text_size)
  _save(output_path, _with_legend(grid, text_size))


def _check(predictions, examples):
  if not examples or not predictions:
    raise ValueError(
      f'{len(predictions)} systems and {len(examples)} images are given; at '
      'least one of each is needed.'
    )
  for system, depths_mm in predictions.items():
    if len(depths_mm) != len(examples):
      raise ValueError(
        f'{system} has {len(depths_mm)} depths for {len(examples)} images; '
        'give one for each image, in the same order.'
      )
    for example, depth_mm in zip(examples, depths_mm, strict=True):
      got, want = np.shape(depth_mm)[:2], np.shape(example.depth_mm)[:2]
      if got != want:
        raise ValueError(
          f'The depth of {example.id} by {system} is {got}, but its truth is '
          f'{want}; resize the depth to the truth first.'
        )


def _metres(depth_mm):
  depth_mm = np.asarray(depth_mm, np.float64)
  return depth_mm.reshape(depth_mm.shape[:2]) / challenge.MM_PER_M


def _tile_size(shape, tile_width):
  """Returns (height, width) of the tiles of a map."""
  height, width = shape[:2]
  return max(1, round(height * tile_width / width)), tile_width


def _subsampled(values, size):
  """Returns every n-th value: those at the centres of the tile's pixels."""
  rows, columns = (
    (np.arange(new) + 0.5) * old / new
    for new, old in zip(size, values.shape, strict=True)
  )
  return values[rows.astype(int)[:, None], columns.astype(int)]


def _photo(rgb_uint8, size):
  image = Image.fromarray(rgb_uint8)
  return np.array(image.resize(size[::-1], Image.Resampling.LANCZOS))


def _stacked(upper, *lower):
  """Stacks pictures, with a small gap between them."""
  parts = [upper]
  for part in lower:
    gap = np.full((4, part.shape[1], 3), lettering.PAPER_RGB, np.uint8)
    parts += [gap, part]
  width = max(part.shape[1] for part in parts)
  return np.vstack([_widened(part, width) for part in parts])


def _widened(picture, width):
  missing = width - picture.shape[1]
  return np.pad(picture, ((0, 0), (0, missing), (0, 0)), constant_values=255)


def _text_size(tile_width):
  """Returns the size at which 'si-RMSE 0.123' fits below a tile, pixels."""
  return max(10, round(0.09 * tile_width))


def _panel(lines, size):
  return lettering.text_panel(lines, size[1], size[0], _text_size(size[1]))


def _caption(text, size):
  text_size = _text_size(size[1])
  height = lettering.panel_height(1, text_size)
  return lettering.text_panel([text], size[1], height, text_size)


def _truth_lines(truth_m):
  """Returns the depth range and the known part of a scene as lines of text."""
  known = scale_lib.known_mask(truth_m)
  if not known.any():
    return ['no known depth']
  nearest, middle, farthest = np.percentile(truth_m[known], (0, 50, 100))
  return [
    f'{nearest:.1f} to {farthest:.1f} m',
    f'median {middle:.1f} m',
    f'{100 * known.mean():.0f} % known',
  ]


def _si_rmse_text(depth_mm, truth_mm):
  """Returns the si-RMSE of one picture as text; empty if it is undefined."""
  known = np.asarray(truth_mm) > 0
  if not np.isfinite(np.asarray(depth_mm)[known]).all():
    return 'NaN or infinity'
  metrics = depth_metrics.DepthMetrics()
  measured = metrics.add(depth_mm, truth_mm)
  return f'si-RMSE {measured["si_rmse"]:.3f}' if measured else ''


def _with_legend(grid, text_size):
  margin = text_size // 2
  height = lettering.panel_height(len(_LEGEND), text_size) + margin
  width = grid.shape[1] - margin
  legend = lettering.text_panel(_LEGEND, width, height, text_size)
  left = ((0, 0), (margin, 0), (0, 0))
  return np.vstack((grid, np.pad(legend, left, constant_values=255)))


def _save(path, picture):
  exact_rgb = np.concatenate(
    (
      colours.depth_map(_STEPS),
      colours.error_map(_STEPS),
      np.array([colours.INVALID_RGB, lettering.PAPER_RGB], np.uint8),
    )
  )
  image = with_palette(picture, exact_rgb)
  with atomic.atomic_path(path) as temporary:
    image.save(temporary, optimize=True)


def with_palette(picture: np.ndarray, exact_rgb: np.ndarray) -> Image.Image:
  """Reduces a picture to a palette in which some colours are exact.

  Pillow's own `quantize` would change the colours of the maps, too.

  Args:
    picture: uint8 [H, W, 3].
    exact_rgb: uint8 [N, 3], at most 240 colours to keep. All others share the
      rest of the palette.

  Returns:
    A PIL.Image of mode 'P', the size of the picture.

  Raises:
    ValueError: if exact_rgb has too many colours.
  """
  kept = np.unique(exact_rgb.reshape(-1, 3), axis=0)
  if len(kept) > 240:
    raise ValueError(
      f'{len(kept)} exact colours are too many: at most 240 of the '
      f'{_PALETTE_SIZE} in a palette can be kept. Colour the maps in fewer '
      'steps.'
    )
  codes, kept_codes = _codes(picture), _codes(kept)
  place = np.searchsorted(kept_codes, codes).clip(max=len(kept) - 1)
  is_kept = kept_codes[place] == codes
  others = Image.fromarray(picture[~is_kept][None])
  index, rest = place.astype(np.uint8), np.zeros((0, 3), np.uint8)
  if others.width:
    quantised = others.quantize(
      _PALETTE_SIZE - len(kept), dither=Image.Dither.NONE
    )
    rest = np.array(quantised.getpalette(), np.uint8).reshape(-1, 3)
    index[~is_kept] = len(kept) + np.array(quantised)[0]
  image = Image.fromarray(index, 'P')
  image.putpalette(np.concatenate((kept, rest)).tobytes())
  return image


def _codes(rgb):
  """Returns one number for each colour, in the order of `np.unique`."""
  return rgb.astype(np.int64) @ np.array([65536, 256, 1])
