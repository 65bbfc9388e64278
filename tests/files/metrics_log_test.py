# SPDX-License-Identifier: Apache-2.0
"""Tests of reading metrics.jsonl."""

import contextlib
import io
import json
import os

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.files import metrics_log


class ReadRunTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.run_dir = os.path.join(self.create_tempdir().full_path, 'tcl_silog')
    os.mkdir(self.run_dir)

  def write(self, *records, end='\n'):
    lines = [r if isinstance(r, str) else json.dumps(r) for r in records]
    path = os.path.join(self.run_dir, 'metrics.jsonl')
    with open(path, 'w', encoding='utf-8') as stream:
      stream.write('\n'.join(lines) + end)
    return path

  def test_curves(self):
    self.write(
      {'split': 'train', 'step': 10, 'images': 320, 'loss': 0.5},
      {'split': 'train', 'step': 20, 'images': 640, 'loss': 0.25, 'note': 'x'},
      {'split': 'validation', 'step': 20, 'images': 640, 'si_rmse': 0.3},
    )
    run = metrics_log.read_run(self.run_dir)
    self.assertEqual(run.name, 'tcl_silog')
    self.assertEqual(run.splits(), ['train', 'validation'])
    self.assertEqual(run.metric_names(), ['loss', 'si_rmse'])
    curve = run.curve('train', 'loss', 'images')
    self.assertEqual(curve.times.tolist(), [320, 640])
    self.assertEqual(curve.values.tolist(), [0.5, 0.25])
    self.assertEmpty(run.curve('train', 'si_rmse').times)

  def test_the_file_itself(self):
    path = self.write({'split': 'train', 'step': 1, 'loss': 1})
    self.assertEqual(metrics_log.read_run(path).name, 'tcl_silog')

  def test_folder_with_a_slash(self):
    self.write({'split': 'train', 'step': 1, 'loss': 1})
    self.assertEqual(metrics_log.read_run(self.run_dir + '/').name, 'tcl_silog')

  def test_a_resumed_training_replaces_repeated_lines(self):
    self.write(
      *({'split': 'train', 'step': s, 'loss': 1.0} for s in (10, 20, 30)),
      {'split': 'validation', 'step': 20, 'si_rmse': 0.3},
      *({'split': 'train', 'step': s, 'loss': 2.0} for s in (20, 30, 40)),
    )
    run = metrics_log.read_run(self.run_dir)
    curve = run.curve('train', 'loss')
    self.assertEqual(curve.times.tolist(), [10, 20, 30, 40])
    self.assertEqual(curve.values.tolist(), [1.0, 2.0, 2.0, 2.0])
    self.assertEqual(run.curve('validation', 'si_rmse').times.tolist(), [20])

  def test_values_other_than_numbers_are_left_out(self):
    self.write(
      {'split': 'train', 'step': 1, 'loss': float('nan')},
      {'split': 'train', 'step': 2, 'loss': None},
      {'split': 'train', 'step': 3, 'loss': 0.5},
    )
    curve = metrics_log.read_run(self.run_dir).curve('train', 'loss')
    self.assertEqual(curve.times.tolist(), [3])

  def test_last_line_is_cut_off(self):
    self.write(
      {'split': 'train', 'step': 1, 'loss': 0.5}, '{"split": "tra', end=''
    )
    run = metrics_log.read_run(self.run_dir)
    self.assertLen(run.records, 1)

  @parameterized.parameters(
    '{"split": "tra',
    '[1]',
    '{"step": 3}',
    '{"split": "train", "step": true}',
    f'{{"split": "train", "step": 1{"0" * 400}}}',
    '[' * 100_000,
    'a note \x1b[31m',
  )
  def test_damaged_lines_are_left_out_and_reported(self, line):
    lines = [{'split': 'train', 'step': i, 'loss': 1 / i} for i in (1, 2)]
    self.write(lines[0], line, lines[1])
    with contextlib.redirect_stderr(io.StringIO()) as stderr:
      self.assertEqual(metrics_log.read_run(self.run_dir).records, lines)
    self.assertIn('metrics.jsonl: left out 1 damaged line', stderr.getvalue())
    self.assertNotIn('\x1b', stderr.getvalue())
    self.assertLen(stderr.getvalue().splitlines(), 1)

  def test_bytes_that_are_no_text(self):
    self.write({'split': 'train', 'step': 1, 'loss': 0.5})
    with open(os.path.join(self.run_dir, 'metrics.jsonl'), 'ab') as stream:
      stream.write(b'\xff\xfe\0\n')
    self.assertLen(metrics_log.read_run(self.run_dir).records, 1)

  def test_the_best_network_is_chosen_anew(self):
    lost = {'split': 'validation', 'step': 10, 'si_rmse': 0.2}
    best = {'split': 'validation', 'step': 20, 'si_rmse': 0.3}
    self.write(lost, {'split': 'best_restarts', 'step': 15}, best)
    self.assertEqual(metrics_log.best_validation(self.run_dir), best)
    run = metrics_log.read_run(self.run_dir)
    self.assertEqual(run.records, [lost, best])

  def test_best_validation(self):
    self.assertEqual(metrics_log.best_validation(self.run_dir), {})
    best = {'split': 'validation', 'step': 20, 'si_rmse': 0.3, 'rmse': 1.5}
    self.write(
      {'split': 'train', 'step': 10, 'si_rmse': 0.01},
      {'split': 'validation', 'step': 5, 'si_rmse': float('nan')},
      {'split': 'validation', 'step': 10, 'si_rmse': 0.4, 'rmse': 2.0},
      best,
      {'split': 'validation', 'step': 30, 'rmse': 1.2},
      '{"split": "va',
      end='',
    )
    self.assertEqual(metrics_log.best_validation(self.run_dir), best)

  def test_best_validation_without_validations(self):
    self.write({'split': 'train', 'step': 10, 'si_rmse': 0.01})
    self.assertEqual(metrics_log.best_validation(self.run_dir), {})

  def test_no_log(self):
    with self.assertRaisesRegex(ValueError, 'metrics.jsonl does not exist'):
      metrics_log.read_run(self.run_dir)

  def test_empty_log(self):
    self.write()
    with self.assertRaisesRegex(ValueError, 'no metrics yet'):
      metrics_log.read_run(self.run_dir)


if __name__ == '__main__':
  absltest.main()
