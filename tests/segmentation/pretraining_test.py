# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/segmentation/pretraining.py: whole and resumed runs."""

import json
import pathlib
import shutil
from unittest import mock

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.data import augmentation
from depth_mai.files import workdir as workdir_lib
from depth_mai.layers import depth_head
from depth_mai.models import network_file
from depth_mai.models import system_base
from depth_mai.segmentation import label_source
from depth_mai.segmentation import pretraining
from depth_mai.training import checkpoint
from tests.segmentation import made_shapes

_PASSES = 4
_STEPS = 5  # Of a pass: ten pictures, two in a batch.


def _toy():
  """A depth network with everything that has a state: BatchNorm, dropout."""
  options = system_base.Options(input_size=(32, 32))
  rgb, x = system_base.rgb_input(options)
  x = keras.layers.Conv2D(8, 3, padding='same', name='conv')(x)
  x = options.norm(x, 'norm')
  x = keras.layers.ReLU()(x)
  x = keras.layers.Dropout(0.1)(x)
  depth = depth_head.depth_head(x, kernel_size=3, options=options)
  return keras.Model(rgb, depth, name='toy')


class _Killed(BaseException):
  """Stands for the end of the process."""


class _KillAtStep(keras.callbacks.Callback):
  """Ends the run in the middle of its third pass."""

  def on_train_batch_end(self, batch, logs=None):
    if self.model.optimizer.iterations == 2 * _STEPS + 3:
      raise _Killed


class PretrainingTest(tf.test.TestCase, parameterized.TestCase):
  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.root = pathlib.Path(cls.get_temp_dir(cls('test_a_run_learns')))
    cls.dataset = made_shapes.write(cls.root / 'tfds')
    cls.whole = cls._run('whole')

  @classmethod
  def _run(cls, name, **kwargs):
    return pretraining.pretrain_segmentation(
      str(cls.root / name),
      cls.dataset,
      _toy,
      **{
        'optimizer': lambda steps: keras.optimizers.AdamW(0.03),
        'augmentation': augmentation.Augmentation(crop='zoom'),
        'epochs': _PASSES,
        'batch_size': 2,
        'config': 'train.network = @toy',
        **kwargs,
      },
    )

  def _lines(self, folder):
    text = (folder / workdir_lib.METRICS).read_text()
    return [json.loads(line) for line in text.splitlines()]

  def _newest(self, folder):
    return dict(np.load(max((folder / workdir_lib.CHECKPOINTS).iterdir())))

  def _assert_same(self, folder):
    for name, values in self._newest(self.whole).items():
      self.assertAllEqual(self._newest(folder)[name], values, msg=name)
    one, other = (
      network_file.load_network(path / workdir_lib.LAST)
      for path in (self.whole, folder)
    )
    # The state of dropout is no weight; it is drawn anew at loading.
    for variable, same in zip(one.weights, other.weights, strict=True):
      self.assertAllEqual(variable, same)
    self.assertEqual(self._lines(folder), self._lines(self.whole))

  def test_a_run_learns(self):
    lines = self._lines(self.whole)
    self.assertEqual(
      [(line['split'], line['step']) for line in lines],
      [
        (split, _STEPS * number)
        for number in range(1, _PASSES + 1)
        for split in ('train', 'validation')
      ],
    )
    self.assertEqual(
      set(lines[-1]),
      {'split', 'step', 'epoch', 'images', 'loss', 'pixel_accuracy'}
      | {'mean_iou'},
    )
    # The most frequent class alone, over the same pixels.
    labels = np.concatenate(
      [
        made_shapes.picture('test', index)[1].reshape(-1)
        for index in range(made_shapes.COUNTS['test'])
      ]
    )
    majority = (labels == 1).sum() / (labels > 0).sum()
    self.assertGreater(lines[-1]['pixel_accuracy'], (majority + 1) / 2)
    self.assertGreater(lines[-1]['mean_iou'], 2 / 3)

  def test_validation_equals_numpy(self):
    # The classifier of the last pass, built again from its checkpoint.
    network = _toy()
    features = keras.Model(network.input, network.get_layer('head').input)
    stored = self._newest(self.whole)
    for number, variable in enumerate(network.variables):
      variable.assign(stored[f'network/{number:04d}'])
    kernel, bias = stored['classes/0000'][0, 0], stored['classes/0001']
    right = known = 0
    for index in range(made_shapes.COUNTS['test']):
      rgb, labels = made_shapes.picture('test', index)
      # Nearest and bilinear samples at the centres of 32 x 32 pixels.
      rows, columns = (
        ((np.arange(32) + 0.5) * size / 32).astype(int)
        for size in labels.shape[:2]
      )
      labels = labels[rows][:, columns, 0]
      resized = np.round(tf.image.resize(rgb, (32, 32)))
      logits = features(resized[None], training=False).numpy()[0] @ kernel
      right += ((logits + bias).argmax(-1) + 1 == labels)[labels > 0].sum()
      known += (labels > 0).sum()
    self.assertAllClose(
      self._lines(self.whole)[-1]['pixel_accuracy'], right / known, atol=1e-3
    )

  def test_the_result_is_the_depth_network_with_a_new_head(self):
    network = network_file.load_network(self.whole / workdir_lib.LAST)
    self.assertEqual(network.name, 'toy')
    grey = np.full((1, 32, 32, 3), 90, np.float32)
    self.assertAllInRange(network(grey, training=False), 0.1, 40.0)
    keras.utils.set_random_seed(1)
    untrained = _toy()
    for variable, start in zip(network.weights, untrained.weights, strict=True):
      self.assertEqual(variable.path, start.path)
      is_new = np.array_equal(variable, start)
      self.assertEqual(is_new, variable.path.startswith('head'), variable.path)

  def test_a_run_killed_within_a_pass_ends_with_the_same_weights(self):
    with mock.patch.object(keras.callbacks, 'TerminateOnNaN', _KillAtStep):
      with self.assertRaises(_Killed):
        self._run('within')
    folder = self.root / 'within'
    self.assertEqual(self._newest(folder)['step'], 2 * _STEPS)
    self._run('within')
    self._assert_same(folder)

  def test_a_run_killed_before_a_checkpoint_ends_with_the_same_weights(self):
    save, calls = checkpoint.save, []

    def save_once(*args):
      calls.append(args)
      if len(calls) == 2:
        raise _Killed
      save(*args)

    with mock.patch.object(checkpoint, 'save', save_once):
      with self.assertRaises(_Killed):
        self._run('before')
    folder = self.root / 'before'
    self.assertEqual(self._newest(folder)['step'], _STEPS)
    # The lines of the lost pass are there, and are written again.
    self.assertLen(self._lines(folder), 4)
    self._run('before')
    self._assert_same(folder)

  def test_a_finished_run_writes_what_is_lost(self):
    folder = self.root / 'finished'
    shutil.copytree(self.whole, folder)
    (folder / workdir_lib.LAST).unlink()
    self._run('finished')
    self._assert_same(folder)

  def test_another_run_is_refused(self):
    with self.assertRaisesRegex(ValueError, 'another configuration'):
      self._run('whole', config='train.network = @other')
    with self.assertRaisesRegex(ValueError, '25 steps instead of 20'):
      self._run('whole', epochs=5)

  def test_weights_that_are_not_finite_end_the_run(self):
    with self.assertRaisesRegex(FloatingPointError, 'cannot be saved'):
      self._run(
        'nan',
        optimizer=lambda steps: keras.optimizers.SGD(float('inf')),
        splits=('train[:80%]', 'train[80%:]'),
      )
    self.assertFalse((self.root / 'nan' / workdir_lib.CHECKPOINTS).exists())

  @parameterized.parameters(
    ({'epochs': 0}, 'pretrain_segmentation.epochs is 0'),
    ({'seed': -1}, 'pretrain_segmentation.seed is -1; allowed'),
    ({'cache': 'x'}, "pretrain_segmentation.cache is 'x'; allowed"),
    ({'batch_size': -1}, 'pretrain_segmentation.batch_size is -1'),
    ({'splits': ('train', 'val')}, "no split 'val'"),
    ({'cache': 'disk'}, "cache is 'disk'"),
    (
      {'augmentation': augmentation.Augmentation(zoom_scales_depth=True)},
      'zoom_scales_depth',
    ),
  )
  def test_what_cannot_be_used_claims_nothing(self, kwargs, message):
    with self.assertRaisesRegex(ValueError, message):
      self._run('refused', **kwargs)
    self.assertFalse((self.root / 'refused').exists())

  def test_rooms_are_known_by_name(self):
    builder = mock.Mock(data_dir=self.dataset)
    with mock.patch.object(
      label_source.tfds, 'builder', return_value=builder
    ) as opened:
      label_source.open_builder('procedural_rooms')
    opened.assert_called_once_with('procedural_rooms/labelled')


if __name__ == '__main__':
  tf.test.main()
