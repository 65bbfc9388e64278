# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/distillation/structure_similarity.py."""

import numpy as np
import tensorflow as tf

from depth_mai.distillation import structure_similarity
from tests.distillation import term_case


def _expected(student, teacher, valid):
  """Per image over its valid pixels, then the mean over images."""
  values = []
  for one, other, mask in zip(student, teacher, valid[..., 0], strict=True):
    similarities = []
    for maps in (one, other):
      vectors = maps[mask > 0].astype(np.float64)
      vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
      similarities.append(vectors @ vectors.T)
    if len(vectors):
      values.append(np.mean((similarities[0] - similarities[1]) ** 2))
  return np.mean(values)


class StructureSimilarityTest(term_case.TermCase):
  def test_matches_numpy(self):
    student, teacher, valid = term_case.maps()
    self.assert_matches(
      structure_similarity.structure_similarity,
      _expected(student, teacher, valid),
      student,
      teacher,
      valid,
    )

  def test_images_without_a_known_pixel_are_left_out(self):
    student, teacher, valid = term_case.maps()
    valid[1] = 0
    student[1, 0, 0] = np.nan
    value = structure_similarity.structure_similarity(student, teacher, valid)
    rest = [x[[0, 2]] for x in (student, teacher, valid)]
    self.assertAllClose(value, _expected(*rest), rtol=1e-5, atol=1e-6)
    none = structure_similarity.structure_similarity(
      student, teacher, np.zeros_like(valid)
    )
    self.assertEqual(none, 0.0)

  def test_unknown_pixels_get_no_gradient(self):
    student, teacher, valid = term_case.maps()
    variable = tf.constant(student)
    with tf.GradientTape() as tape:
      tape.watch(variable)
      value = structure_similarity.structure_similarity(
        variable, teacher, valid
      )
    gradient = np.abs(tape.gradient(value, variable)).max(axis=-1)
    self.assertAllEqual(gradient > 0, valid[..., 0] > 0)

  def test_scale_of_features_has_no_influence(self):
    student, teacher, valid = term_case.maps()
    one = structure_similarity.structure_similarity(student, teacher, valid)
    other = structure_similarity.structure_similarity(
      3 * student, 0.1 * teacher, valid
    )
    self.assertAllClose(one, other)


if __name__ == '__main__':
  tf.test.main()
