# SPDX-License-Identifier: Apache-2.0
"""Writes text into pictures, in Pillow's own font."""

from collections.abc import Sequence

import numpy as np
from PIL import Image
from PIL import ImageDraw
from PIL import ImageFont

from depth_mai.files import printable

PAPER_RGB = (255, 255, 255)
INK_RGB = (32, 32, 32)

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

# Height of a line of text with the space below it, relative to the text size.
_LINE = 1.35
_MOST_CHARACTERS = 500


def font_of(size: int) -> Font:
  """Returns Pillow's own font; old versions of Pillow have one size only.

  Args:
    size: pixels.
  """
  try:
    return ImageFont.load_default(size=size)
  except (TypeError, ImportError, OSError):
    return ImageFont.load_default()


def drawable(text: str, font: Font) -> str:
  """Returns one line that a font can write, at most 500 characters of it.

  Args:
    text: any text.
    font: from `font_of`.
  """
  text = printable.printable(text, most=_MOST_CHARACTERS)
  if isinstance(font, ImageFont.FreeTypeFont):
    return text
  # The font of old versions of Pillow has these characters only.
  return text.encode('latin-1', 'backslashreplace').decode('latin-1')


def plot_label(text: str) -> str:
  """Returns a text as matplotlib shows it unchanged.

  Args:
    text: one line; matplotlib would read $...$ as a formula, and leave out a
      label that begins with an underscore.
  """
  text = printable.printable(text, most=_MOST_CHARACTERS).replace('$', r'\$')
  return f' {text}' if text.startswith('_') else text


def write(
  draw: ImageDraw.ImageDraw,
  left_middle: tuple[float, float],
  text: str,
  font: Font,
) -> None:
  """Writes text whose capitals are vertically centred at a point.

  Args:
    draw: draws into the picture.
    left_middle: x of the left end and y of the middle, pixels.
    text: one line.
    font: from `font_of`.
  """
  x, y, text = *left_middle, drawable(text, font)
  _, top, _, bottom = draw.textbbox((0, 0), 'H', font)
  draw.text((float(x), float(y) - (top + bottom) / 2), text, INK_RGB, font)


def text_width(text: str, font: Font) -> int:
  """Returns the width of one line, pixels."""
  paper, text = ImageDraw.Draw(Image.new('RGB', (1, 1))), drawable(text, font)
  return int(np.ceil(paper.textbbox((0, 0), text, font)[2]))


def shortened(text: str, width: int, font: Font) -> str:
  """Returns the text, or the beginning that fits, with '...'.

  Args:
    text: one line.
    width: pixels.
    font: from `font_of`.
  """
  text = drawable(text, font)
  if text_width(text, font) <= width:
    return text
  end = len(text)
  while end and text_width(f'{text[:end]}...', font) > width:
    end -= 1
  return f'{text[:end]}...'


def text_panel(
  lines: Sequence[str], width: int, height: int, text_size: int
) -> np.ndarray:
  """Writes lines of text on white, from the top.

  Args:
    lines: shortened where they are wider than the panel.
    width: of the panel, pixels.
    height: of the panel, pixels; lines below it are cut off.
    text_size: pixels.

  Returns:
    A picture, uint8 [height, width, 3].
  """
  paper = Image.new('RGB', (width, height), PAPER_RGB)
  draw, font = ImageDraw.Draw(paper), font_of(text_size)
  for number, line in enumerate(lines):
    middle = (number + 0.5) * _LINE * text_size
    write(draw, (0, middle), shortened(line, width, font), font)
  return np.array(paper)


def panel_height(line_count: int, text_size: int) -> int:
  """Returns the height of a `text_panel` for some lines, pixels."""
  return int(np.ceil(line_count * _LINE * text_size))
