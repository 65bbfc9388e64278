# SPDX-License-Identifier: Apache-2.0
"""What stands around the content of each of the judge's pages."""

import datetime
import html

STYLE_PATH, SCRIPT_PATH, ICON_PATH = '/style.css', '/script.js', '/icon.svg'


def page(
  title: str, body: str, origin: str, refresh_s: int | None = None
) -> str:
  """Returns a page that loads style, script and pictures from its own server.

  Args:
    title: text.
    body: HTML.
    origin: text; what the figures are of.
    refresh_s: where there is no JavaScript, the page loads itself again after
      so many seconds; None: it does not.
  """
  refresh = ''
  if refresh_s is not None:
    refresh = (
      f'<noscript><meta http-equiv="refresh" content="{refresh_s}">'
      '</noscript>\n'
    )
  return (
    '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    f'{refresh}<title>{html.escape(title)}</title>\n'
    f'<link rel="icon" href="{ICON_PATH}" type="image/svg+xml">\n'
    f'<link rel="stylesheet" href="{STYLE_PATH}">\n'
    f'<script src="{SCRIPT_PATH}" defer></script>\n</head>\n<body>\n'
    '<a class="skip" href="#content">To the content</a>\n'
    '<header class="bar"><div><a class="name" href="/">'
    f'<img src="{ICON_PATH}" alt="">depth_mai judge</a>'
    '<nav aria-label="Pages"><a href="/">Judge a file</a> · '
    '<a href="/#leaderboard">Leaderboard</a></nav></div></header>\n'
    f'<main class="site" id="content">\n{body}\n</main>\n'
    f'<footer class="soft">{html.escape(origin)}</footer>\n'
    '</body>\n</html>\n'
  )


def section(heading: str, text: str, content: str, anchor: str = '') -> str:
  """Returns a part of a page; nothing where there is no content.

  Args:
    heading: text.
    text: a sentence below it, or empty.
    content: HTML.
    anchor: its id.
  """
  if not content:
    return ''
  anchor = anchor and f' id="{html.escape(anchor)}"'
  text = text and f'<p class="soft">{html.escape(text)}</p>\n'
  return f'<h2{anchor}>{html.escape(heading)}</h2>\n{text}{content}'


def items(texts, style: str) -> str:
  """Returns a list of texts as HTML; nothing where there are none.

  Args:
    texts: one for each item.
    style: its class.
  """
  if not texts:
    return ''
  lines = ''.join(f'<li>{html.escape(str(text))}</li>\n' for text in texts)
  return f'<ul class="{style}">\n{lines}</ul>'


def moment(text: str) -> str:
  """Returns such as '1 March 2026, 12:05 UTC' for a date of ISO 8601."""
  when = datetime.datetime.fromisoformat(text).astimezone(datetime.UTC)
  return f'{when.day} {when:%B %Y, %H:%M} UTC'


def size_text(size: int) -> str:
  """Returns such as '2.92 MB' (of 10^6 bytes), or '528 bytes'.

  Args:
    size: bytes.
  """
  return f'{size / 1e6:,.2f} MB' if size >= 100_000 else f'{size:,} bytes'


def data_text(data: dict) -> str:
  """Returns such as 'indoor, validation split, first 20 pictures'."""
  parts = [str(data['data_dir_name']), f'{data["split"]} split']
  if data.get('limit'):
    parts.append(f'first {data["limit"]} pictures')
  return ', '.join(parts)
