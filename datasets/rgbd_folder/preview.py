# SPDX-License-Identifier: Apache-2.0
"""Draws some frames, to check unit and alignment before training."""

import os

import numpy as np
from PIL import Image

from depth_mai import challenge
from depth_mai.datasets.rgbd_folder import frame_reader
from depth_mai.datasets.rgbd_folder import survey as survey_lib
from depth_mai.report import picture

ROWS = 4
_WIDTH = 480


def write(path: str | os.PathLike[str], survey: survey_lib.Survey) -> None:
  """Draws frames from all over the recordings: picture, depth, and both in one.

  All rows share one colour bar, in metres. If outlines appear twice in the
  third column, the depth is not aligned.

  Args:
    path: the picture to write, .png or .jpg.
    survey: the frames.

  Raises:
    ValueError: if no frame can be shown.
  """
  frames = [f for f in survey.pairing.frames if f.id in survey.facts]
  if not frames:
    raise ValueError(
      f'No frame can be shown in {path}. First fix the problems in the report.'
    )
  places = np.linspace(0, len(frames) - 1, min(ROWS, len(frames)))
  chosen = [frames[round(place)] for place in places]
  contents = [frame_reader.read(f, survey.description) for f in chosen]
  near_m, far_m = picture.depth_range(
    *(content.depth_mm / challenge.MM_PER_M for content in contents)
  )
  rows, titles = [], []
  for frame, content in zip(chosen, contents, strict=True):
    rgb, depth_m = _shrunk(content)
    depth = picture.colourise(depth_m, near_m, far_m)
    mixed = np.where(depth_m[..., None] > 0, rgb // 2 + depth // 2, rgb)
    rows.append([rgb, picture.with_colour_bar(depth, near_m, far_m), mixed])
    facts = survey.facts[frame.id]
    titles.append(
      f'{frame.id}: median {facts.median_m:.2f} m, known {facts.known:.0%}'
    )
  columns = ('Picture', 'Depth', 'Both')
  picture.save_picture(
    path, picture.grid(rows, column_titles=columns, row_titles=titles)
  )


def _shrunk(content):
  height, width = content.depth_mm.shape
  size = min(_WIDTH, width), max(1, round(height * min(1, _WIDTH / width)))
  rgb = np.array(Image.fromarray(content.rgb_uint8).resize(size))
  depth_mm = frame_reader.resized(content.depth_mm, size[::-1])
  return rgb, depth_mm / challenge.MM_PER_M
