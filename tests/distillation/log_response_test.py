# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/distillation/log_response.py."""

import functools

import numpy as np
import tensorflow as tf

from depth_mai.distillation import log_response
from tests.distillation import term_case


class LogResponseTest(term_case.TermCase):
  def test_si_rmse_matches_numpy(self):
    student, teacher, valid = term_case.maps((1, 1))
    difference = np.log(student) - np.log(teacher)
    expected = np.mean(
      [
        np.std(one[mask > 0].astype(np.float64))
        for one, mask in zip(difference, valid, strict=True)
      ]
    )
    self.assert_matches(
      log_response.log_response, expected, student, teacher, valid
    )

  def test_all_pixels(self):
    student, teacher, valid = term_case.maps((1, 1))
    difference = np.log(student) - np.log(teacher)
    expected = np.mean([np.std(one.astype(np.float64)) for one in difference])
    term = functools.partial(log_response.log_response, known_only=False)
    self.assert_matches(term, expected, student, teacher, valid)

  def test_l1_matches_numpy(self):
    student, teacher, valid = term_case.maps((1, 1))
    teacher[0, 0, 0] = 0.0  # Counts as the floor.
    valid[0, 0, 0] = 1.0
    student = np.maximum(student, 0.3)
    difference = np.log(student) - np.log(np.maximum(teacher, 0.2))
    expected = np.abs(difference)[valid > 0].mean(dtype=np.float64)
    term = functools.partial(log_response.log_response, form='l1', floor_m=0.2)
    self.assert_matches(term, expected, student, teacher, valid)

  def test_refuses(self):
    with self.assertRaisesRegex(ValueError, "'depth_m' of both"):
      log_response.log_response(*term_case.maps((1, 3)))
    with self.assertRaisesRegex(ValueError, 'log_response.form'):
      log_response.log_response(*term_case.maps((1, 1)), form='l2')
    with self.assertRaisesRegex(ValueError, 'log_response.floor_m'):
      log_response.log_response(*term_case.maps((1, 1)), floor_m=0)


if __name__ == '__main__':
  tf.test.main()
