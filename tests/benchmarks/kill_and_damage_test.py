# SPDX-License-Identifier: Apache-2.0
"""Tests of benchmarks/kill_and_damage.py: a kill of a real training."""

import json
import pathlib
import random

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from benchmarks import kill_and_damage
from depth_mai.files import checked_arrays


class KillAndDamageTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def test_a_killed_training_ends_like_a_whole_one(self):
    experiment = kill_and_damage.run(self.folder, kills=1, seed=1, steps=30)
    self.assertEqual(experiment.counts['killed'], 1)
    self.assertEqual(experiment.differences('whole', 'killed'), [])
    damaged = list((self.folder / 'killed/checkpoints').glob('damaged_*'))
    self.assertLen(damaged, 1)
    # The comparison itself sees one changed number.
    newest = max((self.folder / 'killed/checkpoints').glob('step_*'))
    with np.load(newest) as members:
      arrays = dict(members)
    arrays['network/0000'].flat[0] += 1e-6
    np.savez(newest, **arrays)
    different = experiment.differences('whole', 'killed')
    self.assertEqual(different, [f'{newest.name}: network/0000'])

  def test_a_killed_distillation_ends_like_a_whole_one(self):
    experiment = kill_and_damage.run(
      self.folder, kills=1, seed=2, steps=24, distil=True
    )
    self.assertEqual(experiment.counts['killed'], 1)
    self.assertEqual(experiment.differences('whole', 'killed'), [])
    newest = max((self.folder / 'killed/checkpoints').glob('step_*'))
    with np.load(newest) as arrays:
      # The projection from 8 channels to the teacher's one.
      self.assertEqual(arrays['loss/0000'].shape, (1, 1, 8, 1))
    lines = (self.folder / 'killed/metrics.jsonl').read_text().splitlines()
    self.assertIn('structure_similarity_stem_bn', json.loads(lines[0]))

  @parameterized.parameters(*kill_and_damage.DAMAGES)
  def test_every_kind_of_damage_is_found(self, kind):
    path = self.folder / 'a.npz'
    checked_arrays.save(
      path, {'a': np.arange(999), 'b': np.array(2), 'step': np.array(3)}
    )
    for seed in range(3):
      kill_and_damage.DAMAGES[kind](path, random.Random(seed))
      if kind == 'an array less':
        break
      with self.assertRaises(checked_arrays.DamagedError):
        checked_arrays.load(path)
      if kind in ('empty', 'a folder', 'a changed value', 'other bytes'):
        break


if __name__ == '__main__':
  absltest.main()
