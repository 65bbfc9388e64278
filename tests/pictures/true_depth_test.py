# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.pictures.true_depth."""

import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.pictures import true_depth
from tests.data import dummy_data


def _measured(size=(48, 64)):
  """Returns 0.9 to 4 m in millimetres."""
  return np.random.default_rng(0).integers(900, 4000, size).astype(np.uint16)


class TrueDepthTest(parameterized.TestCase):
  @parameterized.parameters(
    (np.uint16, 65535), (np.int32, 65535), (np.float32, 65535)
  )
  def test_the_largest_number_of_16_bits_is_always_a_mark(self, dtype, mark):
    values = _measured().astype(dtype)
    values[0, 0] = mark
    self.assertEqual(true_depth.marks(values), (mark,))

  def test_it_is_a_mark_after_conversion_to_metres(self):
    values = (_measured() / 1000).astype(np.float32)
    values[0, 0] = 65.535
    (mark,) = true_depth.marks(values)
    self.assertEqual((values == mark).sum(), 1)

  @parameterized.parameters(10000, 32767, 50000, 65534)
  def test_many_pixels_share_the_largest_number(self, mark):
    values = _measured()
    values[:16] = mark
    self.assertEqual(true_depth.marks(values), (mark,))
    depth_mm, count = true_depth.without_mark(values)
    self.assertEqual(count, 16 * 64)
    self.assertFalse(depth_mm[:16].any())
    np.testing.assert_array_equal(depth_mm[16:], values[16:])

  def test_far_depth_is_no_mark(self):
    ramp = np.linspace(900, 60000, 48 * 64).reshape(48, 64).astype(np.uint16)
    self.assertEmpty(true_depth.marks(ramp))
    few = _measured()
    few[0, :20] = 30000  # A window, less than 5 % of the pixels.
    self.assertEmpty(true_depth.marks(few))
    clipped = np.minimum(ramp, 20000)  # No gap below the largest number.
    self.assertEmpty(true_depth.marks(clipped))

  def test_depth_that_is_cut_off(self):
    ramp = np.linspace(900, 12000, 48 * 64).reshape(48, 64)
    clipped = np.minimum(ramp, 10000)
    self.assertEqual(true_depth.limit(clipped), 10000)
    self.assertEqual(true_depth.limit(ramp), 0)
    self.assertEqual(true_depth.limit(np.full((48, 64), 2000.0)), 0)
    self.assertEqual(true_depth.limit(np.zeros((48, 64))), 0)
    self.assertIn(
      '2 depth maps end at 10000, which at least 5%',
      true_depth.limit_note([10000, 0, 10000]),
    )
    self.assertEqual(true_depth.limit_note([10000, 9000, 0]), '')

  def test_reasons_of_marks(self):
    for mark in (65535, 65.535):
      self.assertIn('largest number of 16 bits', true_depth.reason(mark))
    self.assertIn('far above all others', true_depth.reason(10000))

  def test_flat_surfaces_are_no_mark(self):
    self.assertEmpty(true_depth.marks(np.full((48, 64), 2000, np.uint16)))
    box = np.full((48, 64), 6000, np.uint16)
    box[10:30, 10:30] = 1000
    self.assertEmpty(true_depth.marks(box))

  def test_unknown_numbers_are_ignored(self):
    values = np.array([[np.nan, np.inf, -np.inf, 0, -1, 2.5]])
    self.assertEmpty(true_depth.marks(values))
    self.assertEmpty(true_depth.marks(np.zeros((2, 3), np.uint16)))

  def test_file(self):
    path = pathlib.Path(self.create_tempdir().full_path) / 'a.png'
    values = _measured()
    values[5, 5:9] = 65535
    values[6, 6] = 0
    dummy_data.save_depth(path, values)
    depth_mm, count = true_depth.read_mm(path)
    self.assertEqual((depth_mm.dtype, count), (np.uint16, 4))
    expected = values.copy()
    expected[5, 5:9] = 0
    np.testing.assert_array_equal(depth_mm, expected)


if __name__ == '__main__':
  absltest.main()
