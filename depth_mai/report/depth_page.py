# SPDX-License-Identifier: Apache-2.0
"""Writes pictures and their depth as one HTML file that needs no network.

A slider moves between picture and depth, and the metres under the pointer are
shown. web/static/depth.js builds the page from the data that it contains, so
this module needs no Jinja2, which a device does not have.
"""

import base64
import html
import io
import json
import os
import zlib

import numpy as np
from PIL import Image

from depth_mai.files import atomic
from depth_mai.files import printable
from depth_mai.files import problems
from depth_mai.report import colours
from depth_mai.report import scale
from depth_mai.web import pages

# More would make a file that browsers open slowly [chosen].
MOST_PICTURES = 100
# Longest side of the picture and of the depth map in the page, pixels; the
# networks compute depth at 640x480 [chosen].
_PICTURE_SIDE, _DEPTH_SIDE = 1280, 640
_JPEG_QUALITY = 85
_MM_PER_M, _MOST_MM = 1000.0, 65535
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="{icon}" type="image/svg+xml">
<style>{style}</style>
</head>
<body>
<header class="bar"><div>
<span class="name"><img src="{icon}" alt="">depth_mai</span>
</div></header>
<main id="content">
<h1>{title}</h1>
<p class="soft">Drag the line to move between picture and depth. Point at the
picture, or touch it, to read the metres there.</p>
<noscript><p>A script in this file shows the pictures. Allow
JavaScript to see them.</p></noscript>
<p>{note}</p>
</main>
<footer class="soft">Predicted from single pictures by {model}. The network does
not know the camera: trust the order of depths more than the metres.</footer>
<script type="application/json" id="data">{data}</script>
<script>{script}</script>
</body>
</html>
"""


class DepthPage:
  """A page that is filled picture by picture, and then written."""

  def __init__(
    self,
    path: str | os.PathLike[str],
    model: str,
    colour_range: scale.ColourRange,
    overwrite: bool = False,
  ):
    """Starts a page; nothing is written yet.

    Args:
      path: the .html file.
      model: name of the network, for the page.
      colour_range: range of depths to colour.
      overwrite: whether the file may exist and be replaced.

    Raises:
      ValueError: if the file exists and must not be replaced.
    """
    if os.path.lexists(path) and not overwrite:
      raise ValueError(
        f'The page {path} already exists; choose another --output_dir or give '
        '--overwrite.'
      )
    self._path = path
    self._model = model
    self._colour_range = colour_range
    self._pictures: list[dict] = []
    self._left_out = 0

  def add(self, name: str, rgb_uint8: np.ndarray, depth_m: np.ndarray) -> None:
    """Adds a picture, unless there are MOST_PICTURES already.

    Args:
      name: shown above it.
      rgb_uint8: the picture, uint8 [H, W, 3].
      depth_m: its depth [H, W], metres; 0, negative and non-finite values are
        unknown.
    """
    if len(self._pictures) == MOST_PICTURES:
      self._left_out += 1
      return
    near_m, far_m = self._colour_range.of(depth_m)
    ticks_m = scale.ticks(near_m, far_m)
    places = scale.position(np.array(ticks_m), near_m, far_m)
    depth_mm = _shrunk_mm(depth_m)
    self._pictures.append(
      {
        'name': printable.printable(name),
        'picture': _jpeg(rgb_uint8),
        'width': depth_mm.shape[1],
        'height': depth_mm.shape[0],
        'depth': _packed(depth_mm),
        'near_m': near_m,
        'far_m': far_m,
        'ticks': [
          [f'{tick_m:g}', float(place)]
          for tick_m, place in zip(ticks_m, places, strict=True)
        ],
      }
    )

  def write(self) -> str:
    """Writes the page, unless there is no picture.

    Returns:
      A line that says what was written.

    Raises:
      OSError: the file cannot be written.
    """
    if not self._pictures:
      return 'There is no picture for a page.'
    style = (pages.STATIC_DIR / 'style.css').read_text(encoding='utf-8')
    script = (pages.STATIC_DIR / 'depth.js').read_text(encoding='utf-8')
    icon = (pages.STATIC_DIR / 'icon.svg').read_bytes()
    count = len(self._pictures)
    first = self._pictures[0]['name']
    title = f'Depth of {first}' if count == 1 else f'Depth of {count} pictures'
    note = ''
    if self._left_out:
      note = f'{self._left_out} more are not on this page.'
    data = {
      'colours': base64.b64encode(colours.depth_map().tobytes()).decode(),
      'unknown': colours.INVALID_RGB,
      'pictures': self._pictures,
    }
    text = _PAGE.format(
      policy=html.escape(pages.policy(style, script)),
      title=html.escape(title),
      icon=pages.data_url('image/svg+xml', icon),
      style=style,
      script=script,
      note=note,
      model=html.escape(printable.printable(self._model)),
      # No text of a picture can end the element.
      data=json.dumps(data).replace('<', '\\u003c'),
    )
    with atomic.atomic_path(self._path) as temporary:
      with open(temporary, 'w', encoding='utf-8') as stream:
        stream.write(text)
    what = problems.count(count, 'picture')
    return f'Page of {what}: {self._path} {note}'.rstrip()


def _jpeg(rgb_uint8: np.ndarray) -> str:
  """Returns a picture as a data: URL, at most _PICTURE_SIDE pixels long."""
  picture = Image.fromarray(rgb_uint8)
  picture.thumbnail((_PICTURE_SIDE, _PICTURE_SIDE))
  stream = io.BytesIO()
  picture.save(stream, format='JPEG', quality=_JPEG_QUALITY)
  return pages.data_url('image/jpeg', stream.getvalue())


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
