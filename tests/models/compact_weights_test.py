# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/compact_weights.py."""

import pathlib

import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import depth_head
from depth_mai.models import compact_weights
from depth_mai.models import depth_recoding


def _network(filters=5):
  rgb = keras.Input((8, 8, 3))
  x = keras.layers.Conv2D(filters, 3, padding='same')(rgb)
  x = keras.layers.BatchNormalization()(x)
  x = keras.layers.DepthwiseConv2D(3, padding='same')(x)
  return keras.Model(rgb, keras.layers.Conv2D(1, 1)(x), name='toy')


def _randomise(network):
  rng = np.random.default_rng(3)
  for variable in network.variables:
    value = rng.normal(size=variable.shape, scale=3.0)
    is_variance = variable.path.endswith('variance')
    variable.assign(np.abs(value) if is_variance else value)


class CompactWeightsTest(tf.test.TestCase):
  def _path(self):
    return pathlib.Path(self.create_tempdir().full_path) / 'toy.npz'

  def test_kernels_keep_eight_bits_other_variables_all(self):
    network, restored = _network(), _network()
    _randomise(network)
    network.layers[3].kernel[..., 2, 0].assign(np.zeros((3, 3)))
    path = self._path()
    compact_weights.save(path, network)
    compact_weights.load(path, restored)
    kernels = 0
    for old, new in zip(network.variables, restored.variables, strict=True):
      old, new = old.numpy(), new.numpy()
      if old.ndim == 1:
        self.assertAllEqual(new, old)
        continue
      kernels += 1
      # Rounding moves a weight by half a step at most; a step is the 127th
      # part of the largest weight of its output channel.
      axis = 2 if old.shape[-1] == 1 else -1
      largest = np.abs(np.moveaxis(old, axis, 0)).reshape(old.shape[axis], -1)
      limit = largest.max(axis=1) / 127 / 2 * 1.001
      moved = np.abs(np.moveaxis(new - old, axis, 0))
      self.assertTrue(
        np.all(moved.reshape(old.shape[axis], -1) <= limit[:, np.newaxis])
      )
      # The last kernel has one weight for each channel of its input.
      self.assertEqual(moved.max() > 0, kernels < 3)
    self.assertEqual(kernels, 3)

  def test_a_head_of_another_code_is_adapted(self):
    def head(code):
      features = keras.Input((4, 4, 1))
      depth_m = depth_head.depth_head(
        features,
        kernel_size=1,
        options=depth_head.HeadOptions(
          min_depth_m=0.1, initial_depth_m=2.0, depth_code=code
        ),
      )
      return keras.Model(features, depth_m)

    source, expected, loaded = head('log'), head('inverse'), head('inverse')
    path = self._path()
    compact_weights.save(path, source)
    compact_weights.load(path, loaded)
    expected.set_weights(source.get_weights())
    depth_recoding.recode(expected, 'log')
    for new, wanted in zip(loaded.variables, expected.variables, strict=True):
      self.assertAllClose(new, wanted)
    self.assertNotAllClose(loaded.variables[1], source.variables[1])
    # Files from before the codes are linear.
    newer = ('depth_code', 'sha256')
    with np.load(path) as arrays:
      np.savez(path, **{k: arrays[k] for k in arrays if k not in newer})
    linear = head('linear')
    compact_weights.load(path, linear)
    self.assertAllClose(linear.variables[1], source.variables[1])

  def test_another_network_is_refused_by_name(self):
    path = self._path()
    compact_weights.save(path, _network(5))
    with self.assertRaisesRegex(ValueError, 'weights of toy .* do not fit'):
      compact_weights.load(path, _network(6))

  def test_other_files_are_refused(self):
    path = self._path()
    with self.assertRaisesRegex(ValueError, 'toy.npz cannot be read'):
      compact_weights.load(path, _network())
    np.savez(path, other=np.zeros(3))
    with self.assertRaisesRegex(ValueError, 'toy.npz cannot be read'):
      compact_weights.load(path, _network())


if __name__ == '__main__':
  tf.test.main()
