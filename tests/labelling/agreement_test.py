# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/labelling/agreement.py."""

from absl.testing import absltest
import numpy as np

from depth_mai.labelling import agreement

_SIZE = (3, 4)


def _constant(depth_mm):
  return np.full(_SIZE, depth_mm, np.float32)


class AgreementTest(absltest.TestCase):
  def test_a_label_is_the_geometric_mean(self):
    label = agreement.join([_constant(1000), _constant(4000)], _SIZE)
    self.assertEqual(label.depth_mm.dtype, np.uint16)
    np.testing.assert_array_equal(label.depth_mm, 2000)
    # The logarithms lie ln(2) to both sides of their mean.
    want = round(255 * 2**-10.0)
    np.testing.assert_array_equal(label.confidence, want)

  def test_what_agrees_is_certain(self):
    label = agreement.join([_constant(1234.4)] * 3, _SIZE)
    np.testing.assert_array_equal(label.depth_mm, 1234)
    np.testing.assert_array_equal(label.confidence, 255)

  def test_uncertain_pixels_become_unknown(self):
    one, two = _constant(1000), _constant(1000)
    two[0] = 1000 * np.exp(0.3)  # A spread of 0.15.
    label = agreement.join([one, two], _SIZE, max_disagreement=0.1)
    np.testing.assert_array_equal(label.depth_mm[0], 0)
    np.testing.assert_array_equal(label.depth_mm[1:], 1000)
    label = agreement.join([one, two], _SIZE, max_disagreement=0.2)
    self.assertEqual(label.depth_mm[0, 0], round(1000 * np.exp(0.15)))

  def test_opinions_of_several_sizes(self):
    small = np.full((2, 2), 3000, np.float32)
    label = agreement.join([small, _constant(3000)], (6, 8))
    np.testing.assert_array_equal(label.depth_mm, np.full((6, 8), 3000))

  def test_known_depth_never_reads_as_unknown(self):
    opinion = _constant(1e6)
    opinion[0] = -5
    label = agreement.join([opinion], _SIZE)
    np.testing.assert_array_equal(label.depth_mm[0], 1)
    np.testing.assert_array_equal(label.depth_mm[1:], 65534)

  def test_confidence_tells_the_spread(self):
    spread = np.array([0.0, 0.02, 0.1, 0.25])
    confidence = agreement.confidence_of(spread)
    np.testing.assert_array_equal(confidence, [255, 209, 94, 21])
    found = agreement.spread_of(confidence)
    np.testing.assert_allclose(found, spread, atol=0.003)
    self.assertEqual(agreement.spread_of(np.uint8(0)), np.inf)


if __name__ == '__main__':
  absltest.main()
