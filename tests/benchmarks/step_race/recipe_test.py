# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
import numpy as np

from benchmarks.step_race import recipe


class RecipeTest(absltest.TestCase):
  def test_batch(self):
    batch = recipe.batch(30, 40, 3)
    self.assertEqual(batch['rgb'].shape, (3, 30, 40, 3))
    self.assertEqual(batch['depth_m'].shape, (3, 30, 40, 1))
    self.assertBetween(batch['rgb'].min(), 0, 1)
    self.assertBetween(batch['rgb'].max(), 254, 255)
    self.assertAlmostEqual(batch['valid_mask'].mean(), 0.9, delta=0.02)
    # The mean of the logarithm of metres.
    self.assertAlmostEqual(np.log(batch['depth_m']).mean(), 1, delta=0.03)

  def test_evidence_is_of_the_first_steps(self):
    weights = [np.zeros(2), np.zeros((1, 1))]
    average = [np.zeros(2), np.zeros((1, 1))]
    steps = []

    def step():
      steps.append(1)
      weights[0] += 3.0
      weights[1] -= 1.0
      average[1] += 0.5
      return 10.0 - len(steps), 0.1 * len(steps)

    found = recipe.evidence(
      0.25,
      step,
      lambda: [x.copy() for x in weights],
      lambda: [x.copy() for x in average],
    )
    self.assertEqual(found.prediction_error_m, 0.25)
    self.assertEqual(found.losses, [9.0, 8.0, 7.0, 6.0, 5.0])
    self.assertEqual(found.gradient_norm, 0.1)
    # 5 steps: two weights move by 15, one by 5.
    self.assertAlmostEqual(found.moved, np.sqrt(15**2 + 15**2 + 5**2))
    self.assertAlmostEqual(found.average_moved, 2.5)

  def test_what_differs_is_named(self):
    expected = recipe.Evidence(0.0, [2.0, 1.0], 0.1, 3.0, 2.0)
    recipe.check('theirs', expected, expected)
    close = recipe.Evidence(9e-5, [2.001, 1.0], 0.100001, 3.1, 2.09)
    recipe.check('theirs', close, expected)
    rounded = recipe.Evidence(0.0, [2.04, 1.0], 0.104, 3.2, 2.0)
    recipe.check('theirs', rounded, expected, bfloat16=True)
    for field, value in (
      ('prediction_error_m', 2e-4),
      ('prediction_error_m', float('nan')),
      ('losses', [2.0, 1.006]),
      ('gradient_norm', 0.1003),
      ('moved', 3.2),
      ('average_moved', 0.0),
    ):
      text = 'prediction' if field == 'prediction_error_m' else field
      with self.assertRaisesRegex(ValueError, f'theirs: .*{text}'):
        recipe.check('theirs', expected._replace(**{field: value}), expected)


if __name__ == '__main__':
  absltest.main()
