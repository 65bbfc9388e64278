# SPDX-License-Identifier: Apache-2.0
import pathlib
import random

from absl.testing import absltest

from depth_mai.files import natural_order


class NaturalKeyTest(absltest.TestCase):
  def test_numbers_are_compared_as_numbers(self):
    ordered = ['1.png', '2.png', '10.png', 'a', 'a1b2', 'a1b10', 'a02', 'b']
    shuffled = random.Random(0).sample(ordered, len(ordered))
    self.assertEqual(sorted(shuffled, key=natural_order.natural_key), ordered)

  def test_equal_numbers_have_a_fixed_order(self):
    for names in (['7', '007'], ['007', '7']):
      names.sort(key=natural_order.natural_key)
      self.assertEqual(names, ['007', '7'])

  def test_paths_and_other_digits(self):
    paths = [pathlib.Path('f/\u00b2.png'), pathlib.Path('f/12.png')]
    self.assertLen(sorted(paths, key=natural_order.natural_key), 2)


if __name__ == '__main__':
  absltest.main()
