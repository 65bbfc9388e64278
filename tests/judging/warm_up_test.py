# SPDX-License-Identifier: Apache-2.0
"""Tests of the file with which the runtime is warmed up."""

from absl.testing import absltest

from depth_mai.judging import warm_up
from depth_mai.runtime import delegation
from depth_mai.runtime import graph
from depth_mai.runtime import interpreter


class WarmUpTest(absltest.TestCase):
  def test_xnnpack_takes_it(self):
    # Or the CPU would not be looked at.
    loaded = interpreter.load_interpreter(warm_up.model())
    self.assertEqual(delegation.describe_delegation(loaded).partitions, 1)
    loaded = interpreter.load_interpreter(warm_up.model(), xnnpack=False)
    self.assertEqual(delegation.describe_delegation(loaded).partitions, 0)

  def test_is_small(self):
    self.assertLess(len(warm_up.model()), 1000)
    (operator,) = graph.read_graph(warm_up.model()).main.operators
    self.assertEqual((operator.name, operator.version), ('CONV_2D', 1))

  def test_runs(self):
    warm_up.run()


if __name__ == '__main__':
  absltest.main()
