# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/training/mixing.py."""

import itertools
import json
import os
import pathlib

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.data import augmentation
from depth_mai.data import pipeline
from depth_mai.distillation import distillation as distillation_lib
from depth_mai.losses import learned_weights
from depth_mai.losses import weighted
from depth_mai.training import loop
from depth_mai.training import mixing
from tests.data import dummy_data

_OPTIONS = {
  'augmentation': augmentation.Augmentation.off(),
  'input_size': (6, 8),
  'target_size': (4, 6),
}


def _source(number, count, size):
  """Returns pairs of one colour: red is the data set, green the example."""
  rgb_uint8 = np.zeros((count, *size, 3), np.uint8)
  rgb_uint8[..., 0] = number
  rgb_uint8[..., 1] = np.arange(count)[:, None, None]
  depth_mm = np.full((count, *size, 1), 1000 * number, np.uint16)
  ids = [str(i) for i in range(count)]
  return tf.data.Dataset.from_tensor_slices(
    {'id': ids, 'rgb': rgb_uint8, 'depth_mm': depth_mm}
  )


def _batches(start_step=0, count=8):
  sources = [_source(1, 5, (12, 16)), _source(2, 7, (24, 40))]
  dataset = mixing.batches(sources, (3, 1), 1, start_step, **_OPTIONS)
  return list(itertools.islice(dataset.as_numpy_iterator(), count))


class MixingTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(
    (None, 32, 2, (16, 16)),
    (None, 32, 3, (11, 11, 10)),
    ((0.75, 0.25), 32, 2, (24, 8)),
    ((3, 1), 8, 2, (6, 2)),
    ((0.99, 0.01), 8, 2, (7, 1)),
    ((98, 1, 1), 4, 3, (2, 1, 1)),
    ((0.5, 0.3, 0.2), 9, 3, (4, 3, 2)),
    (None, 7, 1, (7,)),
  )
  def test_counts(self, shares, batch_size, sets, expected):
    counts = mixing.Mixing(shares).counts(batch_size, sets)
    self.assertCountEqual(counts, expected)
    if shares:
      self.assertEqual(counts, expected)
    self.assertEqual(sum(counts), batch_size)

  def test_bad_options(self):
    for shares in ((1, 0), (-1, 2), ('a', 1), (float('nan'), 1)):
      with self.assertRaisesRegex(ValueError, 'Mixing.shares is .*above 0'):
        mixing.Mixing(shares)
    with self.assertRaisesRegex(ValueError, 'shares has 2 .* 3 data sets'):
      mixing.Mixing((1, 1)).counts(8, 3)
    with self.assertRaisesRegex(ValueError, 'losses has 1 .* 2 data sets'):
      mixing.Mixing(losses=[weighted.WeightedLoss({'silog': 1})]).counts(8, 2)
    with self.assertRaisesRegex(ValueError, 'train.batch_size = 1 is too sm'):
      mixing.Mixing().counts(1, 2)
    with self.assertRaisesRegex(ValueError, "losses contains 'silog'"):
      mixing.Mixing(losses=['silog'])

  def test_a_batch_has_its_images_in_the_order_of_the_data_sets(self):
    # 8 batches: 24 images of five, 8 images of seven.
    seen = {1: [], 2: []}
    for batch in _batches():
      colours = batch['rgb'][:, 0, 0]
      self.assertAllEqual(colours[:, 0], [1, 1, 1, 2])
      self.assertAllClose(batch['depth_m'][:, 0, 0, 0], [1, 1, 1, 2])
      self.assertEqual(batch['rgb'].shape, (4, 6, 8, 3))
      self.assertEqual(batch['valid_mask'].shape, (4, 4, 6, 1))
      for number, example in colours[:, :2].astype(int):
        seen[number].append(example)
    for first in range(0, 20, 5):
      self.assertCountEqual(seen[1][first : first + 5], range(5))
    self.assertCountEqual(seen[2][:7], range(7))

  def test_a_stream_starts_at_any_step(self):
    for one, other in zip(_batches()[5:], _batches(5, 3), strict=True):
      for key, values in one.items():
        self.assertAllEqual(values, other[key])

  def test_equal_data_sets_have_orders_and_augmentations_of_their_own(self):
    sources = [_source(1, 9, (12, 16))] * 2
    options = {**_OPTIONS, 'augmentation': augmentation.Augmentation()}
    dataset = mixing.batches(sources, (9, 9), 1, 0, **options)
    rgb = next(dataset.as_numpy_iterator())['rgb']
    self.assertNotAllClose(rgb[:9], rgb[9:])

  def test_devices_share_the_images_of_each_data_set(self):
    sources = [_source(1, 5, (12, 16)), _source(2, 7, (24, 40))]
    counts, replicas = (4, 2), 2
    streams = [
      mixing.batches(
        sources, counts, 1, 3, part=pipeline.Part(first, 1, 2), **_OPTIONS
      ).as_numpy_iterator()
      for first in range(replicas)
    ]
    order = mixing.order(counts, replicas)
    whole = mixing.batches(sources, counts, 1, 3, **_OPTIONS)
    for batch in itertools.islice(whole.as_numpy_iterator(), 4):
      parts = [next(stream) for stream in streams]
      self.assertAllEqual(parts[0]['rgb'][:, 0, 0, 0], [1, 1, 2])
      for name, values in batch.items():
        together = np.concatenate([part[name] for part in parts])
        self.assertAllEqual(together[order], values)
    self.assertIsNone(mixing.order((6,), 3))
    self.assertIsNone(mixing.order((4, 2), 1))

  def test_one_data_set_is_as_it_was(self):
    source = _source(1, 5, (12, 16))
    mixed = mixing.batches([source], (2,), 3, 1, **_OPTIONS)
    alone = pipeline.train_dataset(
      source, batch_size=2, seed=3, start_step=1, **_OPTIONS
    )
    for one, other in zip(mixed.take(4), alone.take(4), strict=True):
      self.assertAllEqual(one['rgb'], other['rgb'])

  def test_each_data_set_has_its_loss(self):
    rng = np.random.default_rng(0)
    pred_m, depth_m = rng.uniform(1, 9, (2, 4, 6, 8, 1)).astype(np.float32)
    valid = np.ones_like(depth_m)
    losses = [
      weighted.WeightedLoss({'silog': 1.0}),
      lambda pred, depth, valid: (tf.reduce_mean(pred), {'mean': pred[0, 0]}),
    ]
    silog = losses[0](pred_m[:3], depth_m[:3], valid[:3])[0]
    total, values = mixing.MixedLoss(losses, (3, 1))(pred_m, depth_m, valid)
    self.assertAllClose(total, 0.75 * silog + 0.25 * pred_m[3].mean())
    self.assertCountEqual(values, ['loss_1', 'silog_1', 'loss_2', 'mean_2'])
    self.assertAllClose(values['silog_1'], silog)
    self.assertAllClose(values['loss_2'], pred_m[3].mean())
    self.assertAllClose(values['mean_2'], pred_m[3, 0])

  def test_learned_weights_of_each(self):
    losses = [
      learned_weights.LearnedWeights(weighted.WeightedLoss({'silog': 1.0})),
      weighted.WeightedLoss({'silog': 1.0}),
      learned_weights.LearnedWeights(weighted.WeightedLoss({'gradient': 1.0})),
    ]
    self.assertLen(mixing.MixedLoss(losses, (1, 1, 1)).build(), 2)


class MixedTrainingTest(tf.test.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.pairs = dummy_data.write_folder(
      self.folder / 'pairs', {'train': 4, 'validation': 2}
    )
    self.photos = dummy_data.write_folder(
      self.folder / 'photos', {'train': 9}, size=(48, 40), seed=1
    )

  def _train(self, name, epochs, **kwargs):
    def network():
      inputs = keras.Input((24, 32, 3))
      conv = keras.layers.Conv2D(1, 4, strides=4, activation='softplus')
      return keras.Model(inputs, conv(inputs / 255), name='toy')

    options = {
      'optimizer': lambda steps: keras.optimizers.Adam(0.01),
      'mixing': mixing.Mixing((2, 1)),
      'network': network,
      'batch_size': 3,
      'target_size': (12, 16),
      'evaluations': 1,
      'train_eval_images': 0,
      'log_every_steps': 1,
      **kwargs,
    }
    workdir = loop.train(
      str(self.folder / name),
      [str(self.pairs), str(self.photos)],
      epochs=epochs,
      records_dir=str(self.folder / 'records'),
      **options,
    )
    lines = (workdir / 'metrics.jsonl').read_text().splitlines()
    checkpoint = max((workdir / 'checkpoints').iterdir())
    return [json.loads(line) for line in lines], dict(np.load(checkpoint))

  def test_resumed_run_ends_with_the_same_weights(self):
    losses = [weighted.WeightedLoss({'silog': x}) for x in (1.0, 0.5)]
    options = {'mixing': mixing.Mixing((2, 1), losses)}
    self._train('two_runs', 1, **options)
    lines, resumed = self._train(
      'two_runs', 3, accept_changed_data=True, **options
    )
    whole_lines, whole = self._train('one_run', 3, **options)
    self.assertCountEqual(resumed, whole)
    for name, values in whole.items():
      self.assertAllEqual(resumed[name], values, msg=name)
    # Two of a step's three images are of the four pairs.
    self.assertEqual(whole['step'], 6)
    last = whole_lines[-2]
    self.assertEqual(
      (last['epoch'], last['images'], last['step']), (3.0, 18, 6)
    )
    self.assertAllClose(
      last['loss'], 2 / 3 * last['silog_1'] + 0.5 / 3 * last['silog_2']
    )
    self.assertEqual(lines[-1]['si_rmse'], whole_lines[-1]['si_rmse'])

  def test_a_changed_data_set_is_noticed(self):
    self._train('run', 1)
    os.remove(self.photos / 'train/rgb/00003.png')
    os.remove(self.photos / 'train/depth/00003.png')
    with self.assertRaisesRegex(
      ValueError, r'train of data set 2: 1 pair removed \(00003\)'
    ):
      self._train('run', 1)

  def test_refused_options(self):
    with self.assertRaisesRegex(ValueError, 'Mixing.shares has 3'):
      self._train('run', 1, mixing=mixing.Mixing((1, 1, 1)))
    distillation = distillation_lib.Distillation(
      'teacher.keras', [('log_response', 1.0, 'depth_m', 'depth_m')], 'maps'
    )
    with self.assertRaisesRegex(ValueError, 'cache_dir keeps the maps of one'):
      self._train(
        'run',
        1,
        distillation=distillation,
        augmentation=augmentation.Augmentation.off(),
      )
    self.assertFalse((self.folder / 'run').exists())


if __name__ == '__main__':
  tf.test.main()
