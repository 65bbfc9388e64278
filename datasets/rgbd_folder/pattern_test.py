# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.datasets.rgbd_folder.pattern."""

import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.datasets.rgbd_folder import pattern


class PatternTest(parameterized.TestCase):
  @parameterized.parameters(
    ('rgb/{id}.png', 'rgb/0001.png', {'id': '0001'}),
    ('rgb/{id}.png', 'rgb/13.17.png', {'id': '13.17'}),
    ('rgb/{id}.png', 'rgb/0001.jpg', None),
    ('rgb/{id}.png', 'a/rgb/0001.png', None),
    ('rgb/{id}.png', 'rgb/a/0001.png', None),
    ('rgb/{id}.*', 'rgb/0001.jpg', {'id': '0001'}),
    ('**/{id}.png', '1.png', {'id': '1'}),
    ('**/rgb/{id}.png', 'a/b/rgb/1.png', {'id': '1'}),
    ('**/rgb/{id}.png', 'a/brgb/1.png', None),
    ('{s}/cam*/{id}.png', 'x/cam0/1.png', {'s': 'x', 'id': '1'}),
    ('{s}/{s}_{id}.png', 'a/a_1.png', {'s': 'a', 'id': '1'}),
    ('{s}/{s}_{id}.png', 'a/b_1.png', None),
    ('s{s}_{n}/{id}.png', 's1_2/3.png', {'s': '1', 'n': '2', 'id': '3'}),
    ('a+b/{id}(1).png', 'a+b/7(1).png', {'id': '7'}),
    ('a.b/{id}.png', 'axb/1.png', None),
  )
  def test_match(self, text, path, expected):
    self.assertEqual(pattern.match(text, path), expected)

  def test_fields_are_in_order(self):
    self.assertEqual(
      pattern.fields('{split}/*/{sequence}/{split}_{id}.png'),
      ('split', 'sequence', 'id'),
    )

  @parameterized.parameters(
    ('rgb/*.png', 'no {id}'),
    ('rgb/{id.png', 'does not enclose a name'),
    ('rgb/{}/{id}.png', 'does not enclose a name'),
    ('rgb/{a-b}/{id}.png', 'does not enclose a name'),
    ('/rgb/{id}.png', 'below the folder'),
    ('../rgb/{id}.png', 'below the folder'),
    ('rgb\\{id}.png', 'below the folder'),
  )
  def test_bad_patterns(self, text, words):
    with self.assertRaises(ValueError) as caught:
      pattern.check(text)
    self.assertIn(words, str(caught.exception))
    self.assertIn(f"'{text}'", str(caught.exception))

  def test_files_are_listed_without_hidden_ones(self):
    root = pathlib.Path(self.create_tempdir().full_path)
    for name in ('b/2.png', 'b/1.png', 'a.png', '.b/3.png', 'b/._1.png'):
      (root / name).parent.mkdir(exist_ok=True)
      (root / name).write_bytes(b'')
    self.assertEqual(pattern.list_files(root), ['a.png', 'b/1.png', 'b/2.png'])

  def test_links_to_folders_are_followed_once(self):
    root = pathlib.Path(self.create_tempdir().full_path)
    other = pathlib.Path(self.create_tempdir().full_path)
    (other / '1.png').write_bytes(b'')
    (root / 'linked').symlink_to(other)
    (root / 'self').symlink_to(root)
    self.assertEqual(pattern.list_files(root), ['linked/1.png'])

  def test_suffixes_may_be_spelt_differently(self):
    for suffix in ('.jpg', '.JPG', '.jpeg', '.Jpeg'):
      self.assertEqual(
        pattern.match('{s}/{id}.jpg', f'a/b{suffix}'), {'s': 'a', 'id': 'b'}
      )
    self.assertIsNone(pattern.match('{s}/{id}.jpg', 'a/b.png'))
    self.assertIsNone(pattern.match('S/{id}.jpg', 's/b.jpg'))
    self.assertEqual(pattern.match('{id}.tif', 'b.TIFF'), {'id': 'b'})

  def test_two_forms_of_an_accent_are_the_same(self):
    found = pattern.match('k\u00fcche/{id}.png', 'ku\u0308che/o\u0308.png')
    self.assertEqual(found, {'id': '\u00f6'})
    self.assertIsNotNone(
      pattern.match('ku\u0308che/{id}.png', 'k\u00fcche/1.png')
    )


if __name__ == '__main__':
  absltest.main()
