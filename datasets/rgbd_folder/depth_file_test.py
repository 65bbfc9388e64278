# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.datasets.rgbd_folder.depth_file."""

import os
import pathlib
import struct
import zipfile

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from depth_mai.datasets.rgbd_folder import depth_file
from depth_mai.datasets.rgbd_folder import encodings
from depth_mai.files import problems

_VALUES = np.array([[0, 1, 255, 256], [32767, 32768, 65534, 65535]], np.uint16)
_METRES = (_VALUES / 1000).astype(np.float32)


class DepthFileTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)

  def _refusal(self, path):
    with self.assertRaises(problems.BadInputError) as caught:
      depth_file.read(path)
    self.assertEqual(caught.exception.problems[0].path, path)
    return str(caught.exception)

  @parameterized.parameters('.png', '.PNG', '.tif', '.tiff')
  def test_pictures_of_16_bits(self, suffix):
    path = self.root / f'a{suffix}'
    Image.fromarray(_VALUES).save(path)
    np.testing.assert_array_equal(depth_file.read(path), _VALUES)

  def test_tiff_of_floats(self):
    path = self.root / 'a.tif'
    Image.fromarray(_METRES).save(path)
    np.testing.assert_array_equal(depth_file.read(path), _METRES)

  def test_pfm_stores_the_last_row_first(self):
    path = self.root / 'a.pfm'
    path.write_bytes(b'Pf\n4 2\n-1.0\n' + _METRES[::-1].astype('<f4').tobytes())
    np.testing.assert_array_equal(depth_file.read(path), _METRES)

  @parameterized.parameters(
    b'P5 4 2 65535\n', b'P5\n# a comment\n4 2\n65535\n', b'P5\n4\n2\n11000\n'
  )
  def test_pgm_keeps_its_numbers(self, header):
    path = self.root / 'a.pgm'
    path.write_bytes(header + _VALUES.astype('>u2').tobytes())
    np.testing.assert_array_equal(depth_file.read(path), _VALUES)

  @parameterized.product(
    shape=[(2, 4), (2, 4, 1), (1, 2, 4)],
    dtype=[np.uint16, np.int32, np.float16, np.float32, np.float64],
  )
  def test_npy(self, shape, dtype):
    path = self.root / 'a.npy'
    values = (_VALUES // 256).astype(dtype)
    np.save(path, values.reshape(shape))
    found = depth_file.read(path)
    self.assertEqual(found.dtype, dtype)
    np.testing.assert_array_equal(found, values)

  def test_npz(self):
    path = self.root / 'a.npz'
    np.savez(path, anything=_METRES)
    np.testing.assert_array_equal(depth_file.read(path), _METRES)
    np.savez_compressed(path, depth=_METRES, confidence=_VALUES)
    np.testing.assert_array_equal(depth_file.read(path), _METRES)
    np.savez(path, a=_METRES, b=_METRES)
    self.assertIn(
      "2 arrays (a, b), and none is named 'depth'", self._refusal(path)
    )

  def test_npz_of_other_files(self):
    path = self.root / 'a.npz'
    with zipfile.ZipFile(path, 'w') as archive:
      archive.writestr('depth.npy', b'no array')
    self.assertIn('cannot be read', self._refusal(path))

  @parameterized.parameters(*depth_file.READERS)
  def test_pipes_are_refused_at_once(self, suffix):
    path = self.root / f'pipe{suffix}'
    os.mkfifo(path)
    self.assertIn('a pipe', self._refusal(path))

  def test_exr_is_refused_with_a_cure(self):
    path = self.root / 'a.exr'
    path.write_bytes(b'v/1\x01')
    message = self._refusal(path)
    self.assertIn('neither NumPy nor Pillow can read OpenEXR', message)
    self.assertIn('OPENCV_IO_ENABLE_OPENEXR', message)

  @parameterized.parameters(
    ('a.jpg', 'JPEG keeps only 8 bits'),
    ('a.bin', "'*.bin' is not a known format"),
  )
  def test_other_files(self, name, words):
    self.assertIn(words, self._refusal(self.root / name))

  @parameterized.parameters('.png', '.tif')
  def test_8_bits_are_refused(self, suffix):
    path = self.root / f'a{suffix}'
    Image.new('L', (4, 2), 90).save(path)
    message = self._refusal(path)
    self.assertIn('cannot be recovered from coloured or 8-bit', message)

  def test_colours_are_refused(self):
    path = self.root / 'a.tif'
    Image.new('RGB', (4, 2)).save(path)
    self.assertIn('the mode RGB', self._refusal(path))

  def test_pgm_as_text(self):
    path = self.root / 'a.pgm'
    numbers = ' '.join(map(str, _VALUES.ravel()))
    path.write_text(f'P2\n# a comment\n4 2\n65535\n{numbers}\n')
    np.testing.assert_array_equal(depth_file.read(path), _VALUES)

  def test_pfm_with_a_scale(self):
    path = self.root / 'a.pfm'
    path.write_bytes(b'Pf\n4 2\n-0.0039\n' + _METRES.tobytes())
    self.assertIn('the scale 0.0039', self._refusal(path))

  def test_tiff_of_16_bit_floats(self):
    path = self.root / 'a.tif'
    Image.fromarray(_VALUES).save(path)
    # Sample format 3 (float) instead of 1, as the tag 339 stores it.
    content = path.read_bytes()
    tag = struct.pack('<HHIHH', 339, 3, 1, 1, 0)
    if tag not in content:  # Pillow leaves out the default.
      tag, content = struct.pack('<HHIHH', 258, 3, 1, 16, 0), content
      wanted = struct.pack('<HHIHH', 258, 3, 1, 64, 0)
    else:
      wanted = struct.pack('<HHIHH', 339, 3, 1, 3, 0)
    self.assertIn(tag, content)
    path.write_bytes(content.replace(tag, wanted))
    self.assertIn('not of 16 or 64', self._refusal(path))

  def test_tiff_of_several_pages(self):
    path = self.root / 'a.tif'
    pages = [Image.fromarray(_VALUES), Image.fromarray(_VALUES)]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    self.assertIn('it has 2 pages', self._refusal(path))

  def test_24_bits_in_colours(self):
    path = self.root / 'a.png'
    depth_m = np.linspace(3, 40, 96)[:, None] + np.zeros((96, 128))
    numbers = np.rint(depth_m / 1000 * (2**24 - 1)).astype(int)
    parts = [numbers % 256, numbers // 256 % 256, numbers // 65536]
    Image.fromarray(np.stack(parts, -1).astype(np.uint8)).save(path)
    found = depth_file.read(path, encodings.ENCODINGS['rgb24'])
    np.testing.assert_array_equal(found, numbers)
    self.assertIn('set depth_unit = "rgb24"', self._refusal(path))
    path = self.root / 'b.png'
    Image.fromarray(_VALUES).save(path)
    with self.assertRaisesRegex(problems.BadInputError, 'three channels of 8'):
      depth_file.read(path, encodings.ENCODINGS['rgb24'])

  def test_rotated_bits(self):
    path = self.root / 'a.npy'
    np.save(path, np.array([[8, 65528, 1]], np.int32))
    found = depth_file.read(path, encodings.ENCODINGS['sunrgbd'])
    np.testing.assert_array_equal(found, [[1, 8191, 8192]])
    np.save(path, np.array([[8.5, 3]]))
    with self.assertRaisesRegex(problems.BadInputError, '16-bit codes'):
      depth_file.read(path, encodings.ENCODINGS['sunrgbd'])

  @parameterized.parameters('.h5', '.hdf5', '.mat')
  def test_formats_of_other_programs(self, suffix):
    self.assertIn('np.save', self._refusal(self.root / f'a{suffix}'))

  def test_pgm_of_8_bits(self):
    path = self.root / 'a.pgm'
    path.write_bytes(b'P5 4 2 255\n' + bytes(8))
    self.assertIn('8 bits', self._refusal(path))

  @parameterized.parameters(
    ((2, 4, 3), np.float32, '[2, 4, 3]'),
    ((8,), np.float32, '[8]'),
    ((0, 4), np.float32, '[0, 4]'),
    ((2, 4), np.uint8, 'contains uint8'),
    ((2, 4), np.complex64, 'contains complex64'),
  )
  def test_npy_with_other_content(self, shape, dtype, words):
    path = self.root / 'a.npy'
    np.save(path, np.zeros(shape, dtype))
    self.assertIn(words, self._refusal(path))

  def test_objects_are_never_unpickled(self):
    path = self.root / 'a.npy'
    np.save(path, np.array([{}]), allow_pickle=True)
    self.assertIn('no array of numbers, but of Python', self._refusal(path))

  @parameterized.parameters('.npy', '.npz', '.tif', '.pgm', '.pfm', '.png')
  def test_truncated_files(self, suffix):
    path = self.root / f'a{suffix}'
    if suffix == '.npy':
      np.save(path, _METRES)
    elif suffix == '.npz':
      np.savez(path, _METRES)
    elif suffix == '.pgm':
      path.write_bytes(b'P5 4 2 65535\n' + _VALUES.tobytes())
    elif suffix == '.pfm':
      path.write_bytes(b'Pf\n4 2\n-1.0\n' + _METRES.tobytes())
    else:
      Image.fromarray(_VALUES).save(path)
    depth_file.read(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) - 9])
    self.assertIn('again', self._refusal(path))
    path.write_bytes(b'')
    self._refusal(path)

  def test_missing_file(self):
    self.assertIn('No such file', self._refusal(self.root / 'a.npy'))


if __name__ == '__main__':
  absltest.main()
