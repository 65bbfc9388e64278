# SPDX-License-Identifier: Apache-2.0
"""A simulated terminal that reads the output of the terminal view.

It knows a few sequences of ECMA-48 and raises an error for any other, so that a
test fails on output that it cannot show.
"""

import re

import numpy as np
from PIL import Image
from PIL import ImageDraw
from PIL import ImageFont

_SEQUENCE = re.compile(r'\x1b\[([?0-9;]*)([A-Za-z])')
_PAPER, _INK = (0, 0, 0), (204, 204, 204)
# Modes that do not change the cells.
_MODES = {'?1049', '?25', '?7', '?2026'}


def colour_of_index(index):
  """Returns the RGB of xterm's colour 16 to 255, by xterm's own formula."""
  if index >= 232:
    return (8 + 10 * (index - 232),) * 3
  cube = index - 16
  levels = (0, 95, 135, 175, 215, 255)
  return tuple(levels[cube // step % 6] for step in (36, 6, 1))


class Screen:
  """Cells of a terminal.

  Attributes:
    cells: [lines][columns] of (character, foreground RGB, background RGB).
    modes: modes that are set.
  """

  def __init__(self, lines, columns):
    self.lines, self.columns = lines, columns
    self.modes = set()
    self._clear(0)

  def feed(self, text):
    """Processes output as a terminal does."""
    at = 0
    while at < len(text):
      if text[at] == '\x1b':
        match = _SEQUENCE.match(text, at)
        if not match:
          raise ValueError(f'Unknown sequence {text[at : at + 12]!r}.')
        self._control(match[1], match[2])
        at = match.end()
        continue
      if text[at] == '\r':
        self.x = 0
      elif text[at] == '\n':
        self.y += 1
      elif self.x < self.columns and self.y < self.lines:
        self.cells[self.y][self.x] = text[at], self.ink, self.paper
        self.x += 1
      at += 1

  def text(self, line):
    """Returns the characters of a line."""
    return ''.join(cell[0] for cell in self.cells[line]).rstrip()

  def pixels(self, line, lines, columns):
    """Returns the half blocks from a line on as pixels [2 * lines, columns]."""
    pixels = np.zeros((2 * lines, columns, 3), np.uint8)
    for y in range(lines):
      for x in range(columns):
        character, ink, paper = self.cells[line + y][x]
        if character != '▀':
          raise ValueError(f'{character!r} at {line + y}, {x}: no half block.')
        pixels[2 * y, x], pixels[2 * y + 1, x] = ink, paper
    return pixels

  def picture(self, cell=(9, 18)):
    """Draws the screen as a picture, for inspection."""
    width, height = cell
    paper = Image.new('RGB', (self.columns * width, self.lines * height))
    draw, font = ImageDraw.Draw(paper), ImageFont.load_default(size=14)
    for y, line in enumerate(self.cells):
      for x, (character, ink, below) in enumerate(line):
        left, top = x * width, y * height
        box = (left, top, left + width - 1, top + height - 1)
        draw.rectangle(box, below)
        if character == '▀':
          draw.rectangle((*box[:3], top + height // 2 - 1), ink)
        elif character != ' ':
          draw.text((left, top), character, ink, font)
    return paper

  def _clear(self, line):
    if not line:
      self.cells = []
      self.x = self.y = 0
      self.ink, self.paper = _INK, _PAPER
    self.cells = self.cells[:line] + [
      [(' ', _INK, _PAPER)] * self.columns for _ in range(line, self.lines)
    ]

  def _control(self, parameters, final):
    if final in 'hl':
      if parameters not in _MODES:
        raise ValueError(f'Unknown mode {parameters}.')
      (self.modes.add if final == 'h' else self.modes.discard)(parameters)
      return
    numbers = [int(number or 0) for number in parameters.split(';')]
    if final == 'H':
      row, column = (*numbers, 1)[:2]
      self.y = min(max(row, 1), self.lines) - 1
      self.x = min(max(column, 1), self.columns) - 1
    elif final == 'J':
      self._clear(0 if numbers == [2] else self.y)
    elif final == 'K':
      rest = self.columns - self.x
      self.cells[self.y][self.x :] = [(' ', _INK, _PAPER)] * rest
    elif final == 'm':
      self._colours(numbers)
    else:
      raise ValueError(f'Unknown sequence ending in {final}.')

  def _colours(self, numbers):
    while numbers:
      kind = numbers.pop(0)
      if kind == 0:
        self.ink, self.paper = _INK, _PAPER
        continue
      if kind not in (38, 48):
        raise ValueError(f'Unknown colour {kind}.')
      if numbers.pop(0) == 2:
        colour, numbers = tuple(numbers[:3]), numbers[3:]
      else:
        colour = colour_of_index(numbers.pop(0))
      if kind == 38:
        self.ink = colour
      else:
        self.paper = colour
