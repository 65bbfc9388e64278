# SPDX-License-Identifier: Apache-2.0
"""Tests of what stands around each page."""

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.judging.web import frame
from tests.web import page_reader

_NASTY = '<script>alert("1")</script>&'


class PageTest(absltest.TestCase):
  def test_frame(self):
    page = page_reader.Page(frame.page(_NASTY, '<p>body</p>', _NASTY))
    self.assertIn('body', page.text)
    self.assertEqual(page.text.count(_NASTY), 2)
    # The page's own one, a file of the server.
    (script,) = page.named('script')
    self.assertEqual(script['src'], '/script.js')
    self.assertEqual(page.named('html'), [{'lang': 'en'}])
    self.assertIn({'class': 'skip', 'href': '#content'}, page.named('a'))
    self.assertEqual(page.named('main')[0]['id'], 'content')

  def test_loads_from_its_server_only(self):
    page = page_reader.Page(frame.page('a', '', ''))
    addresses = [
      attributes[key]
      for _, attributes in page.tags
      for key in ('src', 'href')
      if key in attributes
    ]
    self.assertGreater(len(addresses), 4)
    for address in addresses:
      self.assertRegex(address, '^(/[^/]|/$|#)')

  def test_refresh_is_for_those_without_scripts(self):
    self.assertNotIn('http-equiv', frame.page('a', '', ''))
    self.assertIn(
      '<noscript><meta http-equiv="refresh" content="2"></noscript>',
      frame.page('a', '', '', refresh_s=2),
    )


class PartsTest(parameterized.TestCase):
  def test_section(self):
    page = page_reader.Page(frame.section(_NASTY, _NASTY, '<i>x</i>', 'here'))
    self.assertEqual(page.named('h2'), [{'id': 'here'}])
    self.assertEqual(page.text, f'{_NASTY} {_NASTY} x')
    self.assertEqual(frame.section('a', 'b', ''), '')

  def test_items(self):
    page = page_reader.Page(frame.items([_NASTY, 'b'], 'notes'))
    self.assertLen(page.named('li'), 2)
    self.assertEmpty(page.named('script'))
    self.assertEqual(frame.items([], 'notes'), '')
    self.assertEqual(frame.items(None, 'notes'), '')

  def test_moment(self):
    self.assertEqual(
      frame.moment('2026-03-01T14:05:00+02:00'), '1 March 2026, 12:05 UTC'
    )

  @parameterized.parameters(
    (2_924_608, '2.92 MB'), (100_000, '0.10 MB'), (1_528, '1,528 bytes')
  )
  def test_size_text(self, size, expected):
    self.assertEqual(frame.size_text(size), expected)

  @parameterized.parameters(
    (None, 'rooms, validation split'),
    (20, 'rooms, validation split, first 20 pictures'),
  )
  def test_data_text(self, limit, expected):
    data = {'data_dir_name': 'rooms', 'split': 'validation', 'limit': limit}
    self.assertEqual(frame.data_text(data), expected)


if __name__ == '__main__':
  absltest.main()
