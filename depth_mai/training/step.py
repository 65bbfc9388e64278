# SPDX-License-Identifier: Apache-2.0
"""One training step, on one device or on many."""

from collections.abc import Callable
from collections.abc import Sequence

import keras
import tensorflow as tf

from depth_mai.training import ema


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
) -> Callable[[dict], dict]:
  """Returns a compiled function that takes a batch and returns the losses.

  Keras clips each replica's gradients on their own and sums them afterwards;
  here they are averaged first and clipped once, so that a step does the same
  on any number of devices.

  Args:
    strategy: where the network's variables live.
    network: maps RGB [B, h, w, 3] to metres [B, h', w', 1].
    average: the network that holds the moving average.
    optimizer: built for the network's trainable variables and loss_variables,
      in this order.
    loss: called as loss(prediction, depth_m, valid_mask); returns the total
      and a dict of its terms.
    gradient_clip: largest global norm of the gradients, or None. The norm is
      that of all gradients, those of loss_variables included.
    ema_decay: of the moving average.
    loss_variables: of the loss, trained along with the network.

  Returns:
    A function from a batch {'rgb', 'depth_m', 'valid_mask'} to a dict of
    scalars: 'loss', the loss's terms, 'gradient_norm'.
  """
  variables = [*network.trainable_variables, *loss_variables]
  replicas = strategy.num_replicas_in_sync

  def replica_step(batch):
    with tf.GradientTape() as tape:
      prediction = network(batch['rgb'], training=True)
      total, terms = loss(prediction, batch['depth_m'], batch['valid_mask'])
      scaled = optimizer.scale_loss(total)
    gradients = tape.gradient(scaled, [v.value for v in variables])
    context = tf.distribute.get_replica_context()
    gradients = context.all_reduce(tf.distribute.ReduceOp.MEAN, gradients)
    norm = tf.linalg.global_norm(gradients)
    # With loss scaling the optimizer itself looks for overflow.
    scale = optimizer.scale_loss(1.0)
    if gradient_clip is not None:
      gradients, _ = tf.clip_by_global_norm(
        gradients, gradient_clip * scale, use_norm=norm
      )
    # Keras sums over the replicas what is already their common mean.
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
    ema.update(average, network, ema_decay, optimizer.iterations.value)
    return results

  return train_step
