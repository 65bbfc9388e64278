# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.files.file_names."""

import os

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.files import file_names


class FileNamesTest(parameterized.TestCase):
  def test_both_forms_of_an_accent_are_one_name(self):
    composed, combined = 'k\u00fcche', 'ku\u0308che'
    self.assertEqual(file_names.canonical(combined), composed)
    self.assertEqual(file_names.canonical(composed), composed)

  @parameterized.parameters(
    ('a.JPG', '.jpg'), ('a.b.Jpeg', '.jpg'), ('a.TIFF', '.tif'), ('a', '')
  )
  def test_suffix(self, name, suffix):
    self.assertEqual(file_names.suffix(name), suffix)

  @parameterized.parameters(
    (os.fsdecode(b'caf\xe9'), 'not UTF-8'),
    ('a\nb', 'line end'),
    ('a\x1b[31m', 'control character'),
  )
  def test_unstorable(self, name, words):
    self.assertIn(words, file_names.unstorable(name))

  @parameterized.parameters('a', 'a b', 'k\u00fcche', '\u4f60')
  def test_storable(self, name):
    self.assertIsNone(file_names.unstorable(name))

  def test_twins(self):
    self.assertEqual(
      file_names.twins(
        ['7', 'IMG_1', 'a ', '10', 'x1', 'same'],
        ['007', 'img_0001', 'a', '100', 'x01', 'x001'],
      ),
      {'7': '007', 'IMG_1': 'img_0001', 'a ': 'a'},
    )

  def test_by_suffix(self):
    self.assertEqual(
      file_names.by_suffix(['a.heic', 'b.heic', 'c', 'd.txt']),
      '2 .heic, 1 without a suffix, 1 .txt (first: a.heic)',
    )


if __name__ == '__main__':
  absltest.main()
