# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/files/ready_models.py and of the files in pretrained/."""

import configparser
import hashlib
import os
import pathlib
import shutil
from unittest import mock

from absl.testing import absltest

from depth_mai.files import ready_downloads
from depth_mai.files import ready_models
from depth_mai.runtime import metadata as metadata_lib

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_SYSTEMS = (
  'aiia_hit', 'icl', 'jmu_cvlab', 'miaigo', 'ours_l', 'ours_m', 'ours_s',
  'smartlab', 'tcl', 'tencent_gylab', 'tencent_gylab_2021',
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
    self.assertLess(total, 45e6)

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

  def test_the_list_of_checksums_is_current(self):
    folder = _ROOT / 'pretrained'
    lines = [
      f'{hashlib.sha256(path.read_bytes()).hexdigest()}  '
      f'{path.relative_to(folder).as_posix()}'
      for pattern in ('*/*.npz', '*/*.tflite')
      for path in sorted(folder.glob(pattern))
    ]
    self.assertEqual(
      (folder / 'SHA256SUMS').read_text().splitlines(),
      lines,
      'run: cd pretrained; sha256sum */*.npz */*.tflite > SHA256SUMS',
    )

  def test_a_hyphen_stands_for_an_underscore(self):
    self.assertEqual(
      ready_models.model_path('aiia-hit'), ready_models.model_path('aiia_hit')
    )

  def test_a_name_stands_for_the_int8_file(self):
    root = pathlib.Path(self.create_tempdir().full_path)
    (root / 'a').mkdir()
    for name in ('a_fp16', 'a_int8', 'a_fp32'):
      (root / 'a' / f'{name}.tflite').touch()
    with mock.patch.object(ready_models, '_FOLDERS', (root,)):
      path = pathlib.Path(ready_models.model_path('a'))
      self.assertEqual(path.name, 'a_int8.tflite')
      # The same where nothing but the list is installed.
      shutil.rmtree(root / 'a')
      (root / 'SHA256SUMS').write_text('1  a/a_fp16.tflite\n2  a/a_int8.tflite')
      with mock.patch.object(ready_downloads, 'fetched') as fetched:
        ready_models.model_path('a')
    fetched.assert_called_once_with('a/a_int8.tflite', '2')


class InstallationTest(absltest.TestCase):
  """What setup.cfg installs of pretrained/."""

  def setUp(self):
    super().setUp()
    setup = configparser.ConfigParser()
    setup.read(_ROOT / 'setup.cfg')
    patterns = setup['options.package_data']['depth_mai.pretrained'].split(',')
    self.installed = pathlib.Path(self.create_tempdir().full_path)
    for pattern in patterns:
      for path in (_ROOT / 'pretrained').glob(pattern.strip()):
        target = self.installed / path.relative_to(_ROOT / 'pretrained')
        target.parent.mkdir(exist_ok=True)
        shutil.copy(path, target)
    self.enter_context(
      mock.patch.object(ready_models, '_FOLDERS', (self.installed,))
    )
    self.home = self.create_tempdir().full_path
    self.enter_context(
      mock.patch.dict(
        os.environ, {'HOME': self.home, ready_downloads.URL_VARIABLE: ''}
      )
    )

  def test_the_default_is_there(self):
    path = ready_models.model_path(ready_models.DEFAULT)
    self.assertStartsWith(path, str(self.installed))

  def test_the_small_networks_and_every_card_are_there(self):
    for pattern in ('ours_[ms]/*_int8.tflite', '*/README.md', 'README.md'):
      for path in (_ROOT / 'pretrained').glob(pattern):
        copy = self.installed / path.relative_to(_ROOT / 'pretrained')
        self.assertTrue(copy.exists(), copy)

  def test_the_others_say_how_to_get_them(self):
    self.assertSequenceEqual(ready_models.names(), _SYSTEMS)
    for find, file in (
      (ready_models.model_path, 'icl_dynamic.tflite'),
      (ready_models.weights_path, 'icl.npz'),
    ):
      with self.assertRaisesRegex(
        ValueError, f'icl/{file} is not part of this installation. Copy '
      ):
        find('icl')
    self.assertNotEmpty(ready_models.config_files('icl'))
    with self.assertRaisesRegex(ValueError, "'tlc' is neither .* mean tcl"):
      ready_models.weights_path('tlc')

  def test_the_others_are_fetched_by_their_name(self):
    server = (_ROOT / 'pretrained').as_uri()
    with mock.patch.dict(os.environ, {ready_downloads.URL_VARIABLE: server}):
      for find in (ready_models.model_path, ready_models.weights_path):
        path = pathlib.Path(find('tcl'))
        self.assertStartsWith(str(path), self.home)
        original = _ROOT / 'pretrained/tcl' / path.name
        self.assertEqual(path.read_bytes(), original.read_bytes())


if __name__ == '__main__':
  absltest.main()
