# SPDX-License-Identifier: Apache-2.0
"""A picture of some frames, to see unit and alignment before training."""

import os

import numpy as np
from PIL import Image

from depth_mai.datasets.rgbd_folder import frame_reader
from depth_mai.datasets.rgbd_folder import survey as survey_lib
from depth_mai.report import picture

ROWS = 4
_WIDTH = 480


def write(path: str | os.PathLike[str], survey: survey_lib.Survey) -> None:
  """Writes frames spread over the recordings: picture, depth, both in one.

  All rows share one colour bar, in metres. Where the outlines of things lie
  beside each other in the third column, the depth is not aligned.

  Args:
    path: of the picture, .png or .jpg.
    survey: its frames.

  Raises:
    ValueError: if there is no frame to show.
  """
  frames = [f for f in survey.pairing.frames if f.id in survey.facts]
  if not frames:
    raise ValueError(
      f'There is no frame to show in {path}. Mend what the report lists first.'
    )
  places = np.linspace(0, len(frames) - 1, min(ROWS, len(frames)))
  chosen = [frames[round(place)] for place in places]
  contents = [frame_reader.read(f, survey.description) for f in chosen]
  near_m, far_m = picture.depth_range(*(c.depth_mm / 1000 for c in contents))
  rows = []
  for content in contents:
    rgb, depth_m = _shrunk(content)
    depth = picture.colourise(depth_m, near_m, far_m)
    mixed = np.where(depth_m[..., None] > 0, rgb // 2 + depth // 2, rgb)
    rows.append([rgb, picture.with_colour_bar(depth, near_m, far_m), mixed])
  picture.save_picture(
    path,
    picture.grid(
      rows,
      column_titles=('Picture', 'Depth', 'Both'),
      row_titles=[_title(f, survey) for f in chosen],
    ),
  )


def _shrunk(content):
  height, width = content.depth_mm.shape
  size = min(_WIDTH, width), max(1, round(height * min(1, _WIDTH / width)))
  rgb = np.array(Image.fromarray(content.rgb_uint8).resize(size))
  return rgb, frame_reader.resized(content.depth_mm, size[::-1]) / 1000


def _title(frame, survey):
  facts = survey.facts[frame.id]
  return f'{frame.id}: median {facts.median_m:.2f} m, known {facts.known:.0%}'
