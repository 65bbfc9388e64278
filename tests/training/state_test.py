# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/training/state.py."""

import pathlib

import keras
import numpy as np
import tensorflow as tf

from depth_mai.files import workdir as workdir_lib
from depth_mai.layers import clb
from depth_mai.layers import depth_head
from depth_mai.layers import fake_quantisation
from depth_mai.lite import quantisation_aware
from depth_mai.losses import learned_weights
from depth_mai.losses import weighted
from depth_mai.models import compact_weights
from depth_mai.models import depth_recoding
from depth_mai.models import normalisation
from depth_mai.training import optimizers
from depth_mai.training import state as state_lib
from tests.lite import small_network


def _network(kernel_size=1):
  inputs = keras.Input((4, 4, 3))
  outputs = keras.layers.Conv2D(1, kernel_size)(inputs)
  return keras.Model(inputs, outputs, name='toy')


def _learned_weights():
  return learned_weights.LearnedWeights(
    weighted.WeightedLoss({'silog': 1.0, 'gradient': 0.25})
  )


def _create(
  network=_network,
  initial_network=None,
  loss=None,
  optimizer=None,
  rounding=None,
  **encoder,
):
  return state_lib.create(
    strategy=tf.distribute.get_strategy(),
    network=network,
    optimizer=optimizer or (lambda steps: keras.optimizers.Adam(1.0 / steps)),
    total_steps=10,
    initial_network=initial_network,
    loss_scaling=False,
    loss=loss,
    quantisation=rounding,
    **encoder,
  )


class StateTest(tf.test.TestCase):
  def setUp(self):
    super().setUp()
    self.workdir = pathlib.Path(self.create_tempdir().full_path)

  def test_the_encoder_starts_from_published_weights(self):
    """Both networks get the weights and the normalisation of their source."""
    source = small_network.small_network()
    for variable in source.variables:
      variable.assign(variable + 0.5)
    normalisation.write(source, np.float64([[0.1, 0.2, 0.3], [1, 2, 3]]))
    path = str(self.workdir / 'source.keras')
    source.save(path)
    state = _create(small_network.small_network, initial_encoder=path)
    for network in (state.network, state.average):
      self.assertAllClose(
        normalisation.read(network), [[0.1, 0.2, 0.3], [1, 2, 3]]
      )
      self.assertAllEqual(
        network.get_layer('stem').kernel, source.get_layer('stem').kernel
      )
      self.assertNotAllClose(
        network.get_layer('head').expand_kernel,
        source.get_layer('head').expand_kernel,
      )
    again = _create(small_network.small_network, initial_network=path)
    self.assertAllClose(normalisation.read(again.average)[1], [1, 2, 3])

  def test_one_source_of_weights(self):
    with self.assertRaisesRegex(ValueError, 'both given'):
      _create(initial_network='a.keras', initial_encoder='b.keras')
    with self.assertRaisesRegex(ValueError, 'without train.initial_encoder'):
      _create(encoder_names='names.json')

  def test_the_average_starts_as_the_network(self):
    state = _create()
    self.assertAllEqual(state.network.weights[0], state.average.weights[0])
    self.assertIsNot(state.network, state.average)

  def test_restores_everything_that_changes(self):
    state = _create()
    self.assertFalse(state.restore(self.workdir))
    gradients = [tf.ones(v.shape) for v in state.network.trainable_variables]
    state.optimizer.apply_gradients(
      zip(gradients, state.network.trainable_variables, strict=True)
    )
    state.step, state.best = 7, 0.5
    state.save(self.workdir)
    other = _create()
    self.assertTrue(other.restore(self.workdir))
    self.assertEqual((other.step, other.best), (7, 0.5))
    for one, two in (
      (state.network, other.network),
      (state.average, other.average),
      (state.optimizer, other.optimizer),
    ):
      for old, new in zip(one.variables, two.variables, strict=True):
        self.assertAllEqual(old, new, msg=old.path)
    self.assertTrue((self.workdir / workdir_lib.LAST).is_file())

  def test_follows_the_chief(self):
    chief, other = _create(), _create(loss=None)
    chief.step, chief.best = 7, 0.5
    chief.average.variables[0].assign(chief.average.variables[0] + 1.0)
    sent = []
    chief.copy_from_chief(lambda arrays: sent.extend(arrays) or arrays)
    other.copy_from_chief(lambda arrays: sent)
    self.assertEqual((other.step, other.best), (7, 0.5))
    for one, two in (
      (chief.network, other.network),
      (chief.average, other.average),
      (chief.optimizer, other.optimizer),
    ):
      for value, copied in zip(one.variables, two.variables, strict=True):
        self.assertAllEqual(value, copied, msg=value.path)

  def test_restores_the_variables_of_the_loss(self):
    state = _create(loss=_learned_weights())
    self.assertLen(state.loss_variables, 2)
    for variable, value in zip(state.loss_variables, (0.3, 1.7), strict=True):
      variable.assign(value)
    state.optimizer.variables[-1].assign(0.25)  # a moment of the last one
    state.save(self.workdir)
    other = _create(loss=_learned_weights())
    self.assertAllEqual(other.loss_variables, [1.0, 1.0])
    self.assertTrue(other.restore(self.workdir))
    self.assertAllEqual(other.loss_variables, np.float32([0.3, 1.7]))
    self.assertAllEqual(other.optimizer.variables[-1], 0.25)
    with self.assertRaisesRegex(ValueError, 'differ, the first is loss/0000'):
      _create().restore(self.workdir)

  def test_the_variables_of_the_loss_are_not_decayed(self):
    state = _create(
      loss=_learned_weights(),
      optimizer=lambda steps: optimizers.adamw(steps, weight_decay=0.5),
    )
    trained = [*state.network.trainable_variables, *state.loss_variables]
    kernel = state.network.weights[0].numpy()
    state.optimizer.apply_gradients([(tf.zeros(v.shape), v) for v in trained])
    self.assertNotAllEqual(state.network.weights[0], kernel)
    self.assertAllEqual(state.loss_variables, [1.0, 1.0])

  def test_starts_from_a_network(self):
    start = _network()
    path = self.workdir / 'start.keras'
    start.save(path)
    state = _create(initial_network=str(path))
    self.assertAllEqual(state.network.weights[0], start.weights[0])
    deeper = keras.Sequential([_network(), keras.layers.BatchNormalization()])
    with self.assertRaisesRegex(ValueError, '2 variables.*has 6'):
      _create(lambda: deeper, initial_network=str(path))
    with self.assertRaisesRegex(ValueError, 'initial_network.*toy'):
      _create(lambda: _network(kernel_size=2), initial_network=str(path))
    with self.assertRaisesRegex(ValueError, 'There is no network'):
      _create(initial_network='nowhere.keras')

  def test_refuses_functions_that_return_something_else(self):
    with self.assertRaisesRegex(ValueError, 'train.network .* returns a dict'):
      _create(network=dict)
    with self.assertRaisesRegex(ValueError, 'train.optimizer .* returns a int'):
      _create(optimizer=lambda steps: steps)

  def test_refuses_a_layer_without_channels(self):
    def network():
      inputs = keras.Input((4, 4, 3))
      hidden = clb.CollapsibleConv2D(1, expansion=0, name='wide')(inputs)
      return keras.Model(inputs, hidden, name='toy')

    with self.assertRaisesRegex(ValueError, r'toy .*wide/expand_kernel.*, 0\)'):
      _create(network)

  def test_starts_from_ready_weights(self):
    start = _network()
    path = str(self.workdir / 'toy.npz')
    compact_weights.save(path, start)
    state = _create(initial_network=path)
    # Each of the three weights is the largest of its own channel.
    self.assertAllClose(state.network.weights[0], start.weights[0], rtol=1e-6)
    with self.assertRaisesRegex(ValueError, "'nobody' is neither"):
      _create(initial_network='nobody')

  def test_starts_from_a_head_of_another_code(self):
    def head(code):
      features = keras.Input((4, 4, 3))
      depth_m = depth_head.depth_head(
        features,
        kernel_size=1,
        options=depth_head.HeadOptions(
          min_depth_m=0.1, initial_depth_m=2.0, depth_code=code
        ),
      )
      return keras.Model(features, depth_m, name='toy')

    start, expected = head('linear'), head('log')
    path = self.workdir / 'start.keras'
    start.save(path)
    state = _create(lambda: head('log'), initial_network=str(path))
    expected.set_weights(start.get_weights())
    depth_recoding.recode(expected, 'linear')
    for network in (state.network, state.average):
      self.assertAllClose(network.weights[0], expected.weights[0])
      self.assertAllClose(network.weights[1], expected.weights[1])

  def test_rounds_a_trained_network(self):
    start = _network()
    path = str(self.workdir / 'start.keras')
    start.save(path)
    rounding = quantisation_aware.FakeQuantisation(freeze_at=0.3)
    state = _create(initial_network=path, rounding=rounding)
    for network in (state.network, state.average):
      conv, rounder = network.layers[1:]
      self.assertIsInstance(conv, fake_quantisation.QuantisedConv2D)
      self.assertAllEqual(conv.kernel, start.weights[0])
      self.assertEqual(rounder.freeze_after, 3)  # Of ten steps.
    with self.assertRaisesRegex(ValueError, 'Set train.initial_network'):
      _create(rounding=rounding)


if __name__ == '__main__':
  tf.test.main()
