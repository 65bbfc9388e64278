# SPDX-License-Identifier: Apache-2.0
"""Tests of measuring: figures against formulas, and nothing measured twice."""

import json
import pathlib
import shutil

from absl.testing import absltest
import numpy as np

from depth_mai.devices import store as store_lib
from depth_mai.files import problems as problems_lib
from depth_mai.ranking import measuring
from depth_mai.ranking import model_files
from tests.ranking import small_contest


class MeasurerTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    self.pictures = small_contest.write_data(self.root / 'data')
    self.device = small_contest.FakeDevice()
    self.lines = []

  def measure(self, limit=None, threads=1, **contents):
    """Measures files with these contents."""
    if contents:
      small_contest.write_models(self.root / 'models', **contents)
    models, _ = model_files.find_models(self.root / 'models')
    self.lines.clear()
    self.device.timed.clear()
    return measuring.Measurer(
      self.root / 'data',
      measuring.describe_split(self.root / 'data', 'validation', limit),
      self.device,
      threads,
      store_lib.Store(self.root / 'measured.jsonl'),
      self.lines.append,
    ).measure(models)

  def si_rmse(self, scale, bias_mm, names=small_contest.IDS):
    """Computes the mean si-RMSE of the images from its definition."""
    errors = []
    for name in names:
      red, depth_mm = self.pictures[name]
      errors.append(np.std(np.log(scale * red + bias_mm) - np.log(depth_mm)))
    return np.mean(errors)

  def test_figures(self):
    content = small_contest.network(15.0, 100.0)
    (one,), problems = self.measure(tcl_fp32=content)
    self.assertEqual(problems, [])
    self.assertAlmostEqual(
      one.figures['si_rmse'], self.si_rmse(15.0, 100.0), delta=1e-6
    )
    lines = (self.root / 'measured.jsonl').read_text().splitlines()
    stored = json.loads(lines[-1])
    self.assertEqual(
      (stored['kind'], stored['value']['images']), ('metrics', 3)
    )
    self.assertEqual(one.figures['macs'], 48 * 64 * 3)
    self.assertEqual(one.figures['parameters'], 3 + 1)
    self.assertEqual(one.figures['size_mb'], len(content) / 1e6)
    self.assertEqual(one.figures['runtime_ms_no_xnnpack'], 20.0)
    self.assertIn('[1/1] tcl_fp32.tflite: si-RMSE', self.lines[-1])

  def test_nothing_is_measured_twice(self):
    first, _ = self.measure(
      tcl_fp32=small_contest.network(), icl_fp32=small_contest.network(19.0)
    )
    self.assertEqual(self.device.timed, ['icl_fp32.tflite', 'tcl_fp32.tflite'])
    second, _ = self.measure()
    self.assertEqual(self.device.timed, [])
    self.assertEqual(second, first)
    self.assertIn('(from the store)', self.lines[-1])
    # A new file under an old name is measured.
    third, _ = self.measure(tcl_fp32=small_contest.network(3.0, 900.0))
    self.assertEqual(self.device.timed, ['tcl_fp32.tflite'])
    self.assertEqual(third[0], first[0])
    self.assertAlmostEqual(
      third[1].figures['si_rmse'], self.si_rmse(3.0, 900.0), delta=1e-6
    )

  def test_a_stopped_run_resumes(self):
    contents = {
      'a_fp32': small_contest.network(),
      'b_fp32': small_contest.network(19.0),
    }

    def stop(path):
      if 'b_fp32' in str(path):
        raise KeyboardInterrupt
      return small_contest.FakeDevice().measure(path)

    self.device.measure = stop
    with self.assertRaises(KeyboardInterrupt):
      self.measure(**contents)
    self.device = small_contest.FakeDevice()
    judged, _ = self.measure()
    self.assertLen(judged, 2)
    self.assertEqual(self.device.timed, ['b_fp32.tflite'])

  def test_other_data_reuse_the_runtime(self):
    content = small_contest.network(15.0, 100.0)
    self.measure(tcl_fp32=content)
    (limited,), _ = self.measure(limit=2)
    self.assertEqual(self.device.timed, [])
    self.assertAlmostEqual(
      limited.figures['si_rmse'],
      self.si_rmse(15.0, 100.0, ('00', '01')),
      delta=1e-6,
    )

  def test_another_thread_count_reuses_the_errors(self):
    self.measure(tcl_fp32=small_contest.network())
    self.device = small_contest.FakeDevice(runtime_ms=4.0, threads=2)
    self.enter_context(
      absltest.mock.patch.object(
        measuring.evaluation, 'evaluate', side_effect=AssertionError
      )
    )
    (one,), problems = self.measure(threads=2)
    self.assertEqual(problems, [])
    self.assertEqual(one.figures['runtime_ms'], 4.0)

  def test_another_runtime_measures_the_errors_again(self):
    self.measure(tcl_fp32=small_contest.network())
    newer = {**measuring.environment.describe_machine(), 'runtime_version': '9'}
    self.enter_context(
      absltest.mock.patch.object(
        measuring.environment, 'describe_machine', lambda: newer
      )
    )
    with absltest.mock.patch.object(
      measuring.evaluation, 'evaluate', wraps=measuring.evaluation.evaluate
    ) as evaluate:
      self.measure()
    evaluate.assert_called_once()

  def test_a_file_that_fails_does_not_stop_the_others(self):
    two_outputs = small_contest.tiny_model.float_model(
      small_contest.SIZE, outputs=2
    )
    judged, problems = self.measure(
      tcl_fp32=small_contest.network(), bad_fp32=two_outputs
    )
    self.assertEqual([one.model.system for one in judged], ['tcl'])
    self.assertLen(problems, 1)
    self.assertRegex(problems[0], 'bad_fp32.tflite cannot be read as a depth')
    self.assertIn('[1/2] bad_fp32.tflite: FAILED', self.lines[0])

  def test_an_unreadable_picture_stops_the_run(self):
    (self.root / 'data/validation/depth/02.png').write_bytes(b'no picture')
    with self.assertRaisesRegex(problems_lib.BadInputError, '02.png'):
      self.measure(tcl_fp32=small_contest.network())

  def test_progress(self):
    self.enter_context(
      absltest.mock.patch.object(measuring, '_PROGRESS_S', 0.0)
    )
    self.measure(tcl_fp32=small_contest.network())
    self.assertEqual(
      self.lines[:3], [f'  {done} of 3 images' for done in range(3)]
    )


class RuntimeFiguresTest(absltest.TestCase):
  def test_measured(self):
    report = {
      'configurations': [
        {'xnnpack': False, 'median_ms': 9.0, 'partitions': 0},
        {
          'xnnpack': True,
          'median_ms': 2.5,
          'partitions': 3,
          'state_before': {'load_average': 0.5},
        },
        {'xnnpack': True, 'median_ms': 1.0, 'partitions': 3},
      ]
    }
    found = measuring.runtime_figures(report)
    self.assertEqual(
      found,
      {
        'runtime_ms': 2.5,
        'runtime_ms_no_xnnpack': 9.0,
        'instructions': None,
        'instructions_no_xnnpack': None,
        'partitions': 3,
        'load_average': 0.5,
      },
    )
    self.assertEqual(
      measuring.summary({'si_rmse': 0.3, **found}),
      'si-RMSE 0.3000, 2.50 ms with XNNPACK, 9.00 ms without',
    )

  def test_emulated(self):
    report = {
      'configurations': [
        {
          'xnnpack': True,
          'instructions': 48_900_000,
          'predicted_ms_low': 10.0,
          'predicted_ms_high': 40.0,
          'partitions': None,
        },
        {
          'xnnpack': False,
          'instructions': 60_200_000,
          'predicted_ms_low': None,
          'predicted_ms_high': None,
          'partitions': None,
        },
      ]
    }
    found = measuring.runtime_figures(report)
    self.assertAlmostEqual(found['runtime_ms'], 20.0)
    self.assertIsNone(found['runtime_ms_no_xnnpack'])
    self.assertEqual(found['instructions_no_xnnpack'], 60_200_000)
    self.assertEqual(
      measuring.summary({'si_rmse': 0.3, **found}),
      'si-RMSE 0.3000, 48.9 M instructions, predicted 20.00 ms',
    )


class DescribeSplitTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path) / 'indoor'
    small_contest.write_data(self.root)
    self.before = self.describe()

  def describe(self, limit=None):
    return measuring.describe_split(self.root, 'validation', limit)

  def fingerprint(self, limit=None):
    return self.describe(limit)['fingerprint']

  def test_description(self):
    self.assertEqual(self.before['data_dir_name'], 'indoor')
    self.assertEqual(self.before['split'], 'validation')
    self.assertEqual(self.before['images'], 3)
    self.assertRegex(self.before['fingerprint'], '^[0-9a-f]{64}$')

  def test_the_path_does_not_matter(self):
    moved = pathlib.Path(self.create_tempdir().full_path) / 'elsewhere'
    shutil.copytree(self.root, moved)
    self.assertEqual(
      measuring.describe_split(str(moved), 'validation')['fingerprint'],
      self.before['fingerprint'],
    )

  def test_every_byte_and_every_name_matters(self):
    for kind in ('rgb', 'depth'):
      path = self.root / 'validation' / kind / '01.png'
      content = path.read_bytes()
      path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
      self.assertNotEqual(self.fingerprint(), self.before['fingerprint'], kind)
      path.write_bytes(content)
    self.assertEqual(self.fingerprint(), self.before['fingerprint'])
    for kind in ('rgb', 'depth'):
      folder = self.root / 'validation' / kind
      (folder / '01.png').rename(folder / '011.png')
    self.assertNotEqual(self.fingerprint(), self.before['fingerprint'])

  def test_limit(self):
    self.assertEqual(self.describe(2)['images'], 2)
    self.assertNotEqual(self.fingerprint(2), self.before['fingerprint'])
    # A limit above the number of images has no effect.
    self.assertEqual(self.describe(99), self.before)
    first = self.fingerprint(2)
    (self.root / 'validation/rgb/02.png').write_bytes(b'changed')
    self.assertEqual(self.fingerprint(2), first)
    with self.assertRaisesRegex(ValueError, 'limit must be at least 1, got 0'):
      self.describe(0)

  def test_records(self):
    records = pathlib.Path(self.create_tempdir().full_path)
    self.enter_context(
      absltest.mock.patch.object(
        measuring.evaluation, 'split_ids', lambda *_: ['a', 'b']
      )
    )
    (records / 'dataset_info.json').write_text('{}')
    names = ('x-validation.tfrecord-0', 'x-train.tfrecord-0')
    for name in names:
      (records / name).write_bytes(b'1')

    def fingerprint():
      return measuring.describe_split(records, 'validation')['fingerprint']

    before = fingerprint()
    (records / names[1]).write_bytes(b'2')
    self.assertEqual(fingerprint(), before)
    (records / names[0]).write_bytes(b'2')
    self.assertNotEqual(fingerprint(), before)

  def test_missing_split(self):
    with self.assertRaisesRegex(ValueError, "no split 'test'"):
      measuring.describe_split(self.root, 'test')


if __name__ == '__main__':
  absltest.main()
