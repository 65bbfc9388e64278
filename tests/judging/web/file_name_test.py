# SPDX-License-Identifier: Apache-2.0
"""Tests that names of uploads show what they are, and nothing else."""

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.judging.web import file_name


class ShownTest(parameterized.TestCase):
  @parameterized.parameters(
    ('tcl_fp32.tflite', 'tcl_fp32.tflite'),
    ('/etc/passwd', 'passwd'),
    ('..\\..\\my model (2).tflite', 'my model (2).tflite'),
    ('C:\\fakepath\\tiefe_ä_深度.tflite', 'tiefe_ä_深度.tflite'),
    ('a\x00b\r\nc\x1b[31m.tflite', 'abc[31m.tflite'),
    ('\u202eetilft.x', 'etilft.x'),
    ('a\u2028b\ufeff', 'ab'),
    ('folder/', 'unnamed.tflite'),
    ('   ', 'unnamed.tflite'),
    ('', 'unnamed.tflite'),
    # Marking up is the page's business.
    ('<b>.tflite', '<b>.tflite'),
  )
  def test_names(self, name, expected):
    self.assertEqual(file_name.shown(name), expected)

  def test_long_names_keep_both_ends(self):
    shown = file_name.shown('a' * 300 + '.tflite')
    self.assertLen(shown, 100)
    self.assertStartsWith(shown, 'aaa')
    self.assertEndsWith(shown, '.tflite')
    self.assertIn('…', shown)


if __name__ == '__main__':
  absltest.main()
