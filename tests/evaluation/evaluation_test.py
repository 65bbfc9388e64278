# SPDX-License-Identifier: Apache-2.0
"""Tests of running a predictor over a split."""

import os
import pathlib

from absl.testing import absltest
import numpy as np
from PIL import Image

from depth_mai.evaluation import evaluation


class RedPredictor:
  """Predicts 10 mm for each level of red and records the ids of its batches."""

  def __init__(self, batch_size=1, size=None):
    self.batch_size = batch_size
    self.batches = []
    self._size = size

  def predict_mm(self, names, rgb_uint8):
    self.batches.append(list(names))
    depths_mm = [rgb[..., 0].astype(np.float32) * 10 for rgb in rgb_uint8]
    if self._size is not None:
      return [np.full(self._size, d[0, 0], np.float32) for d in depths_mm]
    return depths_mm


def _pairs(count, height=24, width=32):
  for i in range(count):
    rgb = np.full((height, width, 3), 50 + 10 * i, np.uint8)
    depth_mm = np.full((height, width), 1000, np.uint16)
    depth_mm[: height // 2] = 2000
    depth_mm[:, 0] = 0
    yield f'{i:03d}', rgb, depth_mm


class EvaluateTest(absltest.TestCase):
  def test_measures_each_image(self):
    result = evaluation.evaluate(RedPredictor(), _pairs(3))
    want = []
    for prediction_m in (0.5, 0.6, 0.7):
      errors = prediction_m - np.array([1.0, 2.0])
      want.append(np.sqrt(np.mean(errors**2)))
    self.assertAlmostEqual(result['rmse'], np.mean(want), delta=1e-9)
    self.assertEqual(list(result['per_image']), ['000', '001', '002'])
    for name, value in zip(result['per_image'], want, strict=True):
      got = result['per_image'][name]
      self.assertAlmostEqual(got['rmse'], value, delta=1e-9)
      self.assertAlmostEqual(got['si_rmse'], np.log(2) / 2, delta=1e-9)

  def test_alignment_is_part_of_the_result(self):
    # The upper half is nearer in the prediction, but farther in the truth.
    pairs = list(_pairs(2))
    for _, rgb, _ in pairs:
      rgb[12:, :, 0] += 30
    folder = self.create_tempdir().full_path
    plain = evaluation.evaluate(RedPredictor(), pairs)
    self.assertAlmostEqual(plain['rank_correlation'], -1.0)
    self.assertIn('inverse depth', plain['warnings'][0])
    for align in ('scale_shift', 'inverse_scale_shift'):
      got = evaluation.evaluate(
        RedPredictor(), pairs, pictures_dir=folder, align=align
      )
      self.assertEqual(got['alignment'], align)
      # A line fits two depths in any order, but the order is wrong.
      self.assertEqual(bool(got['warnings']), align == 'scale_shift')
      self.assertLess(got['rmse'], 1e-6)
    self.assertEqual(plain['alignment'], 'none')
    for _, rgb, _ in pairs:
      rgb[12:, :, 0] -= 60
    depth = evaluation.evaluate(
      RedPredictor(), pairs, align='inverse_scale_shift'
    )
    self.assertIn('looks like depth, not', depth['warnings'][0])
    constant = evaluation.evaluate(RedPredictor(), _pairs(1))
    self.assertIsNone(constant['rank_correlation'])
    self.assertEqual(constant['warnings'], [])

  def test_negative_aligned_depth_can_be_drawn(self):
    ((name, rgb, depth_mm),) = _pairs(1)
    depth_mm[:] = 20
    depth_mm[:, ::2] = 60000
    rgb[..., 0] = 100
    rgb[:, ::2, 0] = 250
    rgb[0, 1, 0] = 0  # Below the line through the others.
    folder = pathlib.Path(self.create_tempdir().full_path)
    evaluation.evaluate(
      RedPredictor(), [(name, rgb, depth_mm)], pictures_dir=folder,
      align='scale_shift',
    )  # fmt: skip
    self.assertTrue((folder / f'{name}.png').is_file())

  def test_another_unit_is_named(self):
    pairs = list(_pairs(2))
    for _, _, depth_mm in pairs:
      depth_mm[:] *= 20
    (warning,) = evaluation.evaluate(RedPredictor(), pairs)['warnings']
    self.assertIn('times the true depth', warning)
    aligned = evaluation.evaluate(RedPredictor(), pairs, align='median')
    self.assertEqual(aligned['warnings'], [])

  def test_batches_change_nothing(self):
    one, three = RedPredictor(1), RedPredictor(3)
    self.assertEqual(
      evaluation.evaluate(one, _pairs(7)), evaluation.evaluate(three, _pairs(7))
    )
    self.assertLen(one.batches, 7)
    self.assertEqual([len(batch) for batch in three.batches], [3, 3, 1])

  def test_limit(self):
    predictor = RedPredictor(3)
    result = evaluation.evaluate(predictor, _pairs(9), limit=4)
    self.assertEqual(result['images'], 4)
    self.assertEqual(predictor.batches, [['000', '001', '002'], ['003']])
    with self.assertRaisesRegex(ValueError, '--limit'):
      evaluation.evaluate(predictor, _pairs(9), limit=0)

  def test_observer_gets_each_image_with_the_resized_prediction(self):
    pairs, seen = list(_pairs(3)), []
    pairs[1][2][:] = 0  # No known depth: observed, but not measured.
    result = evaluation.evaluate(
      RedPredictor(2, size=(6, 8)), pairs, observe=lambda *one: seen.append(one)
    )
    self.assertEqual([one[0] for one in seen], ['000', '001', '002'])
    self.assertEqual(list(result['per_image']), ['000', '002'])
    for (_, rgb, pred_mm, depth_mm), pair in zip(seen, pairs, strict=True):
      np.testing.assert_array_equal(rgb, pair[1])
      np.testing.assert_array_equal(depth_mm, pair[2])
      np.testing.assert_allclose(pred_mm, 10.0 * rgb[..., 0])

  def test_predictions_are_resized_to_the_truth(self):
    plain = evaluation.evaluate(RedPredictor(), _pairs(2))
    small = evaluation.evaluate(RedPredictor(size=(6, 8)), _pairs(2))
    large = evaluation.evaluate(RedPredictor(size=(48, 50)), _pairs(2))
    for result in (small, large):
      self.assertAlmostEqual(result['rmse'], plain['rmse'], places=6)
      self.assertEqual(result['pixels'], plain['pixels'])

  def test_resize_is_bilinear_between_pixel_centres(self):
    class Ramp(RedPredictor):
      def predict_mm(self, names, rgb_uint8):
        return [np.array([[1000, 2000]], np.uint16)] * len(names)

    # Pillow resizes with half-pixel centres: 1000, 1250, 1750, 2000.
    truth_mm = np.array([[1000, 1250, 1750, 2000]], np.uint16)
    rgb = np.zeros((1, 4, 3), np.uint8)
    result = evaluation.evaluate(Ramp(), [('a', rgb, truth_mm)] * 2)
    self.assertAlmostEqual(result['rmse'], 0.0, delta=1e-9)

  def test_errors_name_the_image(self):
    class Broken(RedPredictor):
      def predict_mm(self, names, rgb_uint8):
        return [np.full(x.shape[:2], np.nan, np.float32) for x in rgb_uint8]

    with self.assertRaisesRegex(ValueError, 'Image 000: .*NaN'):
      evaluation.evaluate(Broken(), _pairs(2))

  def test_nothing_to_measure(self):
    with self.assertRaisesRegex(ValueError, '0 images measured'):
      evaluation.evaluate(RedPredictor(), iter(()))

  def test_pictures_of_odd_names_stay_in_the_folder(self):
    folder = self.create_tempdir().full_path
    names = ['../../outside', 'caf\udce9', 'a\nb', 'nul\0']
    pairs = [
      (name, *pair[1:]) for name, pair in zip(names, _pairs(4), strict=True)
    ]
    result = evaluation.evaluate(RedPredictor(), pairs, pictures_dir=folder)
    self.assertEqual(list(result['per_image']), names)
    self.assertCountEqual(
      os.listdir(folder),
      [
        '.._.._outside.png',
        'caf\udce9.png',
        'a\nb.png',
        'nul_.png',
        evaluation.OVERVIEW,
      ],
    )

  def test_a_full_disk_loses_no_figure(self):
    pairs = list(_pairs(3))
    expected = evaluation.evaluate(RedPredictor(), pairs)
    result = evaluation.evaluate(
      RedPredictor(), pairs, pictures_dir='/proc/nowhere'
    )
    self.assertRegex(result.pop('pictures_problem'), '^/proc/nowhere')
    self.assertEqual(result, expected)

  def test_pictures(self):
    folder = self.create_tempdir().full_path
    evaluation.evaluate(RedPredictor(), _pairs(4), pictures_dir=folder)
    self.assertCountEqual(
      os.listdir(folder),
      ['000.png', '001.png', '002.png', '003.png', '_overview.png'],
    )
    sizes = []
    for name in ('000.png', '_overview.png'):
      with Image.open(os.path.join(folder, name)) as saved:
        sizes.append(saved.size)
    self.assertGreater(sizes[1][1], 4 * (sizes[0][1] // 2))


class SplitIdsTest(absltest.TestCase):
  def test_challenge_folder(self):
    root = pathlib.Path(self.create_tempdir().full_path)
    for kind in ('rgb', 'depth'):
      (root / 'validation' / kind).mkdir(parents=True)
      for name in ('b', 'a10', 'a9'):
        (root / 'validation' / kind / f'{name}.png').touch()
    self.assertEqual(
      evaluation.split_ids(root, 'validation'), ['a10', 'a9', 'b']
    )
    with self.assertRaisesRegex(ValueError, 'no split'):
      evaluation.split_ids(root, 'train')

  def test_records(self):
    # Imported here because the rest of this file needs no TensorFlow.
    from depth_mai.data import records
    from depth_mai.data import source

    root = pathlib.Path(self.create_tempdir().full_path)
    for name, rgb, depth_mm in _pairs(3):
      for kind, values in (('rgb', rgb), ('depth', depth_mm)):
        path = root / 'data' / 'validation' / kind / f'{name}.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(values).save(path)
    prepared = records.prepare(root / 'data', root / 'records')
    ids = evaluation.split_ids(prepared, 'validation')
    self.assertCountEqual(ids, ['000', '001', '002'])
    result = evaluation.evaluate(
      RedPredictor(), source.evaluation_pairs(prepared, 'validation')
    )
    self.assertEqual(list(result['per_image']), ids)
    want = evaluation.evaluate(RedPredictor(), _pairs(3))
    self.assertEqual(result['per_image'], want['per_image'])


if __name__ == '__main__':
  absltest.main()
