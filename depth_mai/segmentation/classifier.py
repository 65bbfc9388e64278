# SPDX-License-Identifier: Apache-2.0
"""Turns a depth network into one that classifies pixels, and back.

The last layers of a system, from the convolution 'head' on, predict depth from
features. A 1x1 convolution to the classes takes their place [chosen], and its
logits are resized to the input's size, bilinearly, before they are compared
[chosen, as in LR-ASPP]. All other layers belong to both networks: what the
classifier learns is in the depth network, whose head stays as it was built.
"""

import keras
import tensorflow as tf

from depth_mai.layers import resize
from depth_mai.segmentation import label_source

_HEAD = 'head'


class PixelAccuracy(keras.metrics.MeanIoU):
  """The share of the pixels whose class is right, of those that have one."""

  def result(self):
    """Returns a scalar, 0 without any pixel."""
    counts = tf.cast(self.total_cm, tf.float64)
    return tf.math.divide_no_nan(tf.linalg.trace(counts), tf.reduce_sum(counts))


def classifier(network: keras.Model, classes: int) -> keras.Model:
  """Builds the classifier that shares a depth network's layers.

  Args:
    network: a system, from RGB [B, h, w, 3] to metres.
    classes: number of classes.

  Returns:
    A model from RGB [B, h, w, 3], 0..255, to logits [B, h, w, classes].

  Raises:
    ValueError: the network has no layer 'head'.
  """
  heads = [layer for layer in network.layers if layer.name == _HEAD]
  if not heads:
    raise ValueError(
      f'{network.name} has no layer {_HEAD!r}, which the classes could '
      'replace. Build its last layers with depth_head of layers/depth_head.py, '
      'or choose another train.network in the gin file.'
    )
  logits = keras.layers.Conv2D(classes, 1, name='classes')(heads[0].input)
  logits = resize.Resize(*network.input_shape[1:3], name='classes_resize')(
    logits
  )
  return keras.Model(network.input, logits, name=f'{network.name}_classifier')


def cross_entropy() -> keras.losses.Loss:
  """Returns the loss: the mean cross-entropy of the pixels with a class."""
  return keras.losses.SparseCategoricalCrossentropy(
    from_logits=True, ignore_class=label_source.IGNORED
  )


def metrics(classes: int) -> list[keras.metrics.Metric]:
  """Returns pixel accuracy and mean intersection over union.

  Classes that are neither in the labels nor predicted do not count in the mean.

  Args:
    classes: number of classes.
  """
  # Counts of pixels: 32 bits would overflow in a large data set.
  options = {'sparse_y_pred': False, 'dtype': 'int64'}
  return [
    PixelAccuracy(classes, name='pixel_accuracy', **options),
    keras.metrics.MeanIoU(classes, name='mean_iou', **options),
  ]
