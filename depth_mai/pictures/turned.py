# SPDX-License-Identifier: Apache-2.0
"""Explains pictures that are turned by their EXIF orientation.

A phone stores what its sensor sees, and a tag that says how to turn it.
Pictures are read upright, so their depth maps must be upright as well.
"""

import pathlib

import numpy as np

from depth_mai.files import problems as problems_lib
from depth_mai.pictures import picture_files

# The orientations that exchange width and height.
_SIDEWAYS = (5, 6, 7, 8)


def problem(
  depth_path: pathlib.Path,
  depth: np.ndarray,
  rgb_path: pathlib.Path,
  rgb: np.ndarray,
) -> problems_lib.Problem | None:
  """Returns the problem of a depth map that was not turned with its picture.

  Args:
    depth_path: the depth map's file.
    depth: [H, W, ...], whose size does not fit the picture.
    rgb_path: the picture's file.
    rgb: [H, W, ...], upright.

  Returns:
    None if an orientation does not explain the sizes.
  """
  orientation = picture_files.orientation(rgb_path)
  depth_aspect, rgb_aspect = (
    array.shape[1] / array.shape[0] for array in (depth, rgb)
  )
  if orientation not in _SIDEWAYS or (
    abs(depth_aspect * rgb_aspect - 1) > 0.03
  ):
    return None
  return problems_lib.Problem(
    depth_path,
    f'the depth map is {problems_lib.size_text(depth)}, and its picture '
    f'{rgb_path.name} is {problems_lib.size_text(rgb)} (width x height) after '
    f'its EXIF orientation ({orientation}) has turned it: the depth map lies '
    f'on '
    'its side',
    'turn the depth maps as the pictures are, or remove the tag from the '
    'pictures (exiftool -Orientation= FILE) if they shall lie on their side',
  )


def note(count: int, first: str, orientation: int) -> str:
  """Says in a report how many pictures have an EXIF orientation.

  Args:
    count: number of such pictures.
    first: name of the first one.
    orientation: its orientation, 2 to 8.
  """
  pictures = problems_lib.count(count, 'picture')
  return (
    f'{pictures} with an EXIF orientation (first: {first}, {orientation}), by '
    'which pictures are turned upright; check that the depth maps are upright '
    'as well'
  )
