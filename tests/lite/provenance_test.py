# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/provenance.py."""

import json
import pathlib

import numpy as np
import tensorflow as tf

from depth_mai.lite import provenance
from tests.lite import small_network

_LINES = (
  {'split': 'train', 'step': 10, 'silog': 0.01, 'si_rmse': 0.01},
  {'split': 'validation', 'step': 10, 'si_rmse': 0.4, 'rmse': 2.0},
  {'split': 'validation', 'step': 20, 'si_rmse': 0.3, 'rmse': 1.5},
  {'split': 'train_eval', 'step': 20, 'si_rmse': 0.1, 'rmse': 0.5},
  {'split': 'validation', 'step': 30, 'si_rmse': 0.35, 'rmse': 1.2},
)


class ProvenanceTest(tf.test.TestCase):
  def setUp(self):
    super().setUp()
    self.workdir = pathlib.Path(self.create_tempdir('tcl_run').full_path)

  def test_workdir(self):
    network = small_network.small_network()
    network.save(self.workdir / 'best.keras')
    (self.workdir / 'operative_config.gin').write_text('train.epochs = 2\n')
    (self.workdir / 'versions.json').write_text('{"git_commit": "abc+"}')
    (self.workdir / 'metrics.jsonl').write_text(
      ''.join(json.dumps(line) + '\n' for line in _LINES) + '{"split": "va'
    )
    loaded, config, origin = provenance.load_workdir(self.workdir)
    self.assertEqual(config, 'train.epochs = 2\n')
    self.assertEqual(
      origin,
      {
        'source': 'tcl_run',
        'training_git_commit': 'abc+',
        'metrics': _LINES[2],
      },
    )
    rgb = np.float32(small_network.pictures(1, (32, 40)))
    self.assertAllEqual(
      network(rgb, training=False), loaded(rgb, training=False)
    )

  def test_workdir_that_has_only_a_network(self):
    small_network.small_network().save(self.workdir / 'best.keras')
    _, config, origin = provenance.load_workdir(self.workdir)
    self.assertEqual(config, '')
    self.assertEqual(origin['training_git_commit'], 'unknown')
    self.assertEqual(origin['metrics'], {})

  def test_versions_that_are_damaged(self):
    for text in ('[]', '7', '"a"', '{"git_commit": 7}', '{', '[' * 100000):
      (self.workdir / 'versions.json').write_text(text)
      self.assertEqual(provenance.training_commit(self.workdir), 'unknown')

  def test_given_configuration(self):
    self.assertEqual(provenance.given_config_text(None), '')
    self.assertEqual(provenance.given_config_text(self.workdir), '')
    (self.workdir / 'config.gin').write_text('train.epochs = 3\n')
    self.assertEqual(
      provenance.given_config_text(self.workdir), 'train.epochs = 3\n'
    )

  def test_workdir_or_file(self):
    network = small_network.small_network()
    network.save(self.workdir / 'best.keras')
    for workdir, model, source in (
      (self.workdir, None, self.workdir.name),
      (None, self.workdir / 'best.keras', 'best.keras'),
    ):
      loaded, config, origin = provenance.load(workdir, model)
      self.assertEqual((config, origin['source']), ('', source))
      self.assertLen(loaded.layers, len(network.layers))

  def test_workdir_without_network(self):
    with self.assertRaisesRegex(ValueError, 'no best.keras.*--workdir'):
      provenance.load_workdir(self.workdir)


if __name__ == '__main__':
  tf.test.main()
