# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/runtime/delegation.py."""

from absl.testing import absltest

from depth_mai.runtime import delegation
from depth_mai.runtime import interpreter
from tests.runtime import tiny_model


def _describe(content, xnnpack=True):
  return delegation.describe_delegation(
    interpreter.load_interpreter(content, xnnpack=xnnpack)
  )


class DelegationTest(absltest.TestCase):
  def test_whole_graph(self):
    self.assertEqual(
      _describe(tiny_model.float_model()),
      delegation.Delegation(operators=1, partitions=1, outside={}),
    )

  def test_graph_cut_in_two(self):
    taken = _describe(tiny_model.split_model())
    self.assertEqual(
      taken,
      delegation.Delegation(
        operators=3, partitions=2, outside={'RESIZE_NEAREST_NEIGHBOR': 1}
      ),
    )
    self.assertEqual(taken.outside_text(), '1 RESIZE_NEAREST_NEIGHBOR')

  def test_delegate_off(self):
    taken = _describe(tiny_model.split_model(), xnnpack=False)
    self.assertEqual(
      taken,
      delegation.Delegation(
        operators=3,
        partitions=0,
        outside={'CONV_2D': 2, 'RESIZE_NEAREST_NEIGHBOR': 1},
      ),
    )
    self.assertEqual(
      taken.outside_text(), '2 CONV_2D, 1 RESIZE_NEAREST_NEIGHBOR'
    )

  def test_nothing_outside(self):
    self.assertEqual(delegation.Delegation(4, 1, {}).outside_text(), 'none')

  def test_runtime_without_details(self):
    self.assertIsNone(delegation.describe_delegation(object()))


if __name__ == '__main__':
  absltest.main()
