# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/quantisation.py."""

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.lite import quantisation


class QuantisationTest(parameterized.TestCase):
  @parameterized.parameters(
    {'calibration': 'average'},
    {'percentile': 50.0},
    {'percentile': 100.5},
    {'float_tail': -1},
    {'float_layers': 'head'},
  )
  def test_refusals_name_the_gin_key(self, **wrong):
    ((key, value),) = wrong.items()
    with self.assertRaisesRegex(ValueError, f'Quantisation.{key}') as caught:
      quantisation.Quantisation(**wrong)
    self.assertIn(f'{key}={value!r}', str(caught.exception))


if __name__ == '__main__':
  absltest.main()
