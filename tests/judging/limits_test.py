# SPDX-License-Identifier: Apache-2.0
"""Tests of the limits."""

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.judging import limits


class LimitsTest(parameterized.TestCase):
  @parameterized.product(
    name=('file_mb', 'memory_mb', 'load_s', 'image_s', 'time_s'),
    value=(0.0, -1.0, float('inf'), float('nan')),
  )
  def test_errors(self, name, value):
    with self.assertRaisesRegex(ValueError, f'--{name} must be positive'):
      limits.Limits(**{name: value})

  def test_the_whole_is_not_less_than_its_parts(self):
    most = limits.Limits()
    self.assertGreater(most.time_s, most.load_s + most.image_s)


if __name__ == '__main__':
  absltest.main()
