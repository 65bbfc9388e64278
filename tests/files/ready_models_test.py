# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/files/ready_models.py and of the files in pretrained/."""

import configparser
import pathlib
import shutil
from unittest import mock

from absl.testing import absltest

from depth_mai.files import ready_models
from depth_mai.runtime import metadata as metadata_lib

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_SYSTEMS = (
  'aiia_hit', 'icl', 'jmu_cvlab', 'miaigo', 'smartlab', 'tcl', 'tencent_gylab',
  'tencent_gylab_2021',
)  # fmt: skip


class ReadyModelsTest(absltest.TestCase):
  def test_every_system_is_ready(self):
    self.assertSequenceEqual(ready_models.names(), _SYSTEMS)
    total = 0
    for name in _SYSTEMS:
      model = pathlib.Path(ready_models.model_path(name))
      weights = pathlib.Path(ready_models.weights_path(name))
      self.assertEqual(metadata_lib.read_metadata(model)['system'], name)
      self.assertEqual(weights.name, f'{name}.npz')
      card = (model.parent / 'README.md').read_text()
      for word in ('Licence', 'Command', 'commit', 'si-RMSE', 'Limits'):
        self.assertIn(word, card)
      for path in (model, weights):
        self.assertIn(f'{path.stat().st_size:,}', card)
      total += sum(path.stat().st_size for path in model.parent.iterdir())
    self.assertLess(total, 40e6)

  def test_every_system_has_its_configuration(self):
    for name in _SYSTEMS:
      (path,) = ready_models.config_files(name)
      self.assertIn(f'train.network = @{name}', pathlib.Path(path).read_text())
    for other in (None, ready_models.weights_path('tcl')):
      self.assertEmpty(ready_models.config_files(other))
    with self.assertRaisesRegex(ValueError, "'tlc' is neither .* tcl"):
      ready_models.config_files('tlc')

  def test_path_is_returned_unchanged(self):
    self.assertEqual(ready_models.model_path('a/tcl.tflite'), 'a/tcl.tflite')
    folder = self.create_tempdir().full_path
    self.assertEqual(ready_models.model_path(folder), folder)

  def test_unknown_name_lists_the_known_systems(self):
    with self.assertRaisesRegex(ValueError, "'tlc' is neither .* tcl"):
      ready_models.model_path('tlc')

  def test_an_installation_has_models_and_names_the_place_of_weights(self):
    setup = configparser.ConfigParser()
    setup.read(_ROOT / 'setup.cfg')
    patterns = setup['options.package_data']['depth_mai.pretrained'].split(',')
    installed = pathlib.Path(self.create_tempdir().full_path)
    for pattern in patterns:
      for path in (_ROOT / 'pretrained').glob(pattern.strip()):
        (installed / path.parent.name).mkdir(exist_ok=True)
        shutil.copy(path, installed / path.parent.name)
    with mock.patch.object(ready_models, '_FOLDERS', (installed,)):
      self.assertSequenceEqual(ready_models.names(), _SYSTEMS)
      for name in _SYSTEMS:
        path = pathlib.Path(ready_models.model_path(name))
        self.assertTrue((path.parent / 'README.md').exists())
        with self.assertRaisesRegex(ValueError, f'{name}.npz, .*not installed'):
          ready_models.weights_path(name)
      with self.assertRaisesRegex(ValueError, "'tlc' is neither"):
        ready_models.weights_path('tlc')


if __name__ == '__main__':
  absltest.main()
