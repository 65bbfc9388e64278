# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/training/checkpoint.py."""

import contextlib
import io
import os
import pathlib

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.training import checkpoint


def _variables(width=3):
  return {
    'network': [
      keras.Variable(np.arange(width, dtype=np.float32), name='kernel'),
      keras.Variable(np.array([7, 8], np.uint32), dtype='uint32', name='seed'),
    ]
  }


def _become_folder(path):
  path.unlink()
  path.mkdir()
  (path / 'a').touch()


def _resave(path, **changed):
  """Writes a sound archive with other members; None removes one and best."""
  with np.load(path) as members:
    arrays = dict(members) | changed
  if None in changed.values():
    arrays = {k: arrays[k] for k in arrays if k not in ('sha256', 'best')}
  np.savez(path, **arrays)


class CheckpointTest(tf.test.TestCase, parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.directory = pathlib.Path(self.get_temp_dir()) / 'checkpoints'

  def test_round_trip(self):
    saved = _variables()
    path = checkpoint.save(self.directory, 12, 0.25, saved)
    restored = _variables()
    for variable in restored['network']:
      variable.assign(np.zeros(variable.shape))
    self.assertEqual(checkpoint.restore(path, restored), (12, 0.25))
    for old, new in zip(saved['network'], restored['network'], strict=True):
      self.assertAllEqual(old, new)

  def test_removes_all_but_the_newest(self):
    self.assertIsNone(checkpoint.restore_newest(self.directory, _variables()))
    for step in (5, 90, 100):
      checkpoint.save(self.directory, step, 1.0, _variables())
    self.assertEqual(
      sorted(path.name for path in self.directory.iterdir()),
      ['step_00000090.npz', 'step_00000100.npz'],
    )
    restored = checkpoint.restore_newest(self.directory, _variables())
    self.assertEqual(restored, (100, 1.0))

  def test_refuses_another_network(self):
    path = checkpoint.save(self.directory, 1, 1.0, _variables())
    with self.assertRaisesRegex(ValueError, 'shape.*--workdir'):
      checkpoint.restore(path, _variables(width=4))
    with self.assertRaisesRegex(ValueError, 'another network'):
      checkpoint.restore(path, {'network': _variables()['network'][:1]})

  def test_refuses_a_run_with_another_configuration(self):
    checkpoint.save(self.directory, 4, 0.5, _variables(), 'abc')
    for known in ('abc', ''):
      restored = checkpoint.restore_newest(self.directory, _variables(), known)
      self.assertEqual(restored, (4, 0.5))
    variables = _variables()
    variables['network'][0].assign([9, 9, 9])
    with self.assertRaisesRegex(
      ValueError, 'another configuration.*train.initial_network'
    ):
      checkpoint.restore_newest(self.directory, variables, 'def')
    self.assertAllEqual(variables['network'][0], [9, 9, 9])

  def _damage_newest(self, damage):
    for step in (2, 4):
      variables = _variables()
      variables['network'][0].assign([step, step, step])
      path = checkpoint.save(self.directory, step, step / 10, variables)
    damage(path)
    return path

  def _restore(self, variables):
    with contextlib.redirect_stderr(io.StringIO()) as stderr:
      restored = checkpoint.restore_newest(self.directory, variables)
    return restored, stderr.getvalue()

  @parameterized.named_parameters(
    ('empty', lambda path: path.write_bytes(b''), 'an empty file'),
    ('cut_off', lambda path: os.truncate(path, 500), 'cut off'),
    ('garbage', lambda path: path.write_bytes(b'PK' * 400), 'damaged'),
    ('folder', _become_folder, 'a folder'),
    ('another_value', lambda path: _resave(path, best=0.0), 'checksum'),
    ('fewer_arrays', lambda path: _resave(path, sha256=None), 'no checksum'),
  )
  def test_the_one_before_a_damaged_one_is_used(self, damage, reason):
    path = self._damage_newest(damage)
    variables = _variables()
    restored, text = self._restore(variables)
    self.assertEqual(restored, (2, 0.2))
    self.assertAllEqual(variables['network'][0], [2, 2, 2])
    damaged, used = text.splitlines()
    self.assertStartsWith(damaged, f'{path} is damaged (')
    self.assertIn(reason, damaged)
    self.assertNotIn('pickle', text)
    self.assertIn('step_00000002.npz', used)
    # It does not take the place of a whole one.
    for step in (3, 4):
      checkpoint.save(self.directory, step, 0.0, variables)
    self.assertEqual(
      sorted(path.name for path in self.directory.iterdir()),
      ['damaged_1_step_00000004.npz', 'step_00000003.npz', 'step_00000004.npz'],
    )

  def test_no_silent_start_if_none_is_whole(self):
    self._damage_newest(lambda path: os.truncate(path, 100))
    os.truncate(self.directory / 'step_00000002.npz', 100)
    variables = _variables()
    variables['network'][0].assign([9, 9, 9])
    with contextlib.redirect_stderr(io.StringIO()):
      with self.assertRaisesRegex(
        ValueError, 'No checkpoint .*step_00000004.*from a backup, or remove'
      ):
        checkpoint.restore_newest(self.directory, variables)
    self.assertAllEqual(variables['network'][0], [9, 9, 9])
    self.assertLen(list(self.directory.glob('step_*')), 2)

  def test_a_checkpoint_of_an_older_version_is_restored(self):
    path = checkpoint.save(self.directory, 3, 0.5, _variables())
    with np.load(path) as members:
      np.savez(path, **{k: members[k] for k in members if k != 'sha256'})
    self.assertEqual(self._restore(_variables()), ((3, 0.5), ''))
    # It has no hash of its configuration.
    restored = checkpoint.restore(path, _variables(), 'abc')
    self.assertEqual(restored, (3, 0.5))


if __name__ == '__main__':
  tf.test.main()
