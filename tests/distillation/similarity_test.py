# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/distillation/similarity.py."""

import numpy as np
import tensorflow as tf

from depth_mai.distillation import similarity


def _similarities(maps):
  vectors = maps.reshape(-1, maps.shape[-1]).astype(np.float64)
  vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
  return vectors @ vectors.T


class SimilarityTest(tf.test.TestCase):
  def test_unit_vectors(self):
    maps = tf.constant([[[[3.0, 4.0], [0.0, 0.0]]]])
    unit = similarity.unit_vectors(maps)
    self.assertAllClose(unit, [[[0.6, 0.8], [0.0, 0.0]]])

  def test_gradients(self):
    maps = tf.constant([[[[3.0, 4.0], [0.0, 0.0]]]])
    # d(x / |x|) along x vanishes unless the norm is a constant. A vector
    # without a direction gets no gradient.
    for detach_norm, expected in ((False, [0.0, 0.0]), (True, [0.6, 0.8])):
      with tf.GradientTape() as tape:
        tape.watch(maps)
        unit = similarity.unit_vectors(maps, detach_norm)
        along = tf.reduce_sum(unit * [[[3.0, 4.0], [3.0, 4.0]]])
      gradient = tape.gradient(along, maps)
      self.assertAllClose(gradient[0, 0], [expected, [0.0, 0.0]], atol=1e-6)

  def test_equals_the_matrices_of_all_pairs(self):
    rng = np.random.default_rng(0)
    student = rng.normal(size=(2, 5, 7, 3)).astype(np.float32)
    teacher = rng.normal(size=(2, 5, 7, 11)).astype(np.float32)
    value = similarity.mean_squared_difference(
      similarity.unit_vectors(student),
      similarity.unit_vectors(teacher),
      tf.constant([35.0, 35.0]),
    )
    expected = [
      np.mean((_similarities(one) - _similarities(other)) ** 2)
      for one, other in zip(student, teacher, strict=True)
    ]
    self.assertAllClose(value, expected, rtol=1e-6, atol=0)

  def test_small_differences_do_not_cancel(self):
    rng = np.random.default_rng(0)
    student = rng.normal(size=(1, 20, 30, 8)).astype(np.float32)
    teacher = (student + 1e-3 * rng.normal(size=student.shape)).astype(
      'float32'
    )
    value = similarity.mean_squared_difference(
      similarity.unit_vectors(student),
      similarity.unit_vectors(teacher),
      tf.constant([600.0]),
    )
    expected = np.mean((_similarities(student) - _similarities(teacher)) ** 2)
    self.assertLess(expected, 1e-6)
    self.assertAllClose(value[0], expected, rtol=1e-5, atol=0)


if __name__ == '__main__':
  tf.test.main()
