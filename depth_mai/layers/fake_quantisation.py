# SPDX-License-Identifier: Apache-2.0
"""Layers that round like a TFLite INT8 file, for quantisation-aware training.

Source: Jacob et al., "Quantization and Training of Neural Networks for
Efficient Integer-Arithmetic-Only Inference" (CVPR 2018). Weights have one step
for each output channel, symmetric around zero; an activation has one step for
the whole tensor and a range that contains zero. Gradients pass straight through
the rounding, and are zero where a value is clipped.
"""

import keras
import tensorflow as tf

_LEVELS = 127.0


@keras.saving.register_keras_serializable(package='depth_mai')
class FakeQuantise(keras.layers.Layer):
  """Rounds a tensor to 256 even steps over a range.

  In training the range follows the tensor: it widens at once and narrows
  slowly. One layer can therefore be called on several tensors that share a step
  (the inputs of a concatenation), and its range covers them all. Before its
  first training call the layer returns its input unchanged.

  Attributes:
    low: smallest value, at most 0.
    high: largest value, at least 0.
    updates: number of training calls so far.
  """

  def __init__(
    self,
    fixed_range: tuple[float, float] | None = None,
    momentum: float = 0.98,
    freeze_after: int | None = None,
    **kwargs: object,
  ):
    """Creates the layer.

    Args:
      fixed_range: (smallest, largest) value if known; None to follow the
        tensor.
      momentum: fraction of the old range that a call keeps when it narrows.
      freeze_after: number of training calls after which the range is fixed;
        None for never.
      **kwargs: arguments of keras.layers.Layer.
    """
    super().__init__(**kwargs)
    self.fixed_range = fixed_range and tuple(fixed_range)
    self.momentum = momentum
    self.freeze_after = freeze_after

  def build(self, input_shape):
    """Creates the range."""
    del input_shape
    low, high = self.fixed_range or (0.0, 0.0)

    def add(name, value, dtype):
      return self.add_weight(
        shape=(),
        initializer=keras.initializers.Constant(value),
        trainable=False,
        dtype=dtype,
        aggregation='mean' if dtype == 'float32' else 'only_first_replica',
        name=name,
      )

    self.low = add('low', low, 'float32')
    self.high = add('high', high, 'float32')
    self.updates = add('updates', 0, 'int32')

  def call(self, inputs, training=None):
    """Rounds a tensor of any shape; in training, updates the range first."""
    if training and self.fixed_range is None:
      self._follow(inputs)
    low = tf.convert_to_tensor(self.low)
    high = tf.convert_to_tensor(self.high)
    rounded = tf.quantization.fake_quant_with_min_max_vars(
      inputs, tf.stop_gradient(low), tf.stop_gradient(high)
    )
    return tf.where(high > low, rounded, inputs)

  def _follow(self, inputs: tf.Tensor) -> None:
    low = tf.minimum(tf.reduce_min(inputs), 0.0)
    high = tf.maximum(tf.reduce_max(inputs), 0.0)
    old_low = tf.convert_to_tensor(self.low)
    old_high = tf.convert_to_tensor(self.high)
    part = self.momentum
    new_low = tf.minimum(low, part * old_low + (1 - part) * low)
    new_high = tf.maximum(high, part * old_high + (1 - part) * high)
    if self.freeze_after is not None:
      moves = tf.convert_to_tensor(self.updates) < self.freeze_after
      new_low = tf.where(moves, new_low, old_low)
      new_high = tf.where(moves, new_high, old_high)
    self.low.assign(tf.stop_gradient(new_low))
    self.high.assign(tf.stop_gradient(new_high))
    self.updates.assign(tf.convert_to_tensor(self.updates) + 1)

  def compute_output_shape(self, input_shape):
    """Returns the input's shape."""
    return input_shape

  def get_config(self):
    """Returns the constructor's arguments."""
    return {
      **super().get_config(),
      'fixed_range': self.fixed_range,
      'momentum': self.momentum,
      'freeze_after': self.freeze_after,
    }


def fake_quantise_kernel(kernel: tf.Tensor, channel_axis: int) -> tf.Tensor:
  """Rounds a kernel to -127..127 steps for each output channel.

  Args:
    kernel: weights of a convolution.
    channel_axis: axis of the output channels.

  Returns:
    The rounded kernel; gradients pass unchanged to the kernel.
  """
  others = [a for a in range(len(kernel.shape)) if a != channel_axis]
  largest = tf.reduce_max(tf.abs(kernel), axis=others, keepdims=True)
  step = tf.where(largest > 0, largest / _LEVELS, 1.0)
  rounded = tf.round(kernel / step) * step
  return kernel + tf.stop_gradient(rounded - kernel)


@keras.saving.register_keras_serializable(package='depth_mai')
class QuantisedConv2D(keras.layers.Conv2D):
  """Conv2D with a rounded kernel; its bias has 32 bits on the device."""

  def convolution_op(self, inputs, kernel):
    """Convolves with the rounded kernel [k, k, in, out]."""
    kernel = fake_quantise_kernel(tf.convert_to_tensor(kernel), 3)
    return super().convolution_op(inputs, kernel)


@keras.saving.register_keras_serializable(package='depth_mai')
class QuantisedDepthwiseConv2D(keras.layers.DepthwiseConv2D):
  """DepthwiseConv2D with a rounded kernel."""

  def call(self, inputs):
    """Convolves with the rounded kernel [k, k, C, 1]."""
    kernel = fake_quantise_kernel(tf.convert_to_tensor(self.kernel), 2)
    outputs = keras.ops.depthwise_conv(
      inputs,
      kernel,
      strides=self.strides,
      padding=self.padding,
      dilation_rate=self.dilation_rate,
      data_format=self.data_format,
    )
    return outputs + self.bias if self.use_bias else outputs
