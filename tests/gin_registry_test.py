# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/gin_registry.py and of every file in gin_configs."""

import contextlib
import itertools
import json
import pathlib
import re
from unittest import mock

from absl.testing import parameterized
import gin
import numpy as np
from PIL import Image
import tensorflow as tf

from depth_mai import gin_registry
from depth_mai.files import ready_models
from depth_mai.losses import weighted
from depth_mai.models import network_file
from depth_mai.training import run
from tests.distillation import tiny_networks

_CONFIGS = pathlib.Path(__file__).parents[1] / 'gin_configs'
_FILES = sorted(path.name for path in _CONFIGS.glob('*.gin'))
_LOSSES = weighted.losses()
_ALL_FILES = sorted(_CONFIGS.rglob('*.gin'))
# Teachers of the published sizes take a minute and gigabytes to build.
_SMALL_TEACHERS = (
  'SwinTeacherOptions.embedding = 8',
  'SwinTeacherOptions.depths = (1, 1, 1, 1)',
  'SwinTeacherOptions.heads = (1, 1, 1, 1)',
  'SwinTeacherOptions.decoder_channels = (8, 8, 8, 8)',
  'DptTeacherOptions.embedding = 8',
  'DptTeacherOptions.heads = 1',
  'DptTeacherOptions.taps = (1, 2, 3, 4)',
  'DptTeacherOptions.reassembled_channels = (8, 8, 8, 8)',
  'DptTeacherOptions.decoder_channels = 8',
  "MidasTeacherOptions.encoder = 'b0'",
  'MidasTeacherOptions.decoder_channels = 8',
)
# Two files may share this part of the shorter one's settings.
_MOST = 0.5


def _settings(path):
  lines = (line.strip() for line in path.read_text().splitlines())
  return {line for line in lines if line and not line.startswith('#')}


def _header_and_body(path):
  """Returns the lines of the comment at the top of a file, and the others."""
  lines = path.read_text().splitlines()
  header = list(itertools.takewhile(lambda line: line.startswith('#'), lines))
  return header, lines[len(header) :]


@contextlib.contextmanager
def _eager_functions():
  tf.config.run_functions_eagerly(True)
  try:
    yield
  finally:
    tf.config.run_functions_eagerly(False)


class GinRegistryTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(_FILES)
  def test_every_configuration_builds_its_network(self, name):
    gin_registry.parse([str(_CONFIGS / name)], _SMALL_TEACHERS)
    network, _, _ = gin_registry.load_network()
    self.assertEqual(network.output_shape[-1], 1)

  @parameterized.parameters(name for name in _FILES if 'distilled' in name)
  def test_every_distillation_takes_two_steps(self, name):
    # Building graphs of these networks, and saving them, takes longer than two
    # steps.
    self.enter_context(_eager_functions())
    for name_of_method in ('save', 'save_best'):
      self.enter_context(mock.patch.object(run.Run, name_of_method))
    data_dir = self._data()
    teacher = str(data_dir.parent / 'teacher.keras')
    layers = tuple(f'up_{level}_clb_bn' for level in (1, 2, 3, 4))
    tiny_networks.teacher((64, 96), layers).save(teacher)
    gin_registry.parse(
      [str(_CONFIGS / name)],
      [
        f"Distillation.teacher = '{teacher}'",
        *(["train.initial_network = 'aiia_hit'"] if 'aiia_hit' in name else []),
        'train.epochs = 4',
        'train.batch_size = 2',
        'train.evaluations = 1',
        'train.train_eval_images = 0',
        'train.log_every_steps = 1',
      ],
    )
    folder = gin_registry.train(
      workdir=str(data_dir.parent / 'run'),
      data_dir=str(data_dir),
      records_dir=str(data_dir.parent / 'records'),
    )
    lines = (folder / 'metrics.jsonl').read_text().splitlines()
    losses = [json.loads(line) for line in lines]
    self.assertEqual([line['step'] for line in losses], [1, 2])
    term = re.search(r"\('(\w+)', ", gin_registry.config_text()).group(1)
    taught = [key for key in losses[1] if key.startswith(term)]
    self.assertLen(taught, gin_registry.config_text().count(f"('{term}', "))

  def test_a_base_alone_parses(self):
    for path in sorted((_CONFIGS / 'base').glob('*.gin')):
      gin_registry.parse([str(path)])

  def test_files_are_short_and_share_little(self):
    for path in _ALL_FILES:
      _, body = _header_and_body(path)
      self.assertLessEqual(len(body), 25, path)
    for one, other in itertools.combinations(_ALL_FILES, 2):
      shared = _settings(one) & _settings(other)
      shorter = min(len(_settings(one)), len(_settings(other)))
      self.assertLessEqual(
        len(shared) / shorter,
        _MOST,
        f'{one.name} and {other.name} share {sorted(shared)}; move that to a '
        'file in gin_configs/base that both include.',
      )

  @parameterized.parameters(_FILES)
  def test_a_header_names_command_time_and_result(self, name):
    header, _ = _header_and_body(_CONFIGS / name)
    # Room for what is stated, chosen and different, and for the first weights.
    self.assertLessEqual(len(header), 28)
    header = '\n'.join(header)
    self.assertIn(
      f'python -m depth_mai.train --gin_file=gin_configs/{name} \\\n', header
    )
    self.assertRegex(header, r'# Time on two cores: \w+')
    self.assertRegex(
      header, r'# si-RMSE on DATA/indoor \(docs/results.md\): \w+'
    )

  @parameterized.parameters(_FILES)
  def test_a_loss_at_full_size_uses_the_deployed_upsampling(self, name):
    gin_registry.parse([str(_CONFIGS / name)])
    system = gin.query_parameter('train.network').configurable.name
    weights = gin.query_parameter('WeightedLoss.weights')
    if all(_LOSSES[term].resolution == 'prediction' for term in weights):
      return
    is_nearest = "upsampling = 'nearest'" in gin_registry.config_text()
    deployed = network_file.systems()[system].output_upsampling
    self.assertEqual('nearest' if is_nearest else 'bilinear', deployed)

  def test_bindings_win_over_files(self):
    gin_registry.parse(
      [str(_CONFIGS / 'tcl.gin')], ['TclOptions.input_size = (96, 128)']
    )
    network, _, _ = gin_registry.load_network()
    self.assertEqual(network.input_shape[1:3], (96, 128))

  def test_bindings_reach_a_loss_found_by_name(self):
    maps = (tf.fill((1, 2, 2, 1), 2.0), tf.ones((1, 2, 2, 1)))
    for scale in (1.0, 10.0):
      gin_registry.parse([], [f'silog.scale = {scale}'])
      loss = weighted.WeightedLoss({'silog': 1.0})
      total, _ = loss(*maps, tf.ones((1, 2, 2, 1)))
      # sqrt((1 - 0.85) ln(2)^2), but for SILog's millimetre.
      self.assertAllClose(total, scale * 0.26845, rtol=1e-3)

  def test_pre_training_takes_the_network_of_the_training(self):
    given = {}
    function = mock.Mock(side_effect=lambda **kwargs: given.update(kwargs))
    fake = {'pretrain_segmentation': function}
    with mock.patch.dict(gin_registry.CONFIGURABLES, fake):
      gin_registry.parse(
        [str(_CONFIGS / 'tcl.gin')], ['TclOptions.input_size = (96, 128)']
      )
      gin_registry.pretrain_segmentation(dataset='pets')
      network = given.pop('network')()
      self.assertEqual(network.input_shape[1:3], (96, 128))
      self.assertEqual(given, {'dataset': 'pets'})
      gin_registry.parse([])
      with self.assertRaisesRegex(ValueError, 'has no train.network'):
        gin_registry.pretrain_segmentation(dataset='pets')
    with self.assertRaisesRegex(ValueError, 'network.*pretrain_segmentation'):
      gin_registry.parse([], ['pretrain_segmentation.network = @tcl'])

  def test_a_scope_reaches_the_losses_of_its_data_set(self):
    gin_registry.parse(
      [],
      [
        'Mixing.losses = (@pairs/WeightedLoss(), @photos/WeightedLoss())',
        "WeightedLoss.weights = {'silog': 1.0}",
        'silog.scale = 10.0',
        'photos/silog.variance_focus = 1.0',
      ],
    )
    losses = gin_registry.CONFIGURABLES['Mixing']().losses
    maps = (tf.fill((1, 2, 2, 1), 2.0), tf.ones((1, 2, 2, 1)))
    pairs, photos = (loss(*maps, tf.ones((1, 2, 2, 1)))[0] for loss in losses)
    self.assertAllClose(pairs, 2.6845, rtol=1e-3)
    self.assertAllClose(photos, 0.0, atol=0.01)  # The scale is free.

  def test_misspelt_parameter_names_its_neighbours(self):
    with self.assertRaisesRegex(ValueError, "'epoch'.*mean epochs"):
      gin_registry.parse([], ['train.epoch = 2'])

  def test_misspelt_configurable_names_its_neighbours(self):
    with self.assertRaisesRegex(ValueError, 'TclOption.*mean TclOptions'):
      gin_registry.parse([], ['TclOption.dropout = 0.1'])
    with self.assertRaisesRegex(ValueError, 'cosin.*mean cosine'):
      gin_registry.parse([], ['adamw.schedule = @cosin'])

  def test_a_value_of_the_wrong_type_is_refused_at_once(self):
    for binding, wanted in (
      ("silog.scale = 'a'", "silog.scale is 'a'; it takes a number"),
      ('train.batch_size = 1.5', 'takes a whole number'),
      ('train.network = 7', 'takes a reference such as @name'),
      ('TclOptions.input_size = 96', r'takes \(a whole number, a whole'),
      ("Augmentation.gamma = ('a', 'b')", r'takes \(a number, \.\.\.\)'),
      ('train.epochs = 1e999', 'train.epochs is inf; it takes a number'),
      ('Quantisation.percentile = @train()', r'is @train\(\); it takes a num'),
    ):
      with self.subTest(binding), self.assertRaisesRegex(ValueError, wanted):
        gin_registry.parse([], [binding])

  def test_missing_file_and_missing_network(self):
    with self.assertRaisesRegex(ValueError, 'nowhere.gin'):
      gin_registry.parse(['nowhere.gin'])
    with self.assertRaisesRegex(ValueError, "network is 'tcl'; .* @tcl"):
      gin_registry.parse([], ["train.network = 'tcl'"])
    gin_registry.parse([])
    with self.assertRaisesRegex(ValueError, '--gin_file'):
      gin_registry.load_network()

  def test_includes_are_found_from_any_folder(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    (folder / 'base').mkdir()
    (folder / 'base' / 'b.gin').write_text('train.epochs = 3\n')
    (folder / 'a.gin').write_text(
      "include 'base/b.gin'\ninclude 'gin_configs/tcl_96x128.gin'\n"
      'train.epochs = 4\n'
    )
    with contextlib.chdir(self.create_tempdir().full_path):
      for name in (str(folder / 'a.gin'), 'gin_configs/tcl.gin'):
        gin_registry.parse([name])
        self.assertIn('train.network = @tcl', gin_registry.config_text())
    gin_registry.parse([str(folder / 'a.gin')])
    self.assertIn('train.epochs = 4', gin_registry.config_text())

  @parameterized.parameters(
    ("include 'a.gin'\n", 'a.gin includes itself'),
    ("include 'none.gin'\n", "no gin file 'none.gin', which .*a.gin includes"),
    ('\n\ntrain.epoch = 3\n', 'a.gin.*no parameter'),
    ('train.target_size = (1,\n', 'a.gin.*EOF'),
    ('import nowhere\n', 'a.gin.*nowhere'),
    ('train.epochs = %times\n', '%times has no value'),
    ('train.target_size = (1,\n', 'gin: line 2: EOF in multi-line statement'),
    (f'train.epochs = {"[" * 3000}{"]" * 3000}\n', 'nested too deeply'),
  )
  def test_bad_text_is_one_sentence(self, text, message):
    path = pathlib.Path(self.create_tempdir().full_path) / 'a.gin'
    path.write_text(text)
    with self.assertRaisesRegex(ValueError, message) as caught:
      gin_registry.parse([str(path)])
    self.assertLen(str(caught.exception).splitlines(), 1)

  @parameterized.parameters(
    (['train.epochs = %a', 'a = %a'], 'refers to itself'),
    (['train.network = @train'], 'train cannot be used'),
    (
      ['train.network = @tcl', 'tcl.options = @FakeQuantisation()'],
      'tcl cannot be used',
    ),
    (['train.loss = @WeightedLoss()'], "WeightedLoss .*'weights'"),
    (
      [
        'train.network = @tcl',
        'tcl.options = @TclOptions()',
        'TclOptions.clb_expansion = -3',
      ],
      'gin: tcl cannot be used .*-3',
    ),
    (['train.batch_size = 0'], '^train.batch_size is 0; allowed:.*param.$'),
    (
      ["train.batch_size = 'a'"],
      "train.batch_size is 'a'; it takes a whole number",
    ),
  )
  def test_wrong_settings_are_one_sentence(self, params, message):
    workdir = pathlib.Path(self.create_tempdir().full_path) / 'run'
    data_dir = self._data()
    with self.assertRaisesRegex(ValueError, message) as caught:
      gin_registry.parse([], params)
      gin_registry.train(
        workdir=str(workdir),
        data_dir=str(data_dir),
        records_dir=str(data_dir.parent / 'records'),
      )
    self.assertLen(str(caught.exception).splitlines(), 1)
    self.assertFalse(workdir.exists())

  def test_a_setting_that_a_loss_refuses_is_not_hidden_by_warnings(self):
    gin_registry.parse([], ['silog.variance_focus = -5'])
    depth_m = tf.ones((1, 2, 2, 1))
    silog = gin_registry.CONFIGURABLES['silog']
    compiled = tf.function(lambda *tensors: silog(*tensors))
    with self.assertNoLogs('tensorflow'):
      with self.assertRaisesRegex(Exception, 'silog.variance_focus'):
        compiled(depth_m, depth_m, depth_m)

  def _data(self):
    root = pathlib.Path(self.create_tempdir().full_path) / 'data'
    for kind, dtype in (('rgb', np.uint8), ('depth', np.uint16)):
      (root / 'train' / kind).mkdir(parents=True)
      shape = (48, 64, 3) if kind == 'rgb' else (48, 64)
      picture = Image.fromarray(np.full(shape, 200, dtype))
      picture.save(root / 'train' / kind / '0.png')
    return root

  def test_loads_ready_weights(self):
    gin_registry.parse(ready_models.config_files('aiia_hit'))
    network, config, origin = gin_registry.load_network('aiia_hit')
    self.assertIn('train.network = @aiia_hit', config)
    self.assertEqual(origin, {'source': 'aiia_hit'})
    with np.load(ready_models.weights_path('aiia_hit')) as arrays:
      kernel = np.float32(arrays['0000']) * arrays['0000_scale']
    self.assertAllClose(network.variables[0], kernel, rtol=1e-6)
    with self.assertRaisesRegex(ValueError, 'weights of tcl .* do not fit'):
      gin_registry.load_network('tcl')

  def test_parsed_quantisation_wins_over_that_of_a_run(self):
    run = (
      'train.gone_since = 1\n'
      "Quantisation.float_layers = \\\n    ['one',\n     'two']\n"
      'Quantisation.float_tail = 2\nlater.gone = 3\n'
    )
    gin_registry.parse([], ['Quantisation.float_tail = 3', 'train.epochs = 2'])
    found = gin_registry.parsed_quantisation(run)
    self.assertEqual(found.float_tail, 3)
    self.assertSequenceEqual(found.float_layers, ['one', 'two'])
    self.assertEqual(found.calibration, 'minmax')
    self.assertIn('train.epochs = 2', gin_registry.config_text())
    gin_registry.parse([])
    self.assertEqual(gin_registry.parsed_quantisation(run).float_tail, 2)

  @parameterized.parameters(
    ('parsed_quantisation', 'Quantisation.float_layers = @train()'),
    ('load_network', 'train.network = @train'),
  )
  def test_a_training_is_no_setting(self, function, binding):
    gin_registry.parse([], [binding])
    with self.assertRaisesRegex(ValueError, 'train cannot be used with'):
      getattr(gin_registry, function)()


if __name__ == '__main__':
  tf.test.main()
