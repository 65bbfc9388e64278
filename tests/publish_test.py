# SPDX-License-Identifier: Apache-2.0
"""Runs depth_mai.publish as its user does."""

import os
import pathlib
import subprocess
import sys

import numpy as np
from PIL import Image
import tensorflow as tf

from depth_mai.lite import export
from depth_mai.models import compact_weights
from tests.lite import small_network


class PublishTest(tf.test.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    rng = np.random.default_rng(0)
    for kind, values in (
      ('rgb', rng.integers(0, 256, (480, 640, 3)).astype(np.uint8)),
      ('depth', rng.integers(400, 9000, (480, 640)).astype(np.uint16)),
    ):
      folder = self.root / 'data' / 'validation' / kind
      folder.mkdir(parents=True)
      Image.fromarray(values).save(folder / '00.png', compress_level=0)
    self.network = small_network.small_network('small')
    (self.root / 'run').mkdir()
    self.network.save(self.root / 'run' / 'best.keras')
    export.export(
      self.network,
      self.root,
      export.ExportOptions(),
      origin={
        'training_git_commit': 'abc123',
        'gin_hash': '0123',
        'metrics': {'images': 640.0, 'epoch': 3.2},
      },
    )

  def _publish(self, tflite):
    return subprocess.run(
      [sys.executable, '-m', 'depth_mai.publish', '--workdir=run']
      + [f'--tflite={tflite}', '--data_dir=data', '--trained_on=NOISE']
      + ['--licence=none', '--command=by hand'],
      cwd=self.root,
      env={
        **os.environ,
        'PYTHONPATH': os.pathsep.join(filter(None, sys.path)),
      },
      capture_output=True,
      text=True,
      check=False,
    )

  def test_writes_the_file_the_weights_and_the_card(self):
    done = self._publish('small_fp32.tflite')
    self.assertEqual(done.returncode, 0, done.stderr)
    folder = self.root / 'pretrained' / 'small'
    self.assertEqual(
      (folder / 'small_fp32.tflite').read_bytes(),
      (self.root / 'small_fp32.tflite').read_bytes(),
    )
    other = small_network.small_network('small', seed=9)
    compact_weights.load(folder / 'small.npz', other)
    for old, new in zip(self.network.variables, other.variables, strict=True):
      self.assertAllClose(old, new, atol=0.02 * np.abs(old).max())
    card = (folder / 'README.md').read_text()
    self.assertIn('- Images seen: 640, ', card)
    self.assertIn('commit abc123', card)
    self.assertIn('(1 pairs)', card)

  def test_refuses_a_file_of_another_network(self):
    export.export(
      small_network.small_network('other'), self.root, export.ExportOptions()
    )
    done = self._publish('other_fp32.tflite')
    self.assertEqual(done.returncode, 1)
    self.assertIn(
      'other_fp32.tflite is a file of other, and run trained small', done.stderr
    )
    self.assertFalse((self.root / 'pretrained').exists())


if __name__ == '__main__':
  tf.test.main()
