# SPDX-License-Identifier: Apache-2.0
import os
import struct

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from depth_mai.files import png16


class Png16Test(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = self.create_tempdir().full_path
    self.path = os.path.join(self.folder, 'd.png')

  def test_rounds_and_clips(self):
    depth_mm = np.array([[-5.0, 0.0, 0.4, 1.4], [1.6, 999.5, 7e4, 65534.6]])
    png16.write_depth_png(self.path, depth_mm)
    np.testing.assert_array_equal(
      png16.read_depth_png(self.path), [[1, 1, 1, 1], [2, 1000, 65535, 65535]]
    )

  @parameterized.parameters((3, 5), (3, 5, 1))
  def test_every_bit_survives(self, *shape):
    depth_mm = np.random.default_rng(0).integers(1, 65536, shape)
    png16.write_depth_png(self.path, depth_mm.astype(np.float32))
    read = png16.read_depth_png(self.path)
    self.assertEqual(read.dtype, np.uint16)
    np.testing.assert_array_equal(read, depth_mm.reshape(3, 5))

  def test_header_says_16_bit_grey(self):
    png16.write_depth_png(self.path, np.full((4, 9), 300.0))
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
      png16.write_depth_png(self.path, depth_mm)
    self.assertEqual(os.listdir(self.folder), [])

  @parameterized.parameters((6,), (2, 3, 2), (0, 4))
  def test_wrong_shape(self, *shape):
    with self.assertRaisesRegex(ValueError, 'height, width'):
      png16.write_depth_png(self.path, np.ones(shape))

  def test_unknown_stays_zero_when_read(self):
    Image.fromarray(np.array([[0, 40000]], np.uint16)).save(self.path)
    np.testing.assert_array_equal(png16.read_depth_png(self.path), [[0, 40000]])

  @parameterized.parameters('L', 'RGB')
  def test_other_kinds_are_refused(self, mode):
    Image.new(mode, (4, 4)).save(self.path)
    with self.assertRaisesRegex(ValueError, f'd.png .* mode {mode}, not'):
      png16.read_depth_png(self.path)

  def test_unreadable(self):
    with self.assertRaisesRegex(ValueError, 'd.png cannot be read'):
      png16.read_depth_png(self.path)
    with open(self.path, 'wb') as stream:
      stream.write(b'no picture')
    with self.assertRaisesRegex(ValueError, 'd.png cannot be read'):
      png16.read_depth_png(self.path)


if __name__ == '__main__':
  absltest.main()
