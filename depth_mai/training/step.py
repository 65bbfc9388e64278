# SPDX-License-Identifier: Apache-2.0
"""Builds the training step for one device, several devices or machines.

Our losses pool the pixels of a batch, or sort them, so the mean of the losses
of several parts is not the loss of the batch. On several devices, called
replicas, each therefore predicts its part of the batch, collects the maps of
the others, which are small, and computes the loss of the whole batch. The
gradients are then those of one device, for any loss.
"""

from collections.abc import Callable
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from depth_mai.distillation import distillation as distillation_lib
from depth_mai.training import fused_norm
from depth_mai.training import pointwise


def update_average(
  average: keras.Model, network: keras.Model, decay: float, step: tf.Tensor
) -> None:
  """Updates the exponential moving average of a network's weights.

  BatchNorm's statistics are averaged, too. Early steps use the smaller decay
  (1 + step) / (10 + step), so that the random initial weights soon fade.

  Args:
    average: a second network, which holds the averages.
    network: the network being trained.
    decay: weight of the old average, 0..1.
    step: tensor, steps taken so far.
  """
  step = tf.cast(step, tf.float32)
  decay = tf.minimum(decay, (1.0 + step) / (10.0 + step))
  for mean, variable in zip(average.variables, network.variables, strict=True):
    if 'float' in str(variable.dtype):
      value = tf.cast(variable.value, mean.value.dtype)
      mean.value.assign(mean.value - (1.0 - decay) * (mean.value - value))
    else:
      mean.value.assign(variable.value)


def make_train_step(
  *,
  strategy: tf.distribute.Strategy,
  network: keras.Model,
  average: keras.Model,
  optimizer: keras.optimizers.Optimizer,
  loss: Callable,
  gradient_clip: float | None,
  ema_decay: float,
  loss_variables: Sequence[keras.Variable] = (),
  distillation: distillation_lib.Distillation | None = None,
  order: Sequence[int] | None = None,
) -> Callable[[dict], dict]:
  """Returns a compiled function that takes a batch and returns the losses.

  Keras clips each replica's gradients separately and sums them afterwards; here
  they are averaged first and clipped once, so that a step is the same on any
  number of devices. BatchNorm's statistics are those of the whole batch.

  Args:
    strategy: the strategy in whose scope the variables were built.
    network: maps RGB [B, h, w, 3] to metres [B, h', w', 1].
    average: the network that holds the moving average; see update_average.
    optimizer: built for the network's trainable variables and loss_variables,
      in this order.
    loss: called as loss(prediction, depth_m, valid_mask); returns the total
      and a dict of its terms.
    gradient_clip: largest global norm of all gradients, those of
      loss_variables included; None for no clipping.
    ema_decay: decay of the moving average.
    loss_variables: variables of the loss and of the distillation, trained
      along with the network.
    distillation: built for the network; its sum is added to the loss. None for
      none.
    order: the order of the images for the loss, as indices of those of all
      replicas one after another; None leaves them as they are.

  Returns:
    A function from a batch {'rgb', 'depth_m', 'valid_mask'} to a dict of
    scalars: 'loss', the loss's terms, 'gradient_norm'. For a distillation the
    batch also has what Distillation.teacher_features takes.
  """
  variables = [*network.trainable_variables, *loss_variables]
  replicas = strategy.num_replicas_in_sync
  if replicas > 1:
    _synchronise_batch_norm(network)
  fused_norm.fuse(network)  # It leaves layers alone that synchronise.
  pointwise.use(network)

  def whole_batch(maps):
    """Collects the maps of all replicas, as float32."""
    if replicas == 1:
      return maps
    context = tf.distribute.get_replica_context()
    # A tensor gets the device of its replica where it is computed.
    maps = [tf.identity(tf.cast(one, tf.float32)) for one in maps]
    whole = [
      tf.ensure_shape(one, [None, *part.shape[1:]])
      for one, part in zip(context.all_gather(maps, axis=0), maps, strict=True)
    ]
    return whole if order is None else [_reordered(x, order) for x in whole]

  def replica_step(batch):
    rgb = batch['rgb']
    depth_m, valid_mask = whole_batch([batch['depth_m'], batch['valid_mask']])
    if distillation:
      teacher_maps = whole_batch(list(distillation.teacher_features(batch)))
    with tf.GradientTape() as tape:
      if distillation:
        prediction, maps = distillation.student_features(rgb, training=True)
      else:
        prediction, maps = network(rgb, training=True), []
      prediction, *maps = whole_batch([prediction, *maps])
      total, terms = loss(prediction, depth_m, valid_mask)
      if distillation:
        distilled, values = distillation(maps, teacher_maps, valid_mask)
        total, terms = total + distilled, {**terms, **values}
      scaled = optimizer.scale_loss(total)
    gradients = tape.gradient(scaled, [v.value for v in variables])
    context = tf.distribute.get_replica_context()
    gradients = context.all_reduce(tf.distribute.ReduceOp.MEAN, gradients)
    norm = tf.linalg.global_norm(gradients)
    # With loss scaling, the optimizer itself looks for overflow.
    scale = optimizer.scale_loss(1.0)
    if gradient_clip is not None:
      gradients, _ = tf.clip_by_global_norm(
        gradients, gradient_clip * scale, use_norm=norm
      )
    # Keras sums the gradients of the replicas, which are the mean already.
    optimizer.apply_gradients(
      (gradient / replicas, variable)
      for gradient, variable in zip(gradients, variables, strict=True)
    )
    return {'loss': total, **terms, 'gradient_norm': norm / scale}

  @tf.function
  def train_step(batch):
    results = strategy.run(replica_step, args=(batch,))
    results = {
      name: strategy.reduce(tf.distribute.ReduceOp.MEAN, value, axis=None)
      for name, value in results.items()
    }
    update_average(average, network, ema_decay, optimizer.iterations.value)
    return results

  return train_step


def _synchronise_batch_norm(network: keras.Model) -> None:
  """Makes BatchNorm take its statistics from the batches of all replicas."""
  for layer in network._flatten_layers():
    if isinstance(layer, keras.layers.BatchNormalization):
      layer.synchronized = True


def _reordered(maps: tf.Tensor, order: Sequence[int]) -> tf.Tensor:
  """Returns the maps in another order.

  The gradient of tf.gather alone is sparse, which all_gather cannot collect.
  """

  @tf.custom_gradient
  def reorder(values):
    def gradient(upstream):
      return tf.gather(upstream, np.argsort(order))

    return tf.gather(values, order), gradient

  return reorder(maps)
