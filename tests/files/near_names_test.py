# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/files/near_names.py."""

from absl.testing import absltest

from depth_mai.files import near_names


class NearNamesTest(absltest.TestCase):
  def test_near_names_are_proposed_the_nearest_first(self):
    self.assertEqual(
      near_names.hint('epoch', iter(['batch_size', 'epochs', 'epoch_1'])),
      'Did you mean epochs or epoch_1?',
    )

  def test_at_most_three(self):
    known = [f'layer_{number}' for number in range(9)]
    self.assertEqual(near_names.hint('layer', known).count('layer_'), 3)

  def test_none_is_near(self):
    self.assertEqual(near_names.hint('xyz', ['epochs']), '')
    self.assertEqual(near_names.hint('', ['epochs']), '')
    self.assertEqual(near_names.hint('epochs', []), '')


if __name__ == '__main__':
  absltest.main()
