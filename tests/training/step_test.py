# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/training/step.py, on one device and on two."""

import os
import subprocess
import sys

import keras
import numpy as np
import tensorflow as tf

from depth_mai.distillation import distillation as distillation_lib
from depth_mai.losses import learned_weights
from depth_mai.losses import weighted
from depth_mai.training import mixing
from depth_mai.training import optimizers
from depth_mai.training import step
from depth_mai.training import strategies

_TWO_CPUS = 'DEPTH_MAI_TWO_CPUS' in os.environ
if _TWO_CPUS:
  tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices('CPU')[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
  )


_TEACHER = (1.0, 1.5, -0.5)
_DISTILLED = 3.0


def _network():
  inputs = keras.Input((2, 2, 3))
  layer = keras.layers.Conv2D(1, 1, name='conv')
  outputs = layer(inputs)
  layer.kernel.assign(np.reshape([0.5, -1.0, 2.0], (1, 1, 3, 1)))
  return keras.Model(inputs, outputs)


def _loss(prediction, depth_m, valid_mask):
  error = tf.reduce_mean(valid_mask * (prediction - depth_m) ** 2)
  return error, {'l2': error}


def _batch():
  rng = np.random.default_rng(0)
  return {
    'rgb': rng.normal(size=(4, 2, 2, 3)).astype(np.float32),
    'depth_m': rng.normal(size=(4, 2, 2, 1)).astype(np.float32),
    'valid_mask': np.ones((4, 2, 2, 1), np.float32),
  }


def _run(strategy, batch, clip, optimizer=None, learned=False, teacher=None):
  loss, loss_variables, distillation = _loss, [], None
  with strategy.scope():
    network, average = _network(), _network()
    if learned:
      loss = learned_weights.LearnedWeights(weighted.WeightedLoss({'l2': 1.0}))
      loss_variables = loss.build()
    if teacher:
      distillation = distillation_lib.Distillation(
        teacher, [('feature_l2', _DISTILLED, 'conv', 'conv')]
      )
      loss_variables = distillation.build(network)
    optimizer = optimizer or keras.optimizers.SGD(0.1)
    optimizer.build(network.trainable_variables + loss_variables)
  train_step = step.make_train_step(
    strategy=strategy,
    network=network,
    average=average,
    optimizer=optimizer,
    loss=loss,
    gradient_clip=clip,
    ema_decay=0.5,
    loss_variables=loss_variables,
    distillation=distillation,
  )
  dataset = tf.data.Dataset.from_tensors(batch).unbatch().batch(4)
  dataset = strategy.experimental_distribute_dataset(dataset)
  results = train_step(next(iter(dataset)))
  trained = [*network.variables, *loss_variables]
  weights = np.concatenate([v.numpy().ravel() for v in trained])
  means = np.concatenate([v.numpy().ravel() for v in average.variables])
  return {k: float(v) for k, v in results.items()}, weights, means


def _pooled(strategy, order=None):
  """Takes a step of a network with BatchNorm and a loss that pools a batch.

  Returns:
    What changed: network and average, and the values of the step.
  """
  with strategy.scope():
    networks = []
    for _ in range(2):
      inputs = keras.Input((2, 2, 3))
      # A bias before BatchNorm would have no gradient but noise.
      x = keras.layers.Conv2D(
        4, 1, kernel_initializer=_ordered, use_bias=False
      )(inputs)
      # Nested, as a layer of another network is.
      x = keras.Sequential([keras.layers.BatchNormalization(momentum=0.5)])(x)
      x = keras.layers.Conv2D(
        1, 1, activation='softplus', kernel_initializer=_ordered
      )(x)
      networks.append(keras.Model(inputs, x))
    network, average = networks
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
    optimizer.build(network.trainable_variables)
  silog = weighted.WeightedLoss({'silog': 1.0, 'gradient': 0.1})
  losses = [silog, weighted.WeightedLoss({'l1': 1.0})]
  train_step = step.make_train_step(
    strategy=strategy,
    network=network,
    average=average,
    optimizer=optimizer,
    loss=mixing.MixedLoss(losses, (4, 2)),
    gradient_clip=1.0,
    ema_decay=0.5,
    order=order,
  )
  batch = _mixed_batch()
  if order is not None:
    # The first device's images, then the second's.
    batch = {name: value[[0, 1, 4, 2, 3, 5]] for name, value in batch.items()}
  share = 6 // strategy.num_replicas_in_sync
  dataset = tf.data.Dataset.from_tensors(batch).unbatch().repeat()
  dataset = dataset.batch(share, drop_remainder=True)
  batches = iter(strategies.distributed(strategy, dataset))
  for _ in range(2):
    results = train_step(next(batches))
  changed = [*network.variables, *average.variables, *optimizer.variables]
  return [v.numpy() for v in changed], {x: float(y) for x, y in results.items()}


def _ordered(shape, dtype=None):
  return tf.reshape(tf.linspace(-0.5, 1.0, int(np.prod(shape))), shape)


def _mixed_batch():
  """Six images with more and more known pixels, none in the first one."""
  rng = np.random.default_rng(0)
  shape = (6, 2, 2, 1)
  known = np.arange(6)[:, None, None, None] > np.arange(4).reshape(1, 2, 2, 1)
  return {
    'rgb': rng.normal(2.0, size=(6, 2, 2, 3)).astype(np.float32),
    'depth_m': rng.uniform(1, 9, size=shape).astype(np.float32),
    'valid_mask': known.astype(np.float32),
  }


def _reference(batch, clip):
  """One clipped SGD step, by hand."""
  weights = np.array([0.5, -1.0, 2.0, 0.0])
  rgb = batch['rgb'].reshape(-1, 3)
  features = np.concatenate([rgb, np.ones((len(rgb), 1))], axis=1)
  error = features @ weights - batch['depth_m'].ravel()
  gradient = 2 * features.T @ error / len(error)
  norm = np.linalg.norm(gradient)
  stepped = weights - 0.1 * gradient * min(1, clip / norm)
  # The average's decay in step 1 is min(0.5, (1 + 1) / (10 + 1)).
  decay = 2 / 11
  return (
    np.mean(error**2),
    norm,
    stepped,
    decay * weights + (1 - decay) * stepped,
  )


def _distilled_reference(batch, clip):
  """A step of l2 + 3 (mean squared distance to the teacher), by hand."""
  weights = np.array([0.5, -1.0, 2.0, 0.0])
  rgb = batch['rgb'].reshape(-1, 3)
  features = np.concatenate([rgb, np.ones((len(rgb), 1))], axis=1)
  prediction = features @ weights
  error = prediction - batch['depth_m'].ravel()
  distance = prediction - features @ np.append(_TEACHER, 0.0)
  total = np.mean(error**2) + _DISTILLED * np.mean(distance**2)
  gradient = 2 * features.T @ (error + _DISTILLED * distance) / len(error)
  norm = np.linalg.norm(gradient)
  stepped = weights - 0.1 * gradient * min(1, clip / norm)
  return total, np.mean(distance**2), norm, stepped


def _learned_reference(batch, clip):
  """A step of L / (2 p^2) + ln(1 + p^2) with p = 1, by hand."""
  l2, _, stepped, _ = _reference(batch, np.inf)
  weights = np.array([0.5, -1.0, 2.0, 0.0])
  gradient = np.append((weights - stepped) / 0.1 / 2, -l2 + 1)
  norm = np.linalg.norm(gradient)
  weights = np.append(weights, 1.0)
  stepped = weights - 0.1 * gradient * min(1, clip / norm)
  return l2, l2 / 2 + np.log(2), norm, stepped


def _normed_network():
  inputs = keras.Input((3,))
  x = keras.layers.Dense(2)(inputs)
  x = keras.layers.BatchNormalization()(x)
  return keras.Model(inputs, keras.layers.Dropout(0.5)(x))


class StepTest(tf.test.TestCase):
  def _check(self, strategy, clip):
    batch = _batch()
    results, weights, means = _run(strategy, batch, clip)
    loss, norm, expected, expected_means = _reference(batch, clip)
    self.assertAllClose(results['loss'], loss, rtol=1e-5)
    self.assertAllClose(results['l2'], loss, rtol=1e-5)
    self.assertAllClose(results['gradient_norm'], norm, rtol=1e-5)
    self.assertAllClose(weights, expected, rtol=1e-5)
    self.assertAllClose(means, expected_means, rtol=1e-5)

  def _check_learned_weights(self, strategy, clip, optimizer=None):
    batch = _batch()
    results, weights, _ = _run(strategy, batch, clip, optimizer, learned=True)
    l2, loss, norm, expected = _learned_reference(batch, clip)
    self.assertAllClose(results['loss'], loss, rtol=1e-5)
    self.assertAllClose(results['l2'], l2, rtol=1e-5)
    self.assertAllClose(results['weight_l2'], 0.5, rtol=1e-5)
    self.assertAllClose(results['gradient_norm'], norm, rtol=1e-5)
    self.assertAllClose(weights, expected, rtol=1e-5)

  def _check_distillation(self, strategy, clip):
    teacher = _network()
    teacher.layers[-1].kernel.assign(np.reshape(_TEACHER, (1, 1, 3, 1)))
    path = os.path.join(self.create_tempdir().full_path, 'teacher.keras')
    teacher.save(path)
    batch = _batch()
    results, weights, _ = _run(strategy, batch, clip, teacher=path)
    total, distance, norm, expected = _distilled_reference(batch, clip)
    self.assertAllClose(results['loss'], total, rtol=1e-5)
    self.assertAllClose(results['feature_l2_conv'], distance, rtol=1e-5)
    self.assertAllClose(results['gradient_norm'], norm, rtol=1e-5)
    self.assertAllClose(weights, expected, rtol=1e-5)

  def test_distillation(self):
    self._check_distillation(tf.distribute.get_strategy(), clip=100.0)

  def test_one_device(self):
    self._check(tf.distribute.get_strategy(), clip=100.0)

  def test_the_variables_of_a_loss_are_trained_and_clipped(self):
    self._check_learned_weights(tf.distribute.get_strategy(), clip=100.0)
    self._check_learned_weights(tf.distribute.get_strategy(), clip=0.1)

  def test_gradients_are_clipped(self):
    self._check(tf.distribute.get_strategy(), clip=0.1)

  def test_two_devices_compute_the_same(self):
    if not _TWO_CPUS:
      # TensorFlow splits a CPU in two only before its first use.
      environment = {
        **os.environ,
        'DEPTH_MAI_TWO_CPUS': '1',
        'PYTHONPATH': os.pathsep.join(sys.path),
      }
      process = subprocess.run(
        [sys.executable, __file__, f'StepTest.{self._testMethodName}'],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
      )
      self.assertEqual(process.returncode, 0, process.stderr)
      self.assertIn('Ran 1 test', process.stderr)
      return
    strategy = tf.distribute.MirroredStrategy(['cpu:0', 'cpu:1'])
    self._check(strategy, clip=0.1)
    self._check_learned_weights(strategy, clip=0.1)
    self._check_distillation(strategy, clip=100.0)
    self._check_pooled(strategy)

  def test_one_device_uses_the_fast_kernels(self):
    inputs = keras.Input((2, 2, 3))
    x = keras.layers.BatchNormalization()(keras.layers.Conv2D(1, 1)(inputs))
    network, average = (
      keras.models.clone_model(keras.Model(inputs, x)) for _ in range(2)
    )
    optimizer = optimizers.adamw(10)
    optimizer.build(network.trainable_variables)
    train_step = step.make_train_step(
      strategy=tf.distribute.get_strategy(),
      network=network,
      average=average,
      optimizer=optimizer,
      loss=_loss,
      gradient_clip=1.0,
      ema_decay=0.5,
    )
    batch = {name: tf.constant(value) for name, value in _batch().items()}
    graph = train_step.get_concrete_function(batch).graph
    kernels = {operation.type for operation in graph.get_operations()}
    fast = {'FusedBatchNormV3', 'MatMul', 'ResourceApplyAdam'}
    self.assertContainsSubset(fast, kernels)
    self.assertNotIn('Conv2D', kernels)

  def test_a_strategy_with_one_device_computes_the_same(self):
    expected, losses = _pooled(tf.distribute.get_strategy())
    computed, other_losses = _pooled(tf.distribute.MirroredStrategy(['cpu:0']))
    self.assertEqual(losses, other_losses)
    for one, other in zip(expected, computed, strict=True):
      self.assertAllEqual(one, other)

  def _check_pooled(self, strategy):
    """The means of halves are not those of the batch, so all is collected."""
    order = mixing.order((4, 2), 2)
    expected, losses = _pooled(tf.distribute.get_strategy())
    computed, other_losses = _pooled(strategy, order)
    self.assertAllClose(losses, other_losses, rtol=1e-5)
    for one, other in zip(expected, computed, strict=True):
      self.assertAllClose(one, other, rtol=1e-5, atol=1e-6)

  def test_loss_scaling_does_not_change_the_step(self):
    def scaled():
      return keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.1), initial_scale=1024.0
      )

    strategy = tf.distribute.get_strategy()
    results, weights, _ = _run(strategy, _batch(), 0.1, scaled())
    _, norm, expected, _ = _reference(_batch(), 0.1)
    self.assertAllClose(results['gradient_norm'], norm, rtol=1e-4)
    self.assertAllClose(weights, expected, rtol=1e-4)
    self._check_learned_weights(strategy, 0.1, scaled())


class AverageTest(tf.test.TestCase):
  def test_follows_the_recurrence(self):
    network, average = _normed_network(), _normed_network()
    average.set_weights(network.get_weights())
    rng = np.random.default_rng(0)
    expected = [v.numpy() for v in network.variables]
    for number in range(4):
      decay = min(0.3, (1 + number) / (10 + number))
      for index, variable in enumerate(network.variables):
        if 'float' not in variable.dtype:
          expected[index] = variable.numpy()
          continue
        value = rng.normal(size=variable.shape).astype(np.float32)
        variable.assign(value)
        expected[index] = decay * expected[index] + (1 - decay) * value
      step.update_average(average, network, 0.3, number)
    for mean, variable in zip(expected, average.variables, strict=True):
      self.assertAllClose(mean, variable)


if __name__ == '__main__':
  tf.test.main()
