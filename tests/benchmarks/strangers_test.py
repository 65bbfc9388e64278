# SPDX-License-Identifier: Apache-2.0
"""Tests of benchmarks/strangers.py and what it imports, on made pairs."""

import contextlib
import io
import pathlib
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from benchmarks import stranger_folders
from benchmarks import stranger_measuring
from benchmarks import strangers
from depth_mai.devices import store as store_lib
from depth_mai.evaluation import evaluation
from depth_mai.metrics import depth_metrics
from tests.runtime import tiny_model

_SIZE = (40, 60)


def _write_pair(folder, name, rgb_uint8, numbers):
  for kind, values in (('rgb', rgb_uint8), ('depth', numbers)):
    (folder / kind).mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(folder / kind / f'{name}.png')


def _pair(seed, column=30):
  """Returns a picture whose red is brighter right of a column, and depth."""
  rng = np.random.default_rng(seed)
  rgb_uint8 = rng.integers(0, 5, (*_SIZE, 3), dtype=np.uint8)
  rgb_uint8[:, 30:, 0] += 150
  depth_mm = rng.integers(1500, 1530, _SIZE, dtype=np.uint16)
  depth_mm[:, column:] += 1200
  depth_mm[0, :3] = 0
  return rgb_uint8, depth_mm


class StrangersTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    self.room = self.root / 'data' / 'room'
    self.pairs = [_pair(seed, column) for seed, column in ((1, 30), (2, 34))]
    for name, pair in zip('ab', self.pairs, strict=True):
      _write_pair(self.room, name, *pair)
      _write_pair(self.root / 'data/set/validation', name, *pair)
    self.models_dir = self.root / 'models'
    self.models_dir.mkdir()
    for name, kernel in (('one', (8.0, 0, 0)), ('two', (0, 8.0, 0))):
      (self.models_dir / f'{name}_fp32.tflite').write_bytes(
        tiny_model.float_model(_SIZE, kernel, 1500.0)
      )
    self.store = self.root / 'store.jsonl'

  def _open(self, path, **options):
    return stranger_folders.open_folder(str(path), 'validation', **options)

  def _run(self, *paths, **options):
    """Returns what is printed, the JSON content and the problems."""
    models, problems = strangers.find_models(str(self.models_dir), [], 'fp32')
    measurer = stranger_measuring.Measurer(store_lib.Store(self.store), 2)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
      content, failed = strangers.run(
        [str(path) for path in paths], models, measurer, self._open, **options
      )
    return printed.getvalue(), content, problems + failed

  def test_figures(self):
    printed, content, problems = self._run(self.room)
    self.assertEmpty(problems)
    one, two = content['folders'][0]['models']
    expected = [
      depth_metrics.image_metrics(1500.0 + 8.0 * rgb[..., 0], depth_mm)
      for rgb, depth_mm in self.pairs
    ]
    for name in ('si_rmse', 'rmse', 'rel', 'delta1'):
      mean = np.mean([errors[name] for errors in expected])
      self.assertAlmostEqual(one[name], mean, places=6)
    # The jump of red is at the right place in one picture, 4 pixels off in
    # the other; green does not jump.
    self.assertAlmostEqual(one['boundary_accuracy'], 2.0, delta=0.5)
    self.assertAlmostEqual(one['boundary_completeness'], 2.0, delta=0.5)
    self.assertEqual(one['boundary_images'], 2)
    self.assertEqual(two['boundary_completeness'], 10.0)
    self.assertIn(f'| one | fp32 | {one["si_rmse"]:.4f} |', printed)
    self.assertIn('### room, 2 pairs', printed)
    self.assertNotIn('all folders', printed)

  def test_measurements_are_stored(self):
    printed, content, _ = self._run(self.room)
    with mock.patch.object(evaluation, 'evaluate', side_effect=AssertionError):
      self.assertEqual(self._run(self.room)[:2], (printed, content))
    _write_pair(self.room, 'a', *_pair(7))
    self.assertNotEqual(self._run(self.room)[1], content)

  def test_summary_has_means_over_folders(self):
    printed, content, _ = self._run(
      self.room, self.root / 'data/set', self.root / 'data/set/validation'
    )
    names = [folder['name'] for folder in content['folders']]
    self.assertEqual(names, ['room', 'set/validation', 'validation'])
    si_rmse = content['folders'][0]['models'][1]['si_rmse']
    cells = ' | '.join([f'{si_rmse:.4f}'] * 4)
    self.assertIn(f'| two | fp32 | {cells} |', printed.split('all folders')[1])

  def test_folders_of_one_name_are_told_apart(self):
    other = self.root / 'other' / 'room'
    _write_pair(other, 'c', *_pair(3))
    _, content, _ = self._run(self.room, other)
    names = [folder['name'] for folder in content['folders']]
    self.assertEqual(names, [str(self.room), str(other)])

  def test_pictures(self):
    out = self.root / 'pictures'
    self._run(self.room, pictures_dir=str(out), pictures=1)
    with Image.open(out / 'room.png') as picture:
      # Picture, truth and two models, 320 pixels each.
      self.assertGreater(picture.width, 4 * 320)
    self.assertLen(list(out.iterdir()), 1)

  def test_drawn_predictions_can_be_fitted(self):
    with mock.patch.object(
      strangers.leaderboard_pictures, 'leaderboard_pictures'
    ) as drawn:
      for align in ('none', 'median'):
        self._run(self.room, pictures_dir='x', pictures_align=align)
    ((plain, *_), _), ((fitted, examples, *_), _) = drawn.call_args_list
    known = examples[0][2] > 0
    medians = [np.median(x[known]) for x in (fitted['two'][0], examples[0][2])]
    self.assertAlmostEqual(medians[0], medians[1], delta=1.0)
    self.assertLess(np.median(plain['two'][0]), 0.9 * medians[1])

  def test_a_file_that_fails_does_not_stop_the_others(self):
    (self.models_dir / 'two_fp32.tflite').write_bytes(
      tiny_model.float_model(_SIZE, (np.nan, 0, 0))
    )
    printed, content, problems = self._run(self.room)
    self.assertLen(content['folders'][0]['models'], 1)
    self.assertIn('| one | fp32 |', printed)
    self.assertRegex(problems[0], 'two_fp32.tflite.*not finite')

  def test_an_unreadable_pair_stops(self):
    (self.room / 'depth' / 'b.png').write_bytes(b'no picture')
    with self.assertRaisesRegex(ValueError, r'b\.png'):
      self._run(self.room)

  def test_files_and_ready_weights(self):
    path = str(self.models_dir / 'one_fp32.tflite')
    models, problems = strangers.find_models(None, [path, 'tcl'], 'int8')
    self.assertEmpty(problems)
    self.assertEqual([model.system for model in models], ['one', 'tcl'])
    self.assertEqual(models[0].precision, 'fp32')
    with contextlib.chdir(self.models_dir):
      (model,), _ = strangers.find_models(None, ['./two_fp32.tflite'], 'int8')
    self.assertEqual(model.system, 'two')
    with self.assertRaisesRegex(ValueError, '--models_dir=DIR, --model=FILE'):
      strangers.find_models(None, [], 'int8')

  def test_files_of_one_system_are_told_apart(self):
    path = self.root / 'one_fp32.tflite'
    path.write_bytes((self.models_dir / 'two_fp32.tflite').read_bytes())
    models, _ = strangers.find_models(str(self.models_dir), [str(path)], 'fp32')
    self.assertEqual(
      [model.system for model in models],
      [str(self.models_dir / 'one_fp32.tflite'), 'two', str(path)],
    )


class OpenFolderTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path) / 'data'

  def _open(self, **options):
    return stranger_folders.open_folder(str(self.root), 'validation', **options)

  def test_a_lidar_of_a_street_is_recognised(self):
    rng = np.random.default_rng(1)
    numbers = np.zeros((30, 90), np.uint16)
    known = rng.uniform(size=numbers.shape) < 0.2
    numbers[known] = 256 * rng.uniform(5, 65, known.sum()) + 0.5
    for name in 'ab':
      _write_pair(self.root, name, np.zeros((30, 90, 3), np.uint8), numbers)
    opened = self._open()
    ((_, _, depth_mm), _) = opened.open()
    np.testing.assert_array_equal(
      depth_mm, np.rint(numbers * (1000 / 256)).astype(np.uint16)
    )
    self.assertIn('KITTI', opened.depth)

  def test_an_open_unit_is_asked_for(self):
    rgb_uint8, depth_mm = _pair(1)
    # Millimetres of a street, or 1/5000 m of a room.
    depth_mm = 5 * depth_mm + np.arange(_SIZE[1], dtype=np.uint16) % 5
    _write_pair(self.root, 'a', rgb_uint8, depth_mm)
    with self.assertRaisesRegex(ValueError, 'not certain.*--depth_unit'):
      self._open()
    for unit, factor in (('tum', 5), ('mm', 1), ('2500', 2.5)):
      ((_, _, got_mm),) = self._open(depth_unit=unit).open()
      np.testing.assert_allclose(got_mm, depth_mm / factor, atol=0.5)
    prints = {self._open(depth_unit=u).fingerprint for u in ('tum', 'mm')}
    self.assertLen(prints, 2)
    with self.assertRaisesRegex(ValueError, '--depth_unit=feet'):
      self._open(depth_unit='feet')

  def test_limit_and_order(self):
    for name in ('f10', 'f9', 'f2'):
      _write_pair(self.root, name, *_pair(1))
    self.assertEqual([x[0] for x in self._open().open()], ['f2', 'f9', 'f10'])
    opened = self._open(limit=2)
    self.assertEqual(opened.images, 2)
    self.assertEqual([x[0] for x in opened.open()], ['f2', 'f9'])

  def test_no_folder(self):
    with self.assertRaisesRegex(ValueError, 'There is no folder'):
      self._open()


if __name__ == '__main__':
  absltest.main()
