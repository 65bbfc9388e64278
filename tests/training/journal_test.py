# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/training/journal.py."""

import json
import pathlib

import numpy as np
import tensorflow as tf

from depth_mai.training import journal as journal_lib


class JournalTest(tf.test.TestCase):
  def setUp(self):
    super().setUp()
    self.workdir = pathlib.Path(self.create_tempdir().full_path)
    self.path = self.workdir / 'metrics.jsonl'

  def _journal(self, start_step):
    return journal_lib.Journal(
      self.workdir, start_step=start_step, total_steps=100
    )

  def test_lines_and_events(self):
    journal = self._journal(0)
    journal.write('train', 10, {'loss': 0.123456789})
    journal.picture('validation', 10, np.zeros((4, 4, 3), np.uint8))
    self.assertEqual(
      json.loads(self.path.read_text()),
      {'split': 'train', 'step': 10, 'loss': 0.123457},
    )
    events = next((self.workdir / 'events').iterdir())
    tags = [
      value.tag
      for event in tf.compat.v1.train.summary_iterator(str(events))
      for value in event.summary.value
    ]
    self.assertIn('train/loss', tags)
    self.assertIn('validation', tags)

  def test_a_restart_drops_later_lines(self):
    journal = self._journal(0)
    for step in (10, 20, 30):
      journal.write('train', step, {'loss': 1.0})
    with self.path.open('a') as file:
      file.write('{"split": "train", "st')  # Killed while writing.
    self._journal(20)
    *lines, last = self.path.read_text().splitlines()
    self.assertEqual([json.loads(line)['step'] for line in lines], [10, 20])
    self.assertEqual(last, '{"split": "train", "st')


if __name__ == '__main__':
  tf.test.main()
