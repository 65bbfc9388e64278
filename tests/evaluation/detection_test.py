# SPDX-License-Identifier: Apache-2.0
"""Tests of finding range and unit by trial."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.evaluation import alignment
from depth_mai.evaluation import detection
from depth_mai.runtime import interface_evidence as evidence
from depth_mai.runtime import model_file
from tests.runtime import foreign_model

_RANGES = ('0..255', '0..1', '-1..1')


def _trials(factor, noise=0.0, seed=0):
  """Returns trials that predict factor times the truth, with noise."""
  rng = np.random.default_rng(seed)
  trials = []
  for _ in range(3):
    depth_mm = rng.integers(500, 9000, (12, 16)).astype(np.uint16)
    depth = depth_mm * factor * np.exp(noise * rng.normal(size=depth_mm.shape))
    depth_mm[rng.random(depth_mm.shape) < 0.3] = 0
    trials.append(detection.Trial(depth.astype(np.float32), depth_mm))
  return trials


class RangeTest(parameterized.TestCase):
  @parameterized.parameters(*_RANGES)
  def test_the_smallest_error_wins(self, right):
    got = detection.find_range(
      {name: _trials(1.0, 0.1 if name == right else 0.5) for name in _RANGES},
      None,
    )
    self.assertEqual((got.value, got.doubt), (right, ''))
    self.assertTrue(got.with_truth)
    for name in _RANGES:
      self.assertIn(name, got.why)

  def test_a_small_difference_keeps_the_first_candidate_and_is_said(self):
    noise = {'0..255': 0.300, '0..1': 0.299, '-1..1': 0.5}
    got = detection.find_range(
      {name: _trials(1.0, noise[name]) for name in noise}, 'mm'
    )
    self.assertEqual(got.value, '0..255')
    self.assertIn('unclear: 0..255, 0..1 fit', got.doubt)

  def test_predictions_in_metres(self):
    # Read as millimetres, all would be clipped at 1 mm: equal errors.
    got = detection.find_range(
      {name: _trials(1e-3, 0.1 if name == '0..1' else 0.6) for name in _RANGES},
      None,
    )
    self.assertEqual(got.value, '0..1')

  def test_predictions_that_are_not_finite_lose(self):
    broken = [
      trial._replace(depth=trial.depth * np.float32(np.nan))
      for trial in _trials(1.0)
    ]
    got = detection.find_range({'0..255': broken, '0..1': _trials(1.0)}, None)
    self.assertEqual((got.value, got.doubt), ('0..1', ''))
    got = detection.find_range({'0..255': broken, '0..1': broken}, None)
    self.assertIn('unclear', got.doubt)


class UnitTest(parameterized.TestCase):
  @parameterized.parameters(
    (1.0, 'mm'),
    (0.5, 'mm'),
    (4.0, 'mm'),
    (1e-3, 'm'),
    (3e-3, 'm'),
    (0.4e-3, 'm'),
    # The geometric mean of both is a factor of 1000 ** 0.5 from each.
    (1.05 * 1000**-0.5, 'mm'),
    (0.95 * 1000**-0.5, 'm'),
    (100.0, 'mm'),
    (1e-5, 'm'),
  )
  def test_the_nearest_unit_wins(self, factor, want):
    got = detection.find_unit(_trials(factor))
    self.assertEqual((got.value, got.with_truth), (want, True))

  @parameterized.parameters(0.0, -1.0, np.nan)
  def test_predictions_without_a_unit(self, factor):
    got = detection.find_unit(_trials(factor))
    self.assertEqual(got.value, 'mm')
    self.assertIn('unclear', got.doubt)


def _pairs():
  """Yields ramps whose depth is 1000 + 4000 mean / 255 mm; one is unknown."""
  ramp = np.tile(np.linspace(0, 255, 24).astype(np.uint8), (12, 1))
  yield np.zeros((12, 24, 3), np.uint8), np.zeros((12, 24), np.uint16)
  for shift in (0, 5, 9):
    rolled = np.roll(ramp, shift, axis=1)
    depth_mm = (1000 + rolled * (4000 / 255)).astype(np.uint16)
    yield rolled[..., np.newaxis].repeat(3, axis=-1), depth_mm


class CompleteTest(parameterized.TestCase):
  def load(self, content, align=None, **flags):
    return model_file.TfliteModel(
      content,
      declared=evidence.Declared(**flags),
      complete=lambda *found: detection.complete(*found, _pairs, align),
    )

  @parameterized.named_parameters(
    ('metres_0_1', 4.0, 1.0, '0..1', 'm'),
    ('mm_0_255', 4000 / 255, 1000.0, '0..255', 'mm'),
    ('mm_minus_1_1', 2000.0, 3000.0, '-1..1', 'mm'),
    # The mean of the normalised grey value g / 255 is 4.4252 g / 255 - 1.9859,
    # from the means of 1 / deviation and of mean / deviation.
    ('metres_imagenet', 4.0 / 4.4252, 1.0 + 4.0 * 1.9859 / 4.4252, 'imagenet',
     'm'),
  )  # fmt: skip
  def test_real_files(self, factor, offset, input_range, unit):
    content = foreign_model.mean((1, 12, 24, 3), factor, offset)
    model = self.load(content)
    got = model.interface
    self.assertEqual((got.input_range, got.output_unit), (input_range, unit))
    self.assertTrue(model.reading.unit.with_truth)
    self.assertLen(model.reading.notes(), 2)
    _, (rgb, depth_mm), *_ = _pairs()
    np.testing.assert_allclose(model.predict_mm(rgb), depth_mm, rtol=0.02)

  def test_what_is_stated_is_not_tried(self):
    model = self.load(
      foreign_model.mean((1, 12, 24, 3), 4.0, 1.0), unit='m', input_range='0..1'
    )
    self.assertEqual(model.reading.notes(), [])
    model = self.load(foreign_model.mean((1, 12, 24, 3), 4.0, 1.0), unit='m')
    self.assertEqual(model.interface.input_range, '0..1')
    self.assertFalse(model.reading.unit.with_truth)

  def test_inverse_depth_is_refused_by_name(self):
    # 1500 / (1 + 4 mean / 255): 1.5e6 / depth_mm.
    content = foreign_model.mean(
      (1, 12, 24, 3), 1500.0 * 255 / 4, 255 / 4, inverse=True
    )
    with self.assertRaisesRegex(
      ValueError, 'inverse depth.*not detected.*--input_range and --unit'
    ):
      self.load(content)
    with self.assertRaisesRegex(ValueError, 'inverse depth.*declare --unit'):
      self.load(content, input_range='0..255')
    declared = self.load(content, input_range='0..255', unit='mm')
    self.assertEqual(declared.reading.notes(), [])
    with self.assertRaisesRegex(ValueError, 'inverse depth'):
      self.load(content, alignment.scale_shift)
    aligned = self.load(content, alignment.inverse_scale_shift)
    self.assertEqual(aligned.interface.input_range, '0..255')
    self.assertIn('aligned', aligned.reading.unit.why)

  def test_no_known_depth(self):
    unknown = [(np.zeros((12, 24, 3), np.uint8), np.zeros((12, 24)))]
    with self.assertRaisesRegex(ValueError, 'no picture has known depth'):
      model_file.TfliteModel(
        foreign_model.mean(),
        complete=lambda *found: detection.complete(*found, lambda: unknown),
      )

  def test_a_quantised_range_that_none_fits_is_refused(self):
    # 0..6, such as pictures divided by 42.5.
    content = foreign_model.mean(
      (1, 12, 24, 3), 4000 / 6, 1000.0, 'uint8', (6 / 255, 0)
    )
    with self.assertRaisesRegex(
      ValueError, 'covers 0 to 6, which is none.*declare --input_range'
    ):
      self.load(content, unit='mm')

  def test_a_quantised_range_that_is_too_wide_is_said(self):
    # Steps of 2 from 0: 0..510, so a byte is a value of 0..255 all the same.
    content = foreign_model.mean(
      (1, 12, 24, 3), 4000 / 255, 1000.0, 'uint8', (2.0, 0)
    )
    model = self.load(content)
    self.assertEqual(model.interface.input_range, '0..255')
    self.assertIn('covers 0 to 510, which is none', model.reading.doubts()[0])


if __name__ == '__main__':
  absltest.main()
