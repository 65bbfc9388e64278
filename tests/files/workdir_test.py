# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/files/workdir.py."""

import json
import pathlib
import platform

import keras
import tensorflow as tf

from depth_mai.files import workdir as workdir_lib


class WorkdirTest(tf.test.TestCase):
  def setUp(self):
    super().setUp()
    self.workdir = pathlib.Path(self.create_tempdir().full_path) / 'run'

  def test_a_workdir_belongs_to_one_configuration(self):
    config = 'train.epochs = 1\ntrain.seed = 1\n'
    workdir_lib.check_config(self.workdir, config)
    self.workdir.mkdir()
    (self.workdir / workdir_lib.CONFIG).write_text(config)
    workdir_lib.check_config(self.workdir, config)
    with self.assertRaisesRegex(
      ValueError, r'(?s)-train.epochs = 1.*\+train.epochs = 2.*--workdir'
    ):
      workdir_lib.check_config(
        self.workdir, 'train.epochs = 2\ntrain.seed = 1\n'
      )

  def test_the_hash_of_a_configuration(self):
    one = workdir_lib.config_hash('train.epochs = 1')
    self.assertEqual(one, workdir_lib.config_hash('train.epochs = 1'))
    self.assertNotEqual(one, workdir_lib.config_hash('train.epochs = 2'))

  def test_a_finished_run_keeps_its_operative_configuration(self):
    path = self.workdir / workdir_lib.OPERATIVE_CONFIG
    whole = 'train.epochs = 1\nsilog.scale = 1.0\n'
    for text, kept in (
      (whole, whole),
      ('train.epochs = 1\n', whole),
      ('train.epochs = 2\n', 'train.epochs = 2\n'),
    ):
      workdir_lib.write_operative_config(self.workdir, text)
      self.assertEqual(path.read_text(), kept)

  def test_versions(self):
    self.workdir.mkdir()
    workdir_lib.write_versions(self.workdir, 'float32')
    versions = json.loads((self.workdir / workdir_lib.VERSIONS).read_text())
    self.assertEqual(versions['python'], platform.python_version())
    self.assertEqual(versions['packages']['keras'], keras.__version__)
    self.assertEqual(versions['precision'], 'float32')
    self.assertIn('git_commit', versions)


if __name__ == '__main__':
  tf.test.main()
