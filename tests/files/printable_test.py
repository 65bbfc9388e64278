# SPDX-License-Identifier: Apache-2.0
import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.files import printable


class PrintableTest(parameterized.TestCase):
  @parameterized.parameters(
    ('plain text, 100 %', 'plain text, 100 %'),
    (
      'K\u00fcche \u6df1\u5ea6 \U0001f600',
      'K\u00fcche \u6df1\u5ea6 \U0001f600',
    ),
    ('\x1b[31mred\x07', '\\x1b[31mred\\x07'),
    ('\x9b31m', '\\x9b31m'),
    ('two\nlines\r\t', 'two\\nlines\\r\\t'),
    ('\u2028\u2029', '\\u2028\\u2029'),
    ('gpj.\u202eexe', 'gpj.\\u202eexe'),
    ('caf\udce9.png', 'caf\\xe9.png'),
    ('\ud800', '\\ud800'),
    (b'caf\xe9', 'caf\\xe9'),
    (pathlib.Path('a\nb'), 'a\\nb'),
    (None, 'None'),
  )
  def test_escapes(self, text, expected):
    result = printable.printable(text)
    self.assertEqual(result, expected)
    result.encode('utf-8')

  def test_long_texts_are_shortened(self):
    self.assertEqual(printable.printable('abcdef', most=6), 'abcdef')
    self.assertEqual(printable.printable('abcdefg', most=6), 'abcde\u2026')
    self.assertLen(printable.printable('\x1b' * 100, most=10), 10)

  def test_lines_are_kept_apart(self):
    text = printable.printable_lines('one\n\x1b[2Jtwo')
    self.assertEqual(text, 'one\n\\x1b[2Jtwo')
    self.assertEqual(printable.printable_lines('a\tb\r\n\n'), 'a\tb\\r\n\n')

  def test_every_text_of_a_content(self):
    given = {'caf\udce9': [1, None, ('\x1b', True)], 'text': 'a\nb'}
    expected = {'caf\\xe9': [1, None, ['\\x1b', True]], 'text': 'a\nb'}
    self.assertEqual(printable.printable_content(given), expected)


if __name__ == '__main__':
  absltest.main()
