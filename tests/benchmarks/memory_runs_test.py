# SPDX-License-Identifier: Apache-2.0
"""Tests of benchmarks/memory_runs.py, without the runs, which take minutes."""

import pathlib

from absl.testing import absltest
import numpy as np
from PIL import Image

from benchmarks import memory_runs
from depth_mai.challenge_folder import folder


class MemoryRunsTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def test_growth_is_that_of_the_second_half(self):
    flat = [(x, 100 if x < 45 else 500) for x in range(100)]
    self.assertEqual(memory_runs.growth_mb(flat), 0)
    leaking = [(x, 100 + 3 * x) for x in range(100)]
    # From the middle of the sixth tenth to that of the last: 40 samples.
    self.assertEqual(memory_runs.growth_mb(leaking), 120)
    self.assertEqual(memory_runs.growth_mb(leaking[:19]), 0)

  def test_pairs_can_be_used(self):
    memory_runs.pairs(self.folder, 60, (48, 64), ('train', 'validation'))
    self.assertEmpty(folder.find_problems(self.folder))
    self.assertLen(folder.list_pairs(self.folder, 'train'), 60)

  def test_the_picture_is_small(self):
    samples = [(x, 100.0) for x in range(1, 500)]
    path = self.folder / 'memory.png'
    memory_runs.draw({'training': {'count': 10, 'samples': samples}}, path)
    self.assertLess(path.stat().st_size, 60_000)
    self.assertGreater(np.std(np.asarray(Image.open(path))), 1)


if __name__ == '__main__':
  absltest.main()
