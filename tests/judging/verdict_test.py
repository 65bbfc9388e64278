# SPDX-License-Identifier: Apache-2.0
"""Tests of verdicts as JSON and as text."""

import json

from absl.testing import absltest

from depth_mai.judging import verdict
from depth_mai.runtime import target_run

_FILE = {'name': 'team.tflite', 'bytes': 1234567, 'sha256': 'ab' * 32}


def _accepted(**runtime):
  metrics = dict.fromkeys(
    ('rmse', 'si_rmse', 'log10', 'rel', 'delta1', 'delta2', 'delta3'), 0.25
  )
  metrics |= {f'pooled_{name}': value for name, value in metrics.items()}
  metrics |= {'images': 2, 'pixels': 99, 'skipped_images': 0}
  errors = {'pixels': 9, 'share': 0.5, 'bias': 0.0, **metrics}
  metrics['ranges'] = {'0-1 m': errors}
  runtime = {
    'runtime_ms': None,
    'runtime_ms_no_xnnpack': None,
    'predicted_ms_low': None,
    'predicted_ms_high': None,
    'instructions': None,
    'threads': 1,
    'xnnpack': True,
    'runs': 50,
    **runtime,
  }
  standing = {
    'of': 9,
    'score': 298.0,
    'rank': 1,
    'score_low': 10.0,
    'score_high': 200.0,
    'rank_best': 3,
    'rank_worst': 9,
    'notes': ['Not of a Raspberry Pi.'],
  }
  return verdict.Verdict(
    _FILE,
    {'split': 'validation', 'images': 2},
    metrics=metrics,
    device={'name': 'A machine'},
    runtime=runtime,
    standing=standing,
    interface={'unit': {'value': 'm', 'why': 'declared by --unit'}},
    operators={
      'histogram': {'CONV_2D': 7},
      'min_runtime': '1.5.0',
      'target_runtime': '2.5.0',
    },
    protection={'memory limit': 'in force', 'Landlock': 'not there'},
  )


class VerdictTest(absltest.TestCase):
  def test_the_target_runtime_itself(self):
    one = _accepted(runtime_ms=46.0, runtime_ms_no_xnnpack=99.0)
    run = target_run.TargetRun('2.5.0', True, relative_difference=0.0)
    one.operators['target_run'] = run.record()
    self.assertIn('the target is 2.5.0.\n' + run.sentence(), one.to_text())
    self.assertTrue(one.to_json()['operators']['target_run']['ran'])

  def test_accepted(self):
    one = _accepted(runtime_ms=46.0, runtime_ms_no_xnnpack=99.0)
    answer = json.loads(json.dumps(one.to_json(), allow_nan=False))
    self.assertEqual(answer['verdict'], 'accepted')
    self.assertEqual(answer['errors'], [])
    for name in ('si_rmse', 'rmse', 'log10', 'rel'):
      self.assertEqual(answer[name], 0.25)
    self.assertEqual(answer['runtime_ms'], 46.0)
    self.assertEqual((answer['score'], answer['rank']), (298.0, 1))
    self.assertEqual(answer['file'], _FILE)
    text = one.to_text()
    for part in (
      'ACCEPTED: team.tflite',
      '1,234,567 bytes',
      'declared by --unit',
      '7 CONV_2D',
      'TFLite 2.5.0 itself was not run',
      'RMSE [m]',
      '46.00 ms',
      '99.00 ms without XNNPACK',
      '1 of 9',
      'Not of a Raspberry Pi.',
      'in force: memory limit.',
    ):
      self.assertIn(part, text)
    self.assertNotIn('PREDICTED', text)

  def test_predicted_is_labelled(self):
    one = _accepted(predicted_ms_low=40.0, predicted_ms_high=160.0)
    one.standing |= {'score': None, 'rank': None}
    answer = one.to_json()
    self.assertIsNone(answer['runtime_ms'])
    self.assertIsNone(answer['score'])
    for line in one.to_text().splitlines():
      if line.startswith(('Runtime', 'Score', 'Rank')):
        self.assertIn('PREDICTED', line)
    self.assertIn('40 to 160 ms', one.to_text())

  def test_only_counted(self):
    one = _accepted(instructions=41807254)
    self.assertIn('no calibration', one.to_text())
    self.assertIn('41,807,254 instructions', one.to_text())

  def test_rejected(self):
    one = verdict.Verdict(_FILE, {'split': 'validation', 'images': 2})
    one.errors += ['It has 2 inputs.', 'And more.']
    one.warnings.append('A warning.')
    answer = one.to_json()
    self.assertEqual(answer['verdict'], 'rejected')
    self.assertEqual(answer['errors'], ['It has 2 inputs.', 'And more.'])
    self.assertIsNone(answer['si_rmse'])
    text = one.to_text()
    self.assertStartsWith(text, 'REJECTED: team.tflite')
    self.assertIn('  - It has 2 inputs.\n  - And more.', text)
    self.assertIn('  - A warning.', text)


class FileFaultTest(absltest.TestCase):
  def test_is_not_a_value_error(self):
    # A ValueError means a wrong call of the judge, not a bad file.
    self.assertFalse(issubclass(verdict.FileFaultError, ValueError))
    self.assertEqual(str(verdict.FileFaultError('why')), 'why')


if __name__ == '__main__':
  absltest.main()
