# SPDX-License-Identifier: Apache-2.0
import os
import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from depth_mai.runtime import image_io
from depth_mai.runtime import model_file
from tests.runtime import tiny_model

# EXIF 2.3, tag 274: turns the upright picture into the stored one.
_STORED = {
  1: lambda upright: upright,
  2: lambda upright: upright[:, ::-1],
  3: lambda upright: upright[::-1, ::-1],
  4: lambda upright: upright[::-1],
  5: lambda upright: upright.swapaxes(0, 1),
  6: lambda upright: np.rot90(upright, 1),
  7: lambda upright: upright[::-1, ::-1].swapaxes(0, 1),
  8: lambda upright: np.rot90(upright, -1),
}


def _picture(height=6, width=9):
  generator = np.random.default_rng(2)
  return generator.integers(0, 256, (height, width, 3)).astype(np.uint8)


class LoadRgbTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  @parameterized.product(orientation=tuple(_STORED), suffix=('.png', '.webp'))
  def test_orientation_is_applied(self, orientation, suffix):
    upright = _picture()
    stored = np.ascontiguousarray(_STORED[orientation](upright))
    exif = Image.Exif()
    exif[274] = orientation
    path = self.folder / f'p{suffix}'
    Image.fromarray(stored).save(path, exif=exif, lossless=True)
    np.testing.assert_array_equal(image_io.load_rgb(path), upright)

  def test_orientation_of_a_jpeg(self):
    # JPEG is lossy, so the test compares halves: black above white.
    stored = np.zeros((16, 32, 3), np.uint8)
    stored[:, :16] = 255
    exif = Image.Exif()
    exif[274] = 8  # Turn by 90 degrees to the left: the left half goes down.
    Image.fromarray(stored).save(self.folder / 'p.jpg', exif=exif)
    loaded = image_io.load_rgb(self.folder / 'p.jpg')
    self.assertEqual(loaded.shape, (32, 16, 3))
    self.assertLess(loaded[:16].max(), 10)
    self.assertGreater(loaded[16:].min(), 245)

  def test_damaged_exif_is_ignored(self):
    Image.fromarray(_picture()).save(
      self.folder / 'p.png', exif=b'Exif\x00\x00rubbish, not a TIFF header'
    )
    np.testing.assert_array_equal(
      image_io.load_rgb(self.folder / 'p.png'), _picture()
    )

  def test_grey_and_black_and_white(self):
    grey = _picture()[..., 0]
    Image.fromarray(grey).save(self.folder / 'g.png')
    np.testing.assert_array_equal(
      image_io.load_rgb(self.folder / 'g.png'), grey[..., None].repeat(3, -1)
    )
    Image.fromarray(grey > 127).save(self.folder / 'b.png')
    np.testing.assert_array_equal(
      image_io.load_rgb(self.folder / 'b.png')[..., 1], 255 * (grey > 127)
    )

  def test_16_bit_grey(self):
    grey = np.array([[0, 257, 128 * 257], [65535, 300, 65278]], np.uint16)
    Image.fromarray(grey).save(self.folder / 'g.png')
    np.testing.assert_array_equal(
      image_io.load_rgb(self.folder / 'g.png')[..., 2],
      [[0, 1, 128], [255, 1, 254]],
    )

  def test_transparent_becomes_white(self):
    rgba = np.zeros((1, 3, 4), np.uint8)
    rgba[..., 0] = 200
    rgba[0, :, 3] = [255, 0, 51]  # Opaque, transparent, a fifth opaque.
    Image.fromarray(rgba).save(self.folder / 'a.png')
    np.testing.assert_array_equal(
      image_io.load_rgb(self.folder / 'a.png'),
      [[[200, 0, 0], [255, 255, 255], [244, 204, 204]]],
    )

  def test_palette_with_a_transparent_colour(self):
    picture = Image.fromarray(np.array([[0, 1, 2]], np.uint8), mode='P')
    picture.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    picture.save(self.folder / 'p.png', transparency=1)
    np.testing.assert_array_equal(
      image_io.load_rgb(self.folder / 'p.png'),
      [[[10, 20, 30], [255, 255, 255], [70, 80, 90]]],
    )

  def test_cmyk_jpeg(self):
    Image.new('CMYK', (8, 8), (255, 0, 0, 0)).save(self.folder / 'c.jpg')
    loaded = image_io.load_rgb(self.folder / 'c.jpg')
    self.assertEqual(loaded.shape, (8, 8, 3))
    np.testing.assert_allclose(loaded[4, 4], [0, 255, 255], atol=3)

  def test_floating_point_is_refused(self):
    Image.fromarray(np.ones((2, 2), np.float32)).save(self.folder / 'f.tiff')
    with self.assertRaisesRegex(ValueError, 'f.tiff .*floating-point'):
      image_io.load_rgb(self.folder / 'f.tiff')

  def test_message_names_missing_damaged_and_empty_files(self):
    with self.assertRaisesRegex(ValueError, 'no picture .*x.png'):
      image_io.load_rgb(self.folder / 'x.png')
    for suffix in ('.png', '.jpg', '.webp'):
      path = self.folder / f'half{suffix}'
      Image.fromarray(_picture(60, 60)).save(path)
      path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
      with self.assertRaisesRegex(ValueError, f'half{suffix} cannot be read'):
        image_io.load_rgb(path)
    for content in (b'', b'hello'):
      (self.folder / 'e.jpg').write_bytes(content)
      with self.assertRaisesRegex(ValueError, 'e.jpg cannot be read'):
        image_io.load_rgb(self.folder / 'e.jpg')


class ListImagesTest(absltest.TestCase):
  def test_lists_only_pictures_sorted(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    for name in ('b.JPG', 'a.webp', 'c.jpeg', 'notes.txt', '._b.jpg', 'd.png'):
      (folder / name).touch()
    os.mkdir(folder / 'folder.png')
    names = [path.name for path in image_io.list_images(folder)]
    self.assertEqual(names, ['a.webp', 'b.JPG', 'c.jpeg', 'd.png'])

  def test_empty_and_missing_folder(self):
    folder = self.create_tempdir().full_path
    with self.assertRaisesRegex(ValueError, f'{folder} contains no picture'):
      image_io.list_images(folder)
    with self.assertRaisesRegex(ValueError, '/x/y cannot be read'):
      image_io.list_images('/x/y')


class ResizeTest(parameterized.TestCase):
  def test_picture_of_the_right_size_is_unchanged(self):
    rgb_uint8 = _picture()
    self.assertIs(image_io.resize_rgb(rgb_uint8, (6, 9)), rgb_uint8)

  def test_shrinking_averages(self):
    # A fine chequerboard must become grey, not black or white.
    board = np.indices((480, 640)).sum(0) % 2 * 255
    rgb_uint8 = board[..., None].repeat(3, -1).astype(np.uint8)
    small = image_io.resize_rgb(rgb_uint8, (30, 40))
    self.assertEqual(small.shape, (30, 40, 3))
    self.assertLess(np.abs(small[2:-2, 2:-2].astype(int) - 127).max(), 6)

  def test_depth_is_enlarged_bilinearly(self):
    depth_mm = np.random.default_rng(3).uniform(500, 9000, (3, 4))
    # Pixel centres: output i is at (i + 0.5) / 4 - 0.5 of the input.
    rows = np.clip((np.arange(12) + 0.5) / 4 - 0.5, 0, 2)
    columns = np.clip((np.arange(16) + 0.5) / 4 - 0.5, 0, 3)
    by_row = np.stack(
      [np.interp(rows, range(3), column) for column in depth_mm.T], 1
    )
    expected = np.stack([np.interp(columns, range(4), r) for r in by_row])
    grown = image_io.resize_depth_mm(depth_mm, (12, 16))
    self.assertEqual(grown.dtype, np.float32)
    np.testing.assert_allclose(grown, expected, rtol=1e-4)


class PredictPictureTest(parameterized.TestCase):
  @parameterized.parameters((60, 80), (6, 8), (81, 33), (1, 1), (300, 20))
  def test_depth_has_the_pictures_size(self, height, width):
    model = model_file.TfliteModel(
      tiny_model.float_model(kernel=(0.0, 10.0, 0.0), bias=3.0)
    )
    rgb_uint8 = np.full((height, width, 3), (50, 100, 150), np.uint8)
    depth_mm = image_io.predict_picture_mm(model, rgb_uint8)
    np.testing.assert_allclose(
      depth_mm, np.full((height, width), 1003.0), rtol=1e-5
    )

  def test_left_stays_left_and_top_stays_top(self):
    model = model_file.TfliteModel(
      tiny_model.float_model(kernel=(1.0, 100.0, 0.0))
    )
    rgb_uint8 = np.zeros((48, 128, 3), np.uint8)
    rgb_uint8[:, 64:, 0] = 50
    rgb_uint8[24:, :, 1] = 50
    depth_mm = image_io.predict_picture_mm(model, rgb_uint8)
    corners = depth_mm[[[0, 0], [-1, -1]], [[0, -1], [0, -1]]]
    np.testing.assert_allclose(corners, [[0, 50], [5000, 5050]], atol=1)


if __name__ == '__main__':
  absltest.main()
