# SPDX-License-Identifier: Apache-2.0
"""What every term of a distillation promises, and maps to test it on."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf


def maps(
  channels: tuple[int, int] = (3, 5), size: tuple[int, int] = (6, 7)
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Returns a student's and a teacher's map, positive, and a mask; B = 3.

  Args:
    channels: those of the student and of the teacher.
    size: height and width.
  """
  rng = np.random.default_rng(5)
  student, teacher = (
    np.exp(rng.normal(size=(3, *size, count))).astype(np.float32)
    for count in channels
  )
  valid = (rng.random((3, *size, 1)) < 0.6).astype(np.float32)
  return student, teacher, valid


class TermCase(tf.test.TestCase):
  """Checks a term; `value` is its result, `expected` that of NumPy."""

  def assert_matches(
    self, term: Callable, expected: float, *arguments: np.ndarray
  ) -> None:
    """Checks the value, and that gradients reach the student only."""
    student, teacher, valid = map(tf.constant, arguments)
    with tf.GradientTape() as tape:
      tape.watch([student, teacher])
      value = term(student, teacher, valid)
    self.assertEqual(value.dtype, tf.float32)
    self.assertEqual(value.shape, ())
    self.assertAllClose(value, expected, rtol=1e-5, atol=1e-6)
    to_student, to_teacher = tape.gradient(value, [student, teacher])
    self.assertIsNone(to_teacher)
    self.assertGreater(np.abs(to_student).max(), 0)
    self.assertAllEqual(np.isfinite(to_student), np.ones(student.shape, bool))
