# SPDX-License-Identifier: Apache-2.0
"""Describes a picture and its depth for web/static/depth_view.js, as JSON.

The page of depth (`depth_page`) contains such descriptions; the live view sends
one of a frozen frame.
"""

import base64
import io
import zlib

import numpy as np
from PIL import Image

from depth_mai.files import printable
from depth_mai.report import colours
from depth_mai.report import scale

# Longest side of the picture and of the depth map, pixels; the networks compute
# depth at 640x480 [chosen].
_PICTURE_SIDE, _DEPTH_SIDE = 1280, 640
_JPEG_QUALITY = 85
_MM_PER_M, _MOST_MM = 1000.0, 65535


def colour_table() -> dict:
  """Returns the colours of depth, and that of unknown depth, for all views."""
  return {
    'colours': base64.b64encode(colours.depth_map().tobytes()).decode(),
    'unknown': colours.INVALID_RGB,
  }


def colour_range(near_m: float, far_m: float) -> dict:
  """Describes the bar of a view.

  Args:
    near_m: depth of the nearest colour, metres.
    far_m: depth of the farthest colour, metres.

  Returns:
    near_m, far_m, and ticks: pairs of a text and its place, 0 to 1.
  """
  ticks_m = scale.ticks(near_m, far_m)
  places = scale.position(np.array(ticks_m), near_m, far_m)
  return {
    'near_m': near_m,
    'far_m': far_m,
    'ticks': [
      [f'{tick_m:g}', float(place)]
      for tick_m, place in zip(ticks_m, places, strict=True)
    ],
  }


def describe(
  name: str, address: str, depth_m: np.ndarray, near_m: float, far_m: float
) -> dict:
  """Describes a picture and its depth.

  Args:
    name: of the picture, for the reader.
    address: of the picture, such as a data: URL of `picture_jpeg`.
    depth_m: its depth [H, W], metres; 0, negative and non-finite values are
      unknown.
    near_m: depth of the nearest colour, metres.
    far_m: depth of the farthest colour, metres.
  """
  depth_mm = _shrunk_mm(depth_m)
  return {
    'name': printable.printable(name),
    'picture': address,
    'width': depth_mm.shape[1],
    'height': depth_mm.shape[0],
    'depth': _packed(depth_mm),
    **colour_range(near_m, far_m),
  }


def picture_jpeg(rgb_uint8: np.ndarray) -> bytes:
  """Returns a picture, uint8 [H, W, 3], as a JPEG of at most 1280 pixels."""
  picture = Image.fromarray(rgb_uint8)
  picture.thumbnail((_PICTURE_SIDE, _PICTURE_SIDE))
  stream = io.BytesIO()
  picture.save(stream, format='JPEG', quality=_JPEG_QUALITY)
  return stream.getvalue()


def _shrunk_mm(depth_m: np.ndarray) -> np.ndarray:
  """Returns millimetres, uint16, at most _DEPTH_SIDE pixels long; 0: unknown.

  Pixels are taken as they are: a mean across the edge of an object would be the
  depth of nothing.

  Args:
    depth_m: [H, W], metres.
  """
  height, width = depth_m.shape
  part = min(1.0, _DEPTH_SIDE / max(height, width))
  rows, columns = (
    ((np.arange(count) + 0.5) * size / count).astype(int)
    for size, count in (
      (height, max(1, round(height * part))),
      (width, max(1, round(width * part))),
    )
  )
  taken_m = depth_m[rows[:, None], columns]
  known = scale.known_mask(taken_m)
  depth_mm = np.rint(np.where(known, taken_m, 0) * _MM_PER_M)
  return np.clip(depth_mm, known, _MOST_MM).astype(np.uint16)


def _packed(depth_mm: np.ndarray) -> str:
  """Returns differences of neighbours, compressed by zlib, as base64."""
  steps = np.diff(depth_mm.ravel(), prepend=np.uint16(0)).astype('<u2')
  return base64.b64encode(zlib.compress(steps.tobytes(), 9)).decode()
