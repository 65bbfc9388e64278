# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.datasets.rgbd_folder.frame_reader."""

import io
import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from depth_mai.datasets.rgbd_folder import description as description_lib
from depth_mai.datasets.rgbd_folder import frame_reader
from depth_mai.datasets.rgbd_folder import pairing
from depth_mai.files import problems
from tests.data import dummy_data

Crop = description_lib.Crop


class FrameReaderTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    self.rgb_uint8, self.depth_mm = dummy_data.frame('hall', 0)
    self.rgb_path = self.root / 'a.png'
    Image.fromarray(self.rgb_uint8).save(self.rgb_path)

  def _read(self, values, suffix='.npy', mask=None, **keys):
    """Reads a frame with these numbers in its depth file."""
    keys = {'depth_unit': 'mm', **keys}
    depth_path = self.root / f'depth{suffix}'
    if suffix == '.npy':
      np.save(depth_path, values)
    else:
      Image.fromarray(values).save(depth_path)
    mask_path = None
    if mask is not None:
      mask_path = self.root / 'mask.npy'
      np.save(mask_path, mask)
    description = description_lib.Description('{id}.png', '{id}.npy', **keys)
    frame = pairing.Frame('a', '', '', self.rgb_path, depth_path, mask_path)
    return frame_reader.read(frame, description)

  def _refusal(self, *args, **keys):
    with self.assertRaises(problems.BadInputError) as caught:
      self._read(*args, **keys)
    return str(caught.exception)

  @parameterized.named_parameters(
    ('mm', 'mm', 1000, '.png', np.uint16),
    ('tum', 'tum', 5000, '.png', np.uint16),
    ('kitti', 'kitti', 256, '.png', np.uint16),
    ('number', 6553.5, 6553.5, '.png', np.uint16),
    ('float_m', 'm', 1, '.npy', np.float32),
    ('float_mm', 'mm', 1000, '.npy', np.float64),
    ('int_cm', 'cm', 100, '.npy', np.int32),
  )
  def test_units(self, unit, per_metre, suffix, dtype):
    values = self.depth_mm / 1000 * per_metre
    if dtype in (np.uint16, np.int32):
      values = np.rint(values)
    values = values.astype(dtype)
    found = self._read(values, suffix, depth_unit=unit).depth_mm
    self.assertEqual(found.dtype, np.uint16)
    # Rounding to the unit is off by half a unit, to millimetres by half of one.
    is_integer = np.issubdtype(dtype, np.integer)
    coarse_mm = 500 / per_metre + 0.5 if is_integer else 0
    np.testing.assert_allclose(
      found.astype(int), self.depth_mm, rtol=0, atol=coarse_mm
    )
    np.testing.assert_array_equal(found == 0, self.depth_mm == 0)
    np.testing.assert_array_equal(
      found, np.rint(values.astype(float) * (1000 / per_metre))
    )

  def test_rotated_bits(self):
    depth_mm = self.depth_mm.astype(int)
    codes = (depth_mm % 8192 * 8 + depth_mm // 8192).astype(np.uint16)
    found = self._read(codes, '.png', depth_unit='sunrgbd').depth_mm
    np.testing.assert_array_equal(found, self.depth_mm)

  def test_disparities(self):
    with np.errstate(divide='ignore'):
      disparity_px = 0.2 * 2000 / (self.depth_mm / 1000)
    content = self._read(
      np.where(self.depth_mm > 0, disparity_px, 0),
      depth_unit='disparity',
      baseline_m=0.2,
      focal_px=2000,
    )
    np.testing.assert_array_equal(content.depth_mm, self.depth_mm)
    far = self._read(
      np.ones((24, 32), np.uint16),
      depth_unit='cityscapes',
      baseline_m=0.2,
      focal_px=2000,
    )
    self.assertFalse(far.depth_mm.any())
    self.assertEqual(far.facts.too_far, 1)

  @parameterized.parameters((65535, 'mm'), (65535, 'tum'), (30000, 'mm'))
  def test_marks_are_unknown(self, mark, unit):
    values = np.where(self.depth_mm == 0, mark, self.depth_mm)
    values = values.astype(np.uint16)
    content = self._read(values, '.png', depth_unit=unit)
    np.testing.assert_array_equal(content.depth_mm == 0, self.depth_mm == 0)
    self.assertEqual(content.facts.marks, (mark,))
    self.assertAlmostEqual(
      content.facts.marked, float((self.depth_mm == 0).mean())
    )
    self.assertLess(content.facts.values.most, 5001)

  def test_depth_that_lies_on_its_side(self):
    exif = Image.Exif()
    exif[0x112] = 6
    self.rgb_path = self.root / 'a.jpg'
    Image.fromarray(self.rgb_uint8).save(self.rgb_path, exif=exif)
    message = self._refusal(self.depth_mm)
    self.assertIn('after its EXIF orientation (6) has turned it', message)
    content = self._read(np.ascontiguousarray(np.rot90(self.depth_mm, -1)))
    self.assertEqual(content.rgb_uint8.shape, (32, 24, 3))
    self.assertEqual(content.facts.orientation, 6)

  def test_unknown_values(self):
    values = np.full(dummy_data.SIZE, 2.0)
    values[0, :7] = [np.nan, np.inf, -np.inf, -1, 0, 9.5, 65.535]
    content = self._read(values, depth_unit='m', invalid=(9.5,))
    expected = np.full(dummy_data.SIZE, 2000)
    expected[0, :7] = [0, 0, 0, 0, 0, 0, 0]
    np.testing.assert_array_equal(content.depth_mm, expected)

  def test_range(self):
    values = np.full(dummy_data.SIZE, 2.0)
    values[0, :6] = [0.0004, 0.299, 0.3, 10.0, 10.001, 65.536]
    content = self._read(
      values, depth_unit='m', min_depth_m=0.3, max_depth_m=10.0
    )
    np.testing.assert_array_equal(
      content.depth_mm[0, :6], [0, 0, 300, 10000, 0, 0]
    )
    self.assertAlmostEqual(content.facts.too_far, 2 / values.size)

  def test_depth_beyond_uint16_is_unknown(self):
    values = np.full(dummy_data.SIZE, 2.0, np.float32)
    values[0, :4] = [65.534, 65.535, 131.0, 1e30]
    content = self._read(values, depth_unit='m')
    np.testing.assert_array_equal(content.depth_mm[0, :4], [65534, 0, 0, 0])
    self.assertAlmostEqual(content.facts.too_far, 3 / values.size)

  @parameterized.parameters(np.uint8, np.float32, bool)
  def test_mask(self, dtype):
    mask = np.ones(dummy_data.SIZE, dtype)
    mask[:5] = 0
    content = self._read(self.depth_mm, mask=mask)
    self.assertFalse(content.depth_mm[:5].any())
    np.testing.assert_array_equal(content.depth_mm[5:], self.depth_mm[5:])

  def test_mask_of_another_size(self):
    mask = np.ones((12, 16), np.uint8)
    mask[0] = 0
    content = self._read(self.depth_mm, mask=mask)
    self.assertFalse(content.depth_mm[:2].any())
    np.testing.assert_array_equal(content.depth_mm[2:], self.depth_mm[2:])

  def test_picture_keeps_its_bytes(self):
    content = self._read(self.depth_mm)
    self.assertEqual(content.rgb, self.rgb_path.read_bytes())
    self.rgb_path = self.root / 'a.jpg'
    Image.fromarray(self.rgb_uint8).save(self.rgb_path)
    content = self._read(self.depth_mm)
    self.assertEqual(content.rgb, self.rgb_path.read_bytes())

  @parameterized.parameters('.bmp', '.ppm', '.tif')
  def test_other_pictures_become_png(self, suffix):
    self.rgb_path = self.root / f'a{suffix}'
    Image.fromarray(self.rgb_uint8).save(self.rgb_path)
    with Image.open(io.BytesIO(self._read(self.depth_mm).rgb)) as picture:
      self.assertEqual(picture.format, 'PNG')
      np.testing.assert_array_equal(np.asarray(picture), self.rgb_uint8)

  def test_small_depth_is_resized_to_the_picture(self):
    depth_mm = np.arange(1, 49, dtype=np.uint16).reshape(6, 8) * 100
    content = self._read(depth_mm)
    np.testing.assert_array_equal(
      content.depth_mm, np.repeat(np.repeat(depth_mm, 4, 0), 4, 1)
    )
    self.assertEqual(content.facts.depth_size, (8, 6))
    self.assertEqual(content.facts.size, (32, 24))

  @parameterized.parameters((7, 9), (24, 32), (50, 70), (13, 17), (1, 1))
  def test_nearest_pixel(self, height, width):
    values = np.arange(24 * 32).reshape(24, 32)
    found = frame_reader.resized(values, (height, width))
    for i in range(height):
      for j in range(width):
        # The pixel whose square contains the centre of pixel i, j.
        row, column = int((i + 0.5) / height * 24), int((j + 0.5) / width * 32)
        self.assertEqual(found[i, j], values[row, column])

  def test_large_depth_is_sampled_not_averaged(self):
    depth_mm = np.zeros((48, 64), np.uint16)
    depth_mm[1::2, 1::2] = 3000
    content = self._read(depth_mm)
    np.testing.assert_array_equal(content.depth_mm, np.full((24, 32), 3000))

  def test_crop(self):
    content = self._read(self.depth_mm, crop=Crop(1, 2, 3, 4))
    np.testing.assert_array_equal(content.depth_mm, self.depth_mm[2:20, 1:29])
    np.testing.assert_array_equal(content.rgb_uint8, self.rgb_uint8[2:20, 1:29])
    with Image.open(io.BytesIO(content.rgb)) as picture:
      np.testing.assert_array_equal(
        np.asarray(picture), self.rgb_uint8[2:20, 1:29]
      )
    self.assertEqual(content.facts.size, (28, 18))

  def test_crop_of_everything(self):
    message = self._refusal(self.depth_mm, crop=Crop(left=20, right=12))
    self.assertIn('cuts off all of its 32 x 24 pixels', message)

  def test_max_width(self):
    self.rgb_uint8[:] = [10, 200, 90]
    Image.fromarray(self.rgb_uint8).save(self.rgb_path)
    content = self._read(self.depth_mm, max_width=16)
    self.assertEqual(content.rgb_uint8.shape, (12, 16, 3))
    np.testing.assert_array_equal(content.rgb_uint8[5, 5], [10, 200, 90])
    np.testing.assert_array_equal(content.depth_mm, self.depth_mm[1::2, 1::2])
    unchanged = self._read(self.depth_mm, max_width=32)
    self.assertEqual(unchanged.rgb, self.rgb_path.read_bytes())

  @parameterized.parameters((24, 32), (25, 33), (240, 323))
  def test_similar_aspect_ratios(self, height, width):
    self._read(np.full((height, width), 900, np.uint16))

  @parameterized.parameters((24, 34), (18, 32), (32, 24))
  def test_different_aspect_ratios(self, height, width):
    message = self._refusal(np.full((height, width), 900, np.uint16))
    self.assertIn(f'the depth map is {width} x {height}', message)
    self.assertIn('a.png is 32 x 24', message)
    self.assertIn('aligned to the colour camera', message)

  def test_mask_with_another_shape(self):
    mask = np.ones((32, 24), np.uint8)
    message = self._refusal(self.depth_mm, mask=mask)
    self.assertIn('mask.npy: the mask is 24 x 32', message)
    message = self._refusal(self.depth_mm, mask=np.ones((24, 32, 3)))
    self.assertIn('the shape [H, W]; this file has [24, 32, 3]', message)

  def test_all_problems_of_a_frame(self):
    self.rgb_path.write_bytes(b'no picture')
    with self.assertRaises(problems.BadInputError) as caught:
      self._read(np.zeros((24, 32), np.uint8))
    self.assertEqual(
      [problem.path.name for problem in caught.exception.problems],
      ['a.png', 'depth.npy'],
    )

  def test_bad_picture_of_another_format(self):
    self.rgb_path = self.root / 'a.ppm'
    self.rgb_path.write_bytes(b'P6 4 4 255\n')
    self.assertIn('a.ppm: the file is damaged', self._refusal(self.depth_mm))

  def test_facts(self):
    values = np.full(dummy_data.SIZE, 2000, np.uint16)
    values[:6] = 0
    values[6, 0], values[6, 1] = 500, 9000
    facts = self._read(values, '.png').facts
    self.assertEqual(facts.dtype, 'uint16')
    self.assertEqual((facts.rgb_size, facts.depth_size), ((32, 24), (32, 24)))
    self.assertEqual(facts.depth_m.known, 0.75)
    self.assertEqual(
      (facts.depth_m.median, facts.depth_m.least, facts.depth_m.most),
      (2, 0.5, 9),
    )
    self.assertEqual((facts.values.least, facts.values.most), (500, 9000))

  def test_depth_that_is_unknown_everywhere(self):
    facts = self._read(np.zeros(dummy_data.SIZE, np.uint16)).facts
    self.assertEqual((facts.depth_m.known, facts.depth_m.median), (0, 0))


if __name__ == '__main__':
  absltest.main()
