# SPDX-License-Identifier: Apache-2.0
"""Tests of in_order.py."""

import threading
import time

from absl.testing import absltest

from depth_mai.files import in_order


class MappedTest(absltest.TestCase):
  def test_results_keep_the_order_whatever_they_take(self):
    def slow_first(number):
      time.sleep(0.05 if number % 3 == 0 else 0.0)
      return number**2

    found = list(in_order.mapped(slow_first, range(10), workers=3))
    self.assertEqual(found, [number**2 for number in range(10)])

  def test_runs_at_the_same_time(self):
    both = threading.Barrier(2, timeout=20)
    self.assertLen(list(in_order.mapped(lambda _: both.wait(), 'ab', 2)), 2)

  def test_takes_few_items_ahead(self):
    taken = []

    def items():
      for number in range(50):
        taken.append(number)
        yield number

    results = in_order.mapped(lambda x: x, items(), workers=2)
    for _ in range(5):
      next(results)
    self.assertLessEqual(len(taken), 5 + 4)
    results.close()

  def test_an_error_comes_in_its_place_and_ends_the_threads(self):
    before = threading.active_count()
    results = in_order.mapped(lambda x: 1 / x, [2, 1, 0, 4, 5, 6], workers=1)
    self.assertEqual([next(results), next(results)], [0.5, 1.0])
    with self.assertRaises(ZeroDivisionError):
      next(results)
    self.assertEqual(threading.active_count(), before)

  def test_no_items(self):
    self.assertEmpty(list(in_order.mapped(abs, [])))


if __name__ == '__main__':
  absltest.main()
