# SPDX-License-Identifier: Apache-2.0
import dataclasses
import json
import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.devices.emulated_pi4 import calibration

_ONE = calibration.Calibration(
  name='made up',
  numbers='float',
  xnnpack=True,
  weights_ms={'instructions_m': 0.5, 'constant': 2.0},
  models=9,
  error=0.1,
  family_error=0.2,
  low=0.7,
  high=1.5,
  source='nowhere',
  note='nothing',
)


class CalibrationTest(parameterized.TestCase):
  def _table(self, lines):
    path = pathlib.Path(self.create_tempdir().full_path) / 'table.csv'
    path.write_text('\n'.join(lines) + '\n')
    return path

  def _rows(self, times):
    """Lines of two families, with two features that no line fits."""
    return [
      f'net-v{1 + n % 2}-{n},fp32,{n + 1},{n * n % 7},{time}'
      for n, time in enumerate(times)
    ]

  def _fit(self, path, **changes):
    arguments = {
      'columns': calibration.Columns(),
      'numbers': 'float',
      'xnnpack': True,
      'name': 'test',
      'source': 'test',
      'note': '',
    }
    return calibration.fit_table(path, **(arguments | changes))

  def test_a_law_is_found(self):
    times = [
      0.3 * (index + 1) + 0.2 * ((index * index) % 7) + 4 for index in range(9)
    ]
    heading = 'model,dtype,instructions_m,parameters_m,median_ms'
    lines = [heading, *self._rows(times)]
    # Neither of these may count.
    lines += ['other,int8,1,1,999', 'other,fp32,1,1,']
    found = self._fit(self._table(lines))
    self.assertEqual(found.models, 9)
    self.assertAlmostEqual(found.weights_ms['instructions_m'], 0.3, places=5)
    self.assertAlmostEqual(found.weights_ms['parameters_m'], 0.2, places=5)
    self.assertAlmostEqual(found.weights_ms['constant'], 4.0, places=5)
    self.assertLess(found.family_error, 1e-4)
    self.assertAlmostEqual(found.low, 1.0, places=3)
    self.assertAlmostEqual(found.high, 1.0, places=3)

  def test_errors_are_of_what_was_left_out(self):
    generator = np.random.default_rng(1)
    times = (np.arange(8) + 3) * generator.uniform(0.8, 1.2, 8)
    heading = 'model,dtype,instructions_m,parameters_m,median_ms'
    table = self._table([heading, *self._rows(times.tolist())])
    columns = calibration.Columns(features={'instructions_m': 'instructions_m'})
    found = self._fit(table, columns=columns)
    # Ordinary least squares on relative errors, one row left out each time.
    matrix = np.stack([np.arange(8) + 1.0, np.ones(8)], axis=1)
    errors = []
    for out in range(8):
      kept = np.arange(8) != out
      scaled = matrix[kept] / times[kept, None]
      weights = np.linalg.pinv(scaled) @ np.ones(7)
      self.assertGreater(weights.min(), 0)
      errors.append(abs(matrix[out] @ weights - times[out]) / times[out])
    self.assertAlmostEqual(found.error, np.mean(errors), places=4)
    ratios = []
    for family in (0, 1):
      out = np.arange(8) % 2 == family
      scaled = matrix[~out] / times[~out, None]
      ratios += list(
        times[out] / (matrix[out] @ np.linalg.pinv(scaled) @ np.ones(4))
      )
    self.assertAlmostEqual(found.low, min(ratios), places=4)
    self.assertAlmostEqual(found.high, max(ratios), places=4)

  def test_other_measurements_widen_the_interval(self):
    heading = 'model,dtype,instructions_m,parameters_m,median_ms,elsewhere'
    rows = self._rows([2.0 * (index + 1) for index in range(8)])
    rows = [f'{row},' for row in rows]
    rows[3] += '12'
    rows[5] += '6'
    columns = calibration.Columns(
      features={'instructions_m': 'instructions_m'},
      other_times_ms=('elsewhere',),
    )
    found = self._fit(self._table([heading, *rows]), columns=columns)
    self.assertAlmostEqual(found.weights_ms['instructions_m'], 2.0, places=5)
    # 8 ms are predicted for the fourth, 12 for the sixth.
    self.assertAlmostEqual(found.high, 1.5, places=4)
    self.assertAlmostEqual(found.low, 0.5, places=4)
    self.assertLess(found.family_error, 1e-4)

  @parameterized.parameters(
    ('mobilenet-v2-0.35-96', 'mobilenet-v2'),
    ('mobilenet-v3-large_224_1.0', 'mobilenet-v3'),
    ('efficientnet-lite0', 'efficientnet-lite'),
    ('tcl', 'tcl'),
  )
  def test_families(self, model, family):
    self.assertEqual(calibration.family_of(model), family)

  @parameterized.named_parameters(
    ('columns', ['model,dtype', 'a,fp32'], r"no columns \['instructions_m"),
    (
      'rows',
      ['model,dtype,instructions_m,parameters_m,median_ms', 'a,fp32,1,1,1'],
      'has 1 rows of float numbers',
    ),
    (
      'number',
      ['model,dtype,instructions_m,parameters_m,median_ms', 'a,fp32,x,1,1'],
      "could not convert string to float: 'x'",
    ),
    (
      'time',
      ['model,dtype,instructions_m,parameters_m,median_ms', 'a,fp32,1,1,-1'],
      'line 2 has -1.0 ms',
    ),
  )
  def test_tables_that_are_refused(self, lines, message):
    with self.assertRaisesRegex(ValueError, message):
      self._fit(self._table(lines))

  def test_a_missing_table(self):
    with self.assertRaisesRegex(ValueError, 'cannot be used'):
      self._fit('/nowhere/table.csv')

  def test_write_and_read(self):
    path = pathlib.Path(self.create_tempdir().full_path) / 'own.json'
    calibration.write_calibrations(path, [_ONE])
    self.assertEqual(calibration.read_calibrations(path), [_ONE])

  def test_files_that_are_refused(self):
    path = pathlib.Path(self.create_tempdir().full_path) / 'own.json'
    with self.assertRaisesRegex(ValueError, 'cannot be read'):
      calibration.read_calibrations(path)
    for text in ('{', '[]', '{"format": "another", "calibrations": []}'):
      path.write_text(text)
      with self.assertRaisesRegex(ValueError, 'holds no calibrations'):
        calibration.read_calibrations(path)
    entry = dataclasses.asdict(_ONE) | {'low': 2.0}
    path.write_text(
      json.dumps({'format': calibration.FORMAT, 'calibrations': [entry]})
    )
    with self.assertRaisesRegex(ValueError, 'low <= high'):
      calibration.read_calibrations(path)

  @parameterized.parameters(
    {'weights_ms': {'guesses': 1.0}},
    {'weights_ms': {}},
    {'numbers': 'int4'},
    {'weights_ms': {'constant': -1.0}},
  )
  def test_calibrations_that_are_refused(self, **changes):
    with self.assertRaisesRegex(ValueError, 'made up'):
      dataclasses.replace(_ONE, **changes)

  def test_those_that_come_with_it_say_what_they_are(self):
    found = calibration.read_calibrations()
    kinds = [(one.numbers, one.xnnpack) for one in found]
    self.assertIn(('float', True), kinds)
    self.assertIn(('int8', True), kinds)
    for one in found:
      self.assertGreaterEqual(one.models, 7)
      self.assertGreater(one.family_error, 0.03)
      self.assertNotEmpty(one.source)
      self.assertIn('depth networks', one.note)


if __name__ == '__main__':
  absltest.main()
