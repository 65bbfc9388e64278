# SPDX-License-Identifier: Apache-2.0
import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.devices.emulated_pi4 import fitting


def _descend(matrix, wanted, steps=200000):
  """Returns the minimum by projected gradient descent, a slow other way."""
  found = np.zeros(matrix.shape[1])
  rate = 1 / np.linalg.norm(matrix.T @ matrix, 2)
  for _ in range(steps):
    step = found - rate * matrix.T @ (matrix @ found - wanted)
    found = np.maximum(step, 0)
  return found


class FittingTest(parameterized.TestCase):
  @parameterized.parameters(range(6))
  def test_non_negative_least_squares_equals_descent(self, seed):
    generator = np.random.default_rng(seed)
    matrix = generator.normal(size=(20, 3)) + 0.5
    # One of the true weights is negative, so that the bound matters.
    wanted = matrix @ np.array([1.0, -0.5, 2.0]) + generator.normal(size=20)
    found = fitting.non_negative_least_squares(matrix, wanted)
    np.testing.assert_allclose(found, _descend(matrix, wanted), atol=1e-6)

  def test_nothing_fits(self):
    found = fitting.non_negative_least_squares([[1.0], [2.0]], [-1.0, -1.0])
    np.testing.assert_array_equal(found, [0.0])

  def test_relative_errors_have_equal_weight(self):
    # 2 and 200 ms for the same feature: the best relative fit is not the mean.
    # (w/2 - 1)^2 + (w/200 - 1)^2 is least at (1/2 + 1/200) / (1/4 + 1/40000).
    found = fitting.fit([[1.0], [1.0]], [2.0, 200.0])
    np.testing.assert_allclose(found, [0.505 / 0.250025])

  def test_held_out_ratios(self):
    features, times = np.array([[1.0], [2.0], [4.0]]), np.array([1.0, 2.0, 8.0])
    ratios = fitting.held_out_ratios(features, times, ['a', 'a', 'b'])
    # Without b the weight is 1 ms, so b, 8 ms, is predicted as 4 ms.
    self.assertAlmostEqual(ratios[2], 2.0)
    # Without a the weight is 2 ms: 2 and 4 ms are predicted.
    np.testing.assert_allclose(ratios[:2], [0.5, 0.5])

  def test_invalid_arguments(self):
    with self.assertRaisesRegex(ValueError, 'one group'):
      fitting.held_out_ratios(np.ones((3, 1)), np.ones(3), ['a'] * 3)
    with self.assertRaisesRegex(ValueError, r'K <= 8'):
      fitting.non_negative_least_squares(np.ones((3, 9)), np.ones(3))


class FitTableTest(parameterized.TestCase):
  def _table(self, lines):
    path = pathlib.Path(self.create_tempdir().full_path) / 'table.csv'
    path.write_text('\n'.join(lines) + '\n')
    return path

  def _rows(self, times):
    """Returns lines of two families with two features."""
    return [
      f'net-v{1 + n % 2}-{n},fp32,{n + 1},{n * n % 7},{time}'
      for n, time in enumerate(times)
    ]

  def _fit(self, path, **changes):
    arguments = {
      'columns': fitting.Columns(),
      'numbers': 'float',
      'xnnpack': True,
      'name': 'test',
      'source': 'test',
      'note': '',
    }
    return fitting.fit_table(path, **(arguments | changes))

  def test_finds_exact_weights(self):
    times = [
      0.3 * (index + 1) + 0.2 * ((index * index) % 7) + 4 for index in range(9)
    ]
    heading = 'model,dtype,instructions_m,parameters_m,median_ms'
    lines = [heading, *self._rows(times)]
    # These two lines are left out.
    lines += ['other,int8,1,1,999', 'other,fp32,1,1,']
    found = self._fit(self._table(lines))
    self.assertEqual(found.models, 9)
    self.assertAlmostEqual(found.weights_ms['instructions_m'], 0.3, places=5)
    self.assertAlmostEqual(found.weights_ms['parameters_m'], 0.2, places=5)
    self.assertAlmostEqual(found.weights_ms['constant'], 4.0, places=5)
    self.assertLess(found.family_error, 1e-4)
    self.assertAlmostEqual(found.low, 1.0, places=3)
    self.assertAlmostEqual(found.high, 1.0, places=3)

  def test_errors_are_those_of_rows_left_out(self):
    generator = np.random.default_rng(1)
    times = (np.arange(8) + 3) * generator.uniform(0.8, 1.2, 8)
    heading = 'model,dtype,instructions_m,parameters_m,median_ms'
    table = self._table([heading, *self._rows(times.tolist())])
    columns = fitting.Columns(features={'instructions_m': 'instructions_m'})
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
    columns = fitting.Columns(
      features={'instructions_m': 'instructions_m'},
      other_times_ms=('elsewhere',),
    )
    found = self._fit(self._table([heading, *rows]), columns=columns)
    self.assertAlmostEqual(found.weights_ms['instructions_m'], 2.0, places=5)
    # The fourth is predicted to take 8 ms, the sixth 12 ms.
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
    self.assertEqual(fitting.family_of(model), family)

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
  def test_invalid_tables(self, lines, message):
    with self.assertRaisesRegex(ValueError, message):
      self._fit(self._table(lines))

  def test_missing_table(self):
    with self.assertRaisesRegex(ValueError, 'cannot be used'):
      self._fit('/nowhere/table.csv')


if __name__ == '__main__':
  absltest.main()
