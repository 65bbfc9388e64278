# SPDX-License-Identifier: Apache-2.0
"""Tests of judging: the errors by hand, and that nothing is done twice."""

import pathlib

from absl.testing import absltest
import numpy as np

from depth_mai.devices import store as store_lib
from depth_mai.files import problems as problems_lib
from depth_mai.ranking import measuring as judge
from depth_mai.ranking import model_files
from depth_mai.ranking import split as data_fingerprint
from tests.ranking import small_contest


class JudgeModelsTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    self.pictures = small_contest.write_data(self.root / 'data')
    self.device = small_contest.FakeDevice()
    self.lines = []

  def judge(self, limit=None, threads=1, **contents):
    """Judges the files of these contents."""
    if contents:
      small_contest.write_models(self.root / 'models', **contents)
    models, _ = model_files.find_models(self.root / 'models')
    data = data_fingerprint.describe(self.root / 'data', 'validation', limit)
    self.lines.clear()
    self.device.timed.clear()
    return judge.judge_models(
      models,
      judge.Split(self.root / 'data', data),
      self.device,
      threads,
      store_lib.Store(self.root / 'judged.jsonl'),
      self.lines.append,
    )

  def si_rmse(self, scale, bias_mm, names=small_contest.IDS):
    """Returns the mean of the images' si-RMSE, from its definition."""
    errors = []
    for name in names:
      red, depth_mm = self.pictures[name]
      errors.append(np.std(np.log(scale * red + bias_mm) - np.log(depth_mm)))
    return np.mean(errors)

  def test_figures(self):
    content = small_contest.network(15.0, 100.0)
    (one,), problems = self.judge(tcl_fp32=content)
    self.assertEqual(problems, [])
    self.assertAlmostEqual(
      one.metrics['si_rmse'], self.si_rmse(15.0, 100.0), delta=1e-6
    )
    self.assertEqual(one.metrics['images'], 3)
    self.assertEqual(one.macs, 48 * 64 * 3)
    self.assertEqual(one.parameters, 3 + 1)
    self.assertEqual(one.size_mb, len(content) / 1e6)
    self.assertEqual(one.times['runtime_ms_no_xnnpack'], 20.0)
    self.assertIn('[1/1] tcl_fp32.tflite: si-RMSE', self.lines[-1])

  def test_nothing_is_measured_twice(self):
    first, _ = self.judge(
      tcl_fp32=small_contest.network(), icl_fp32=small_contest.network(19.0)
    )
    self.assertEqual(self.device.timed, ['icl_fp32.tflite', 'tcl_fp32.tflite'])
    second, _ = self.judge()
    self.assertEqual(self.device.timed, [])
    self.assertEqual(second, first)
    self.assertIn('(known already)', self.lines[-1])
    # A new file of an old name is another file.
    third, _ = self.judge(tcl_fp32=small_contest.network(3.0, 900.0))
    self.assertEqual(self.device.timed, ['tcl_fp32.tflite'])
    self.assertEqual(third[0], first[0])
    self.assertAlmostEqual(
      third[1].metrics['si_rmse'], self.si_rmse(3.0, 900.0), delta=1e-6
    )

  def test_a_run_that_was_stopped_goes_on(self):
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
      self.judge(**contents)
    self.device = small_contest.FakeDevice()
    judged, _ = self.judge()
    self.assertLen(judged, 2)
    self.assertEqual(self.device.timed, ['b_fp32.tflite'])

  def test_other_data_are_measured_and_the_time_is_kept(self):
    content = small_contest.network(15.0, 100.0)
    self.judge(tcl_fp32=content)
    (limited,), _ = self.judge(limit=2)
    self.assertEqual(self.device.timed, [])
    self.assertAlmostEqual(
      limited.metrics['si_rmse'],
      self.si_rmse(15.0, 100.0, ('00', '01')),
      delta=1e-6,
    )

  def test_another_thread_count_is_timed_and_the_errors_are_kept(self):
    self.judge(tcl_fp32=small_contest.network())
    self.device = small_contest.FakeDevice(runtime_ms=4.0, threads=2)
    self.enter_context(
      absltest.mock.patch.object(
        judge.evaluation, 'evaluate', side_effect=AssertionError
      )
    )
    (one,), problems = self.judge(threads=2)
    self.assertEqual(problems, [])
    self.assertEqual(one.times['runtime_ms'], 4.0)

  def test_another_runtime_measures_the_errors_again(self):
    self.judge(tcl_fp32=small_contest.network())
    newer = {**judge.environment.describe_machine(), 'runtime_version': '9'}
    self.enter_context(
      absltest.mock.patch.object(
        judge.environment, 'describe_machine', lambda: newer
      )
    )
    with absltest.mock.patch.object(
      judge.evaluation, 'evaluate', wraps=judge.evaluation.evaluate
    ) as evaluate:
      self.judge()
    evaluate.assert_called_once()

  def test_a_file_that_fails_does_not_stop_the_others(self):
    two_outputs = small_contest.tiny_model.float_model(
      small_contest.SIZE, outputs=2
    )
    judged, problems = self.judge(
      tcl_fp32=small_contest.network(), bad_fp32=two_outputs
    )
    self.assertEqual([one.model.system for one in judged], ['tcl'])
    self.assertLen(problems, 1)
    self.assertRegex(problems[0], 'bad_fp32.tflite is not a depth model')
    self.assertIn('[1/2] bad_fp32.tflite: FAILED', self.lines[0])

  def test_a_picture_that_cannot_be_read_stops_it(self):
    (self.root / 'data/validation/depth/02.png').write_bytes(b'no picture')
    with self.assertRaisesRegex(problems_lib.BadInputError, '02.png'):
      self.judge(tcl_fp32=small_contest.network())

  def test_progress(self):
    self.enter_context(absltest.mock.patch.object(judge, '_PROGRESS_S', 0.0))
    self.judge(tcl_fp32=small_contest.network())
    self.assertEqual(
      self.lines[:3], [f'  {done} of 3 images' for done in range(3)]
    )


if __name__ == '__main__':
  absltest.main()
