# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.pictures.picture_formats."""

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.pictures import picture_formats


class PictureFormatsTest(parameterized.TestCase):
  def test_what_pillow_reads_and_what_is_no_picture(self):
    self.assertContainsSubset(
      ['.bmp', '.gif', '.jfif', '.jpeg', '.jpg', '.mpo', '.png', '.tif'],
      picture_formats.suffixes(),
    )
    self.assertNoCommonElements(
      ['.eps', '.h5', '.mpg', '.pdf', '.ps', '.txt', '.wmf', '.heic', '.dng'],
      picture_formats.suffixes(),
    )
    self.assertNotIn('EPS', picture_formats.formats())  # It runs Ghostscript.
    self.assertEqual(picture_formats.formats()[:2], ('PNG', 'JPEG'))

  @parameterized.parameters(
    ('a.HEIC', 'HEIC'), ('a.dng', 'raw'), ('a.NEF', 'raw'), ('a.MOV', 'video'),
    ('a.jxl', 'JPEG XL'), ('a.jpg', None), ('a.txt', None), ('a', None),
  )  # fmt: skip
  def test_kinds_that_are_not_read(self, name, kind):
    self.assertEqual(picture_formats.kind(name), kind)

  @parameterized.parameters(
    ('a.HEIC', b'', 'pip install pillow-heif, or convert'),
    ('a.jpg', b'\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'pip install pillow-heif'),
    ('a.jpg', b'\0\0\0\x18ftypmif1\0\0\0\0mif1heic', 'pip install pillow-heif'),
    ('a.jpg', b'\xff\x0a123', 'JPEG XL'),
    ('a.cr3', b'\0\0\0\x18ftypcrx \0\0\0\1crx ', 'raw file.* darktable'),
    ('a.mp4', b'\0\0\0\x18ftypisom\0\0\0\1isom', '--video'),
    ('a.png', b'random bytes 123', r'not a picture .*\(16 bytes\)'),
    ('a.png', b'\n<!DOCTYPE html><p>404', 'a web page.* fetch'),
    ('a.jpg', b'version https://git-lfs.github.com/spec/v1\n', 'LFS pointer'),
  )
  def test_the_cure_fits_the_file(self, name, content, words):
    self.assertRegex(' '.join(picture_formats.explain(name, content)), words)


if __name__ == '__main__':
  absltest.main()
