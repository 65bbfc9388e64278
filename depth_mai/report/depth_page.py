# SPDX-License-Identifier: Apache-2.0
"""Writes pictures and their depth as one HTML file that needs no network.

A slider moves between picture and depth, and the metres under the pointer are
shown. web/static/depth.js builds the page from the data that it contains, so
this module needs no Jinja2, which a device does not have.
"""

import html
import json
import os

import numpy as np

from depth_mai.files import atomic
from depth_mai.files import printable
from depth_mai.files import problems
from depth_mai.report import depth_view
from depth_mai.report import scale
from depth_mai.web import pages

# More would make a file that browsers open slowly [chosen].
MOST_PICTURES = 100
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
    picture = pages.data_url('image/jpeg', depth_view.picture_jpeg(rgb_uint8))
    self._pictures.append(
      depth_view.describe(name, picture, depth_m, near_m, far_m)
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
    script = '\n'.join(
      (pages.STATIC_DIR / name).read_text(encoding='utf-8')
      for name in ('depth_view.js', 'depth.js')
    )
    icon = (pages.STATIC_DIR / 'icon.svg').read_bytes()
    count = len(self._pictures)
    first = self._pictures[0]['name']
    title = f'Depth of {first}' if count == 1 else f'Depth of {count} pictures'
    note = ''
    if self._left_out:
      note = f'{self._left_out} more are not on this page.'
    data = {
      **depth_view.colour_table(),
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
