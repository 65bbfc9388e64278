# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.pictures.picture_files."""

import io
import os
import pathlib
import struct
import zlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from depth_mai.files import problems
from depth_mai.pictures import picture_files
from tests.pictures import odd_pictures


def _png(samples: np.ndarray, bits: int, colour_type: int) -> bytes:
  """Encodes samples [H, W * channels] according to the PNG standard."""
  samples = np.asarray(samples)
  channels = odd_pictures.CHANNELS[colour_type]
  samples = samples.reshape(len(samples), -1, channels)
  return odd_pictures.png(samples, bits, colour_type)


def _jpeg(mode: str = 'RGB') -> bytes:
  noise = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
  content = io.BytesIO()
  Image.fromarray(noise).convert(mode).save(content, 'JPEG')
  return content.getvalue()


class PictureFilesTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.path = pathlib.Path(self.create_tempdir().full_path) / 'a.png'

  def assert_refused(self, read, *words):
    with self.assertRaises(problems.BadInputError) as caught:
      read(self.path)
    (problem,) = caught.exception.problems
    self.assertEqual(problem.path, self.path)
    for word in words:
      self.assertIn(word, str(caught.exception))

  def test_depth_is_exact(self):
    depth_mm = np.array(
      [[0, 1, 255, 256, 257], [32767, 32768, 40000, 65534, 65535]], np.uint16
    )
    self.path.write_bytes(_png(depth_mm, 16, 0))
    read = picture_files.read_depth_mm(self.path)
    self.assertEqual(read.dtype, np.uint16)
    np.testing.assert_array_equal(read, depth_mm)

  def test_rgb_is_exact(self):
    rgb_uint8 = np.arange(24, dtype=np.uint8).reshape(2, 4, 3) * 10
    self.path.write_bytes(_png(rgb_uint8.reshape(2, 12), 8, 2))
    read = picture_files.read_rgb(str(self.path))
    self.assertEqual(read.dtype, np.uint8)
    np.testing.assert_array_equal(read, rgb_uint8)

  def test_rgb_of_every_kind_is_what_viewers_show(self):
    for name, encoded, expected in odd_pictures.exactly():
      self.path.write_bytes(encoded)
      read = picture_files.read_rgb(self.path)
      np.testing.assert_array_equal(read, expected, name)
      self.assertTrue(read.flags.c_contiguous)
      np.testing.assert_array_equal(picture_files.read_rgb(encoded), expected)

  def test_rgb_of_every_kind_with_loss(self):
    for name, encoded, expected in odd_pictures.roughly():
      self.path.write_bytes(encoded)
      read = picture_files.read_rgb(self.path).astype(int)
      self.assertEqual(read.shape, expected.shape, name)
      # JPEG mixes neighbours; 16 is for L*a*b* of 8 bits.
      self.assertLess(np.abs(read - expected).max(), 16, name)

  def test_only_pictures_that_all_decoders_agree_on_are_plain(self):
    plain = {
      'plain', 'grey', 'damaged_exif', 'palette', 'one_bit', 'animation',
      'orientation_1_PNG', 'orientation_1_jpeg',
    }  # fmt: skip
    plain |= {
      f'{c}_{k}' for c in ('red', 'teal', 'pale') for k in ('jpeg', 'mpo')
    }
    found = set()
    for kinds in (odd_pictures.exactly(), odd_pictures.roughly()):
      for name, encoded, _ in kinds:
        self.path.write_bytes(encoded)
        if picture_files.is_plain(self.path):
          found.add(name)
    self.assertEqual(found, plain)

  @parameterized.named_parameters(
    ('8_bits', 8, 0, 'one channel of 8 bits'),
    ('rgb', 8, 2, 'three channels of 8 bits'),
    ('rgb_of_16_bits', 16, 2, 'three channels of 16 bits'),
    ('grey_alpha_of_16_bits', 16, 4, 'two channels of 16 bits'),
    ('rgba', 8, 6, 'four channels of 8 bits'),
  )
  def test_depth_of_other_formats(self, bits, colour_type, words):
    samples = np.full((6, 8 * odd_pictures.CHANNELS[colour_type]), 200)
    self.path.write_bytes(_png(samples, bits, colour_type))
    self.assert_refused(
      picture_files.read_depth_mm, words, '16-bit one-channel PNG'
    )

  def test_palette_depth(self):
    picture = Image.new('P', (32, 24), 3)
    picture.putpalette([9] * 12)
    picture.save(self.path)
    self.assert_refused(picture_files.read_depth_mm, 'a palette')

  def test_depth_that_is_jpeg_inside(self):
    self.path.write_bytes(_jpeg('L'))
    self.assert_refused(picture_files.read_depth_mm, 'this is a JPEG file')

  def test_other_file(self):
    self.path.write_text('no picture at all')
    self.assert_refused(
      picture_files.read_rgb, 'not a picture that can be read (17 bytes)'
    )
    self.assert_refused(
      picture_files.read_depth_mm, 'not a PNG or JPEG file (17 bytes)'
    )

  def test_raw_files_of_cameras_hold_only_a_preview(self):
    preview = np.zeros((2, 3, 3), np.uint8)
    for tags in ({50706: b'\1\4\0\0'}, {254: 1}):
      self.path.write_bytes(odd_pictures.saved(preview, 'TIFF', tiffinfo=tags))
      self.assert_refused(picture_files.read_rgb, 'raw file', 'darktable')
    self.path = self.path.with_suffix('.NEF')
    self.path.write_bytes(odd_pictures.saved(preview, 'TIFF'))
    self.assert_refused(picture_files.read_rgb, 'raw file', 'darktable')

  def test_numbers_of_no_known_range(self):
    self.path.write_bytes(
      odd_pictures.saved(np.ones((2, 2), np.float32), 'TIFF')
    )
    self.assert_refused(
      picture_files.read_rgb, 'floating-point numbers', '8-bit RGB'
    )

  def test_a_picture_that_is_too_large(self):
    header = odd_pictures.png(np.zeros((1, 1, 1)), 8, 0)
    huge = bytearray(header)
    huge[16:24] = struct.pack('>II', 30000, 7000)
    huge[29:33] = struct.pack('>I', zlib.crc32(huge[12:29]))
    self.path.write_bytes(huge)
    self.assert_refused(
      picture_files.read_rgb, 'more than 178 million pixels', 'make it smaller'
    )

  def test_what_is_no_file(self):
    self.path = pathlib.Path('/dev/zero')  # It has no end.
    self.assert_refused(picture_files.read_rgb, 'not a file')

  def test_no_file(self):
    self.assert_refused(picture_files.read_depth_mm, 'No such file')

  @parameterized.parameters(0, 5, 20, 40, 0.5, 0.95, -5, -1)
  def test_truncated_png(self, kept):
    noise = np.random.default_rng(0).integers(400, 50000, (24, 32))
    self._truncate(picture_files.read_depth_mm, _png(noise, 16, 0), kept)

  @parameterized.parameters(0, 5, 40, 0.5, 0.9)
  def test_truncated_jpeg(self, kept):
    self._truncate(picture_files.read_rgb, _jpeg(), kept)

  def _truncate(self, read, content, kept):
    kept = round(kept * len(content)) if isinstance(kept, float) else kept
    self.path.write_bytes(content)
    read(self.path)
    self.path.write_bytes(content[:kept])
    self.assert_refused(read, 'again')

  def test_png_with_a_flipped_bit(self):
    # The checksum of the data is the only thing that is wrong here.
    content = bytearray(_png(np.full((24, 32), 900), 16, 0))
    content[-13] ^= 4
    self.path.write_bytes(content)
    self.assert_refused(picture_files.read_depth_mm, 'damaged')


class OrientationTest(parameterized.TestCase):
  @parameterized.product(
    orientation=tuple(range(1, 9)), suffix=('png', 'jpg', 'webp', 'tif')
  )
  def test_is_read(self, orientation, suffix):
    path = os.path.join(self.create_tempdir().full_path, f'a.{suffix}')
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new('RGB', (32, 24)).save(path, exif=exif)
    self.assertEqual(picture_files.orientation(path), orientation)

  def test_without_a_usable_one_it_is_1(self):
    path = os.path.join(self.create_tempdir().full_path, 'a.jpg')
    self.assertEqual(picture_files.orientation(path), 1)  # There is no file.
    exif = Image.Exif()
    exif[0x0112] = 9
    for damaged in (exif, b'Exif\0\0rubbish, not a TIFF header'):
      Image.new('RGB', (32, 24)).save(path, exif=damaged)
      self.assertEqual(picture_files.orientation(path), 1)


class WritingTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = self.create_tempdir().full_path
    self.path = os.path.join(self.folder, 'd.png')

  def test_rounds_and_clips(self):
    depth_mm = np.array([[-5.0, 0.0, 0.4, 1.4], [1.6, 999.5, 7e4, 65534.6]])
    picture_files.write_depth_mm(self.path, depth_mm)
    np.testing.assert_array_equal(
      picture_files.read_depth_mm(self.path),
      [[1, 1, 1, 1], [2, 1000, 65535, 65535]],
    )

  @parameterized.parameters((3, 5), (3, 5, 1))
  def test_every_bit_survives(self, *shape):
    depth_mm = np.random.default_rng(0).integers(1, 65536, shape)
    picture_files.write_depth_mm(self.path, depth_mm.astype(np.float32))
    read = picture_files.read_depth_mm(self.path)
    self.assertEqual(read.dtype, np.uint16)
    np.testing.assert_array_equal(read, depth_mm.reshape(3, 5))

  def test_header_is_16_bit_grey(self):
    picture_files.write_depth_mm(self.path, np.full((4, 9), 300.0))
    with open(self.path, 'rb') as stream:
      header = stream.read(26)
    # PNG specification, 11.2.1: width, height, bit depth, colour type 0.
    self.assertEqual(header[12:16], b'IHDR')
    self.assertEqual(struct.unpack('>IIBB', header[16:]), (9, 4, 16, 0))

  @parameterized.parameters(np.nan, np.inf)
  def test_not_finite_writes_nothing(self, bad):
    depth_mm = np.ones((2, 3))
    depth_mm[1, 1] = bad
    with self.assertRaisesRegex(ValueError, 'd.png: 1 of 6 depths are NaN'):
      picture_files.write_depth_mm(self.path, depth_mm)
    self.assertEqual(os.listdir(self.folder), [])

  @parameterized.parameters((6,), (2, 3, 2), (0, 4))
  def test_wrong_shape(self, *shape):
    with self.assertRaisesRegex(ValueError, 'height, width'):
      picture_files.write_depth_mm(self.path, np.ones(shape))


if __name__ == '__main__':
  absltest.main()
