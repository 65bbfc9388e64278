# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/calibration.py."""

import pathlib

from absl.testing import absltest
import numpy as np
from PIL import Image

from depth_mai.data import records
from depth_mai.lite import calibration

_SIZE = (24, 32)


class CalibrationTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    temporary = pathlib.Path(self.create_tempdir().full_path)
    self.records_dir = temporary / 'records'
    self.root = temporary / 'rooms'
    # The red level of a picture is its number; validation starts at 100.
    self._write('train', range(7))
    self._write('validation', range(100, 103))

  def _write(self, split, levels):
    for part in ('rgb', 'depth'):
      (self.root / split / part).mkdir(parents=True)
    for level in levels:
      rgb = np.zeros((*_SIZE, 3), np.uint8)
      rgb[..., 0] = level
      depth_mm = np.full(_SIZE, 2000, np.uint16)
      name = f'{level:03d}.png'
      Image.fromarray(rgb).save(self.root / split / 'rgb' / name)
      Image.fromarray(depth_mm).save(self.root / split / 'depth' / name)

  def _levels(self, sample):
    for image in sample.images:
      self.assertEqual(image.dtype, np.uint8)
    return [int(image[0, 0, 0]) for image in sample.images]

  def _sample(self, **options):
    options = {'count': 3, 'seed': 1, 'image_size': _SIZE, **options}
    return calibration.sample_images(str(self.root), **options)

  def test_sample_is_that_of_numpy(self):
    drawn = np.random.default_rng(9).choice(7, 3, replace=False)
    self.assertEqual(self._levels(self._sample(seed=9)), sorted(drawn))

  def test_small_split_gives_all(self):
    sample = self._sample(count=100)
    self.assertEqual(self._levels(sample), list(range(7)))
    self.assertEqual(
      sample.record(),
      {'data': 'rooms', 'split': 'train', 'seed': 1, 'count': 7},
    )

  def test_images_are_resized(self):
    sample = self._sample(image_size=(48, 40))
    self.assertEqual(sample.images[0].shape, (48, 40, 3))

  def test_prepared_records(self):
    prepared = records.prepare(self.root, self.records_dir)
    sample = calibration.sample_images(
      str(prepared), count=7, seed=1, image_size=_SIZE
    )
    self.assertCountEqual(self._levels(sample), range(7))
    again = calibration.sample_images(
      str(prepared), count=2, seed=4, image_size=_SIZE
    )
    positions = sorted(np.random.default_rng(4).choice(7, 2, replace=False))
    levels = self._levels(sample)
    self.assertEqual(self._levels(again), [levels[i] for i in positions])

  def test_samples_for_calibration_and_parity(self):
    train, parity = calibration.draw_samples(
      str(self.root), calibrate=True, count=4, seed=2, image_size=_SIZE
    )
    self.assertLen(train.images, 4)
    self.assertEqual(train.split, 'train')
    self.assertEqual(parity.split, 'validation')
    self.assertEqual(self._levels(parity), [100, 101, 102])

  def test_parity_sample_is_synthetic_without_data(self):
    train, parity = calibration.draw_samples(
      None, calibrate=False, count=4, seed=2, image_size=_SIZE
    )
    self.assertIsNone(train)
    self.assertEqual(parity.data_name, 'synthetic')
    self.assertEqual(parity.images[0].shape, (*_SIZE, 3))
    with self.assertRaisesRegex(ValueError, '--data_dir'):
      calibration.draw_samples(
        None, calibrate=True, count=4, seed=2, image_size=_SIZE
      )

  def test_refuses_bad_arguments(self):
    with self.assertRaisesRegex(ValueError, '--calibration_count'):
      self._sample(count=0)
    with self.assertRaisesRegex(ValueError, 'nowhere'):
      calibration.sample_images(
        str(self.root / 'nowhere'), count=1, seed=1, image_size=_SIZE
      )


if __name__ == '__main__':
  absltest.main()
