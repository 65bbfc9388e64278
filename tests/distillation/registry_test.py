# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/distillation/registry.py."""

import tensorflow as tf

from depth_mai.distillation import distillation
from depth_mai.distillation import registry


class RegistryTest(tf.test.TestCase):
  def test_all_terms_register(self):
    terms = distillation.terms()
    self.assertContainsSubset(
      (
        'feature_l2 log_response pairwise_similarity structure_similarity'
      ).split(),
      terms,
    )
    self.assertTrue(terms['feature_l2'].same_channels)
    self.assertFalse(terms['pairwise_similarity'].same_channels)

  def test_refuses_a_second_term_of_a_name(self):
    def feature_l2():
      pass

    distillation.terms()
    with self.assertRaisesRegex(ValueError, "both register the term 'feature"):
      registry.register()(feature_l2)


if __name__ == '__main__':
  tf.test.main()
