# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/distillation/pairwise_similarity.py."""

import functools

import numpy as np
import tensorflow as tf

from depth_mai.distillation import pairwise_similarity
from tests.distillation import term_case


def _expected(student, teacher):
  """Equations (7) and (8) with the mean over all pairs, as Liu et al. code."""
  total = 0.0
  for one, other in zip(student, teacher, strict=True):
    height, width, _ = one.shape
    for i in np.ndindex(height, width):
      for j in np.ndindex(height, width):
        similarities = [
          x[i] @ x[j] / (np.linalg.norm(x[i]) * np.linalg.norm(x[j]))
          for x in (one.astype(np.float64), other.astype(np.float64))
        ]
        total += (similarities[0] - similarities[1]) ** 2
  return total / (height * width) ** 2 / len(student)


def _largest(maps, height, width):
  """Maxima of patches from the top left on; the last ones are smaller."""
  rows = range(0, maps.shape[1], height)
  columns = range(0, maps.shape[2], width)
  return np.stack(
    [
      np.stack(
        [
          maps[:, y : y + height, x : x + width].max(axis=(1, 2))
          for x in columns
        ],
        axis=1,
      )
      for y in rows
    ],
    axis=1,
  )


class PairwiseSimilarityTest(term_case.TermCase):
  def test_matches_numpy(self):
    student, teacher, valid = term_case.maps()
    self.assert_matches(
      pairwise_similarity.pairwise_similarity,
      _expected(student, teacher),
      student,
      teacher,
      valid,
    )

  def test_patches(self):
    student, teacher, valid = term_case.maps()
    student, teacher = student - 1.0, teacher - 3.0  # Negative maxima, too.
    for patch in ((2, 3), (4, 1), (9, 9)):
      pooled = [_largest(x, *patch) for x in (student, teacher)]
      term = functools.partial(
        pairwise_similarity.pairwise_similarity, patch=patch
      )
      value = term(student, teacher, valid)
      self.assertAllClose(value, _expected(*pooled), rtol=1e-5, atol=1e-6)

  def test_the_norm_is_a_constant_for_the_gradient(self):
    maps = term_case.maps()
    student = tf.constant(maps[0])
    with tf.GradientTape() as tape:
      tape.watch(student)
      value = pairwise_similarity.pairwise_similarity(student, *maps[1:])
    gradient = tape.gradient(value, student)
    # With S = X / n and n constant, the mean of (S S' - T T')^2 has the
    # derivative 4 (S S' - T T') S / n by X, divided by the number of terms.
    for image in range(3):
      x, y = (one[image].reshape(42, -1).astype(np.float64) for one in maps[:2])
      norm = np.linalg.norm(x, axis=1, keepdims=True)
      s, t = x / norm, y / np.linalg.norm(y, axis=1, keepdims=True)
      expected = 4 * (s @ s.T - t @ t.T) @ s / norm / (42**2 * 3)
      self.assertAllClose(
        tf.reshape(gradient[image], (42, -1)), expected, rtol=1e-4, atol=1e-7
      )

  def test_refuses_an_empty_patch(self):
    with self.assertRaisesRegex(ValueError, 'pairwise_similarity.patch'):
      pairwise_similarity.pairwise_similarity(*term_case.maps(), patch=(0, 1))


if __name__ == '__main__':
  tf.test.main()
