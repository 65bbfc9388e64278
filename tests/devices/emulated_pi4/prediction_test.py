# SPDX-License-Identifier: Apache-2.0
import dataclasses
import json
import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.devices.emulated_pi4 import prediction

_ONE = prediction.Calibration(
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
  def test_write_and_read(self):
    path = pathlib.Path(self.create_tempdir().full_path) / 'own.json'
    prediction.write_calibrations(path, [_ONE])
    self.assertEqual(prediction.read_calibrations(path), [_ONE])

  def test_invalid_files(self):
    path = pathlib.Path(self.create_tempdir().full_path) / 'own.json'
    with self.assertRaisesRegex(ValueError, 'cannot be read'):
      prediction.read_calibrations(path)
    for text in ('{', '[]', '{"format": "another", "calibrations": []}'):
      path.write_text(text)
      with self.assertRaisesRegex(ValueError, 'is not a file of calibrations'):
        prediction.read_calibrations(path)
    entry = dataclasses.asdict(_ONE) | {'low': 2.0}
    path.write_text(
      json.dumps({'format': prediction.FORMAT, 'calibrations': [entry]})
    )
    with self.assertRaisesRegex(ValueError, 'low <= high'):
      prediction.read_calibrations(path)

  @parameterized.parameters(
    {'weights_ms': {'guesses': 1.0}},
    {'weights_ms': {}},
    {'numbers': 'int4'},
    {'weights_ms': {'constant': -1.0}},
  )
  def test_invalid_calibrations(self, **changes):
    with self.assertRaisesRegex(ValueError, 'made up'):
      dataclasses.replace(_ONE, **changes)

  def test_shipped_calibrations_are_described(self):
    found = prediction.read_calibrations()
    kinds = [(one.numbers, one.xnnpack) for one in found]
    self.assertIn(('float', True), kinds)
    self.assertIn(('int8', True), kinds)
    for one in found:
      self.assertGreaterEqual(one.models, 7)
      self.assertGreater(one.family_error, 0.03)
      self.assertNotEmpty(one.source)
      self.assertIn('depth networks', one.note)


def _calibration(numbers, xnnpack, per_million):
  return prediction.Calibration(
    name=f'{numbers} {xnnpack}',
    numbers=numbers,
    xnnpack=xnnpack,
    weights_ms={'instructions_m': per_million, 'constant': 2.0},
    models=9,
    error=0.1,
    family_error=0.2,
    low=0.5,
    high=2.0,
    source='nowhere',
    note='not for depth networks',
  )


_ALL = [
  _calibration('float', True, 0.5),
  _calibration('float', False, 1.0),
  _calibration('int8', True, 0.25),
]


class PredictionTest(parameterized.TestCase):
  @parameterized.parameters(
    ('fp32', True, 52.0, 'float True'),
    ('fp16', True, 52.0, 'float True'),
    ('fp32', False, 102.0, 'float False'),
    ('int8', True, 27.0, 'int8 True'),
  )
  def test_chooses_the_calibration(self, precision, xnnpack, ms, name):
    found = prediction.predict(
      _ALL, precision, xnnpack, {'instructions_m': 100.0, 'parameters_m': 1.0}
    )
    self.assertEqual(found['predicted_ms'], ms)
    self.assertEqual(found['predicted_ms_low'], ms / 2)
    self.assertEqual(found['predicted_ms_high'], ms * 2)
    self.assertEqual(found['prediction']['calibration'], name)
    self.assertEqual(found['prediction']['label'], 'predicted, not measured')
    self.assertEqual(found['prediction']['note'], 'not for depth networks')

  @parameterized.parameters(
    ('dynamic', True), ('int16x8', True), ('int8', False), (None, True)
  )
  def test_no_prediction_without_a_calibration(self, precision, xnnpack):
    found = prediction.predict(
      _ALL, precision, xnnpack, {'instructions_m': 100.0}
    )
    self.assertIsNone(found['predicted_ms'])
    self.assertIsNone(found['predicted_ms_low'])
    self.assertIsNone(found['predicted_ms_high'])
    self.assertEqual(found['prediction']['label'], 'not predicted')
    self.assertIn(str(precision), found['prediction']['why'])

  def test_the_first_of_its_kind_counts(self):
    own = _calibration('float', True, 3.0)
    found = prediction.predict(
      [own, *_ALL], 'fp32', True, {'instructions_m': 1.0}
    )
    self.assertEqual(found['predicted_ms'], 5.0)


if __name__ == '__main__':
  absltest.main()
