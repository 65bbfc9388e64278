# SPDX-License-Identifier: Apache-2.0
"""Tests of benchmarks/damage/pool.py, and of the workers that it starts."""

import pathlib

from absl.testing import absltest

from benchmarks.damage import outcome
from benchmarks.damage import pool as pool_lib
from tests.benchmarks.damage import broken_kinds

# Kind of broken_kinds -> what must be found.
_EXPECTED = {
  'key error': outcome.TRACEBACK,
  'memory': outcome.REFUSED,
  'crash': outcome.SIGNAL,
  'sleep': outcome.HANG,
  'left behind': outcome.HALF_WRITTEN,
  'half a file': outcome.HALF_WRITTEN,
  'changed input': outcome.HALF_WRITTEN,
  'other value': outcome.WRONG,
  'lost line': outcome.WRONG,
  'escape sequence': outcome.UNCLEAR,
  'silence': outcome.UNCLEAR,
  'refusal': outcome.REFUSED,
  'warning': outcome.SAID,
  'same value': outcome.RIGHT,
  'unchecked': outcome.UNSEEN,
}
_MODULES = {broken_kinds.__name__: dict.fromkeys(_EXPECTED, 1)}


class PoolTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def test_every_way_to_fail_is_found(self):
    found, damaged = {}, {}
    with pool_lib.Pool(self.folder, 2, _MODULES) as pool:
      pool.build(_EXPECTED)
      for one, case in pool.run([(kind, 3) for kind in _EXPECTED], seed=1):
        found[one.kind] = one.name
        damaged[one.kind] = (case / 'input' / 'number.txt').read_bytes()
        with self.subTest(one.kind):
          self.assertStartsWith(one.damage, 'numbers/number.txt: ')
        if one.kind == 'crash':
          self.assertEqual(one.detail, 'SIGSEGV')
        if one.kind == 'key error':
          self.assertIn("KeyError: 'no such key'", one.message)
    self.assertEqual(found, _EXPECTED)
    self.assertNotEqual(damaged['refusal'], b'42\n' * 99)

  def test_a_wrong_value_without_damage_is_a_fault(self):
    modules = {broken_kinds.__name__: {'wrong at once': 1}}
    with pool_lib.Pool(self.folder, 1, modules) as pool:
      with self.assertRaisesRegex(pool_lib.Fault, 'value is 7, not 42'):
        pool.build(['wrong at once'])


if __name__ == '__main__':
  absltest.main()
