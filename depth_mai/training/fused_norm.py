# SPDX-License-Identifier: Apache-2.0
"""Trains BatchNormalization with TensorFlow's fused kernel.

Keras 3 computes the mean, the variance and the normalised map by eight
operators and their gradients, each of which reads whole maps, which takes much
of a training step on a CPU. The fused kernel computes the same values.
"""

import functools

import keras
import tensorflow as tf


def fuse(network: keras.Model) -> None:
  """Replaces what the layers of a network compute in training.

  Nothing else changes: they stay layers of Keras, and so does the saved file.
  Layers that average over devices (`synchronized`), that use batch
  renormalisation, or whose channels are not last are left as they are.

  Args:
    network: called on one device with training=True.
  """
  for layer in network._flatten_layers():
    if type(layer) is keras.layers.BatchNormalization and _can_be_fused(layer):
      layer.call = functools.partial(_call, layer)


def _can_be_fused(layer: keras.layers.BatchNormalization) -> bool:
  return (
    layer.input_spec.ndim == 4
    and layer.axis in (-1, 3)
    and layer.scale
    and layer.center
    and not layer.synchronized
    and not layer.renorm
  )


def _call(layer, inputs, training=None, mask=None):
  """Does what BatchNormalization.call does."""
  if not (training and layer.trainable) or mask is not None:
    return type(layer).call(layer, inputs, training=training, mask=mask)
  x = tf.cast(inputs, tf.float32)
  y, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
    x=x,
    scale=layer.gamma.value,
    offset=layer.beta.value,
    mean=[],
    variance=[],
    epsilon=layer.epsilon,
    is_training=True,
  )
  # The kernel divides by one value less than there are; Keras does not.
  count = tf.cast(tf.size(x) / tf.shape(x)[-1], tf.float32)
  variance *= (count - 1) / count
  for average, value in (
    (layer.moving_mean, mean),
    (layer.moving_variance, variance),
  ):
    old = average.value
    average.assign(old * layer.momentum + value * (1.0 - layer.momentum))
  return tf.cast(y, layer.compute_dtype)
