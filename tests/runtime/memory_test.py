# SPDX-License-Identifier: Apache-2.0
import os
import unittest

from absl.testing import absltest
import numpy as np

from depth_mai.runtime import memory


@unittest.skipUnless(
  os.path.exists('/proc/self/status'), 'memory is read from Linux /proc'
)
class MemoryTest(absltest.TestCase):
  def test_block_of_known_size(self):
    memory.reset_peak()
    before_mb = memory.resident_mb()
    block = np.ones(64 * 2**20, np.uint8)
    held_mb = memory.resident_mb() - before_mb
    self.assertBetween(held_mb, 60, 72)
    del block
    # Large blocks go back to the system at once; the peak remembers them.
    self.assertLess(memory.resident_mb() - before_mb, 16)
    self.assertBetween(memory.peak_resident_mb() - before_mb, 60, 72)


if __name__ == '__main__':
  absltest.main()
