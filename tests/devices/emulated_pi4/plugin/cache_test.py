# SPDX-License-Identifier: Apache-2.0
import collections
import ctypes

from absl.testing import absltest
import numpy as np

from tests.devices.emulated_pi4.plugin import compiled

_CODE = """
#include "cache.h"
void touch(uint64_t address, unsigned bytes) { cache_access(address, bytes); }
uint64_t first(void) { return l1d_misses; }
uint64_t second(void) { return l2_misses; }
"""
_LINE = 64


class _Level:
  """A least-recently-used cache, made of ordered dictionaries."""

  def __init__(self, size, ways):
    self.sets = [
      collections.OrderedDict() for _ in range(size // _LINE // ways)
    ]
    self.ways, self.misses = ways, 0

  def hit(self, line):
    lines = self.sets[line % len(self.sets)]
    if line in lines:
      lines.move_to_end(line)
      return True
    self.misses += 1
    lines[line] = None
    if len(lines) > self.ways:
      lines.popitem(last=False)
    return False


class CacheTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.code = compiled.compile_or_skip(self, _CODE)
    self.code.touch.argtypes = [ctypes.c_uint64, ctypes.c_uint]
    self.code.first.restype = self.code.second.restype = ctypes.c_uint64

  def test_misses_equal_those_of_an_independent_model(self):
    generator = np.random.default_rng(3)
    first, second = _Level(32 << 10, 2), _Level(1 << 20, 16)
    # Some addresses often, others over two megabytes, some across lines.
    addresses = np.where(
      generator.random(60000) < 0.5,
      generator.integers(0, 40 << 10, 60000),
      generator.integers(0, 2 << 20, 60000),
    )
    sizes = 2 ** generator.integers(0, 5, 60000)
    for address, size in zip(addresses.tolist(), sizes.tolist(), strict=True):
      self.code.touch(address, size)
      for line in range(address // _LINE, (address + size - 1) // _LINE + 1):
        if not first.hit(line):
          second.hit(line)
    self.assertGreater(second.misses, 10000)
    self.assertEqual(self.code.first(), first.misses)
    self.assertEqual(self.code.second(), second.misses)


if __name__ == '__main__':
  absltest.main()
