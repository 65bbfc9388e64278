# SPDX-License-Identifier: Apache-2.0
"""Reads HTML for tests, and checks that its tags are closed in order."""

from html import parser

_VOID = ('img', 'input', 'link', 'meta')


class Page(parser.HTMLParser):
  """A page.

  Attributes:
    tags: (name, attributes) of all tags.
    text: all text, with single spaces.
    rows: the texts of the cells of each row of each table.
  """

  def __init__(self, html: str):
    """Reads a page.

    Args:
      html: of the page.

    Raises:
      AssertionError: if its tags are not closed in order.
    """
    super().__init__()
    self.tags, self.rows = [], []
    self._open, self._texts = [], []
    self.feed(html)
    self.close()
    assert not self._open, self._open
    self.text = ' '.join(' '.join(self._texts).split())

  def named(self, name: str) -> list[dict]:
    """Returns the attributes of all tags of that name."""
    return [attributes for tag, attributes in self.tags if tag == name]

  def handle_starttag(self, tag, attrs):
    """Records a tag."""
    self.tags.append((tag, dict(attrs)))
    if tag not in _VOID:
      self._open.append(tag)
    if tag == 'tr':
      self.rows.append([])
    elif tag in ('td', 'th'):
      self.rows[-1].append('')

  def handle_endtag(self, tag):
    """Checks that the closed tag is the last opened one."""
    opened = self._open.pop()
    assert opened == tag, (opened, tag)

  def handle_data(self, data):
    """Records a text."""
    self._texts.append(data)
    if 'td' in self._open or 'th' in self._open:
      if self._open[-1] == 'small':
        data = f' ({data})'
      self.rows[-1][-1] += data.replace('\N{NO-BREAK SPACE}', '')
