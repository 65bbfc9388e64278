# SPDX-License-Identifier: Apache-2.0
"""Collapsible linear block (CLB): a wide linear stack equal to one convolution.

Source: Bhardwaj et al., "Collapsible Linear Blocks for Super-Efficient Super
Resolution" (SESR, MLSys 2022). A k x k convolution to `expansion` channels is
followed directly by a 1x1 convolution; both are linear, so their product is a
single k x k convolution. The product is formed in every forward pass ("online
collapse"): training computes only the narrow convolution, while gradients reach
the wide weights.
"""

import keras
import numpy as np


def _identity_kernel(kernel_size: int, channels: int) -> np.ndarray:
  """Returns the [k, k, c, c] float32 kernel that copies its input."""
  kernel = np.zeros((kernel_size, kernel_size, channels, channels), np.float32)
  centre = kernel_size // 2
  kernel[centre, centre] = np.eye(channels, dtype=np.float32)
  return kernel


@keras.saving.register_keras_serializable(package='depth_mai')
class CollapsibleConv2D(keras.layers.Layer):
  """Linear block that equals one `Conv2D(filters, kernel_size, 'same')`.

  Maps [B, H, W, in] to [B, H, W, filters]; it contains no activation.

  Attributes:
    expand_kernel: [k, k, in, expansion], the wide k x k convolution.
    expand_bias: [expansion].
    project_kernel: [expansion, filters], the 1x1 convolution.
    project_bias: [filters].
  """

  def __init__(
    self,
    filters: int,
    kernel_size: int = 3,
    expansion: int = 256,
    residual: bool = False,
    bias_initializer: str | keras.initializers.Initializer = 'zeros',
    **kwargs: object,
  ):
    """Creates the block.

    Args:
      filters: output channels.
      kernel_size: odd spatial size k of the convolution.
      expansion: channels between the two linear maps (256 in SESR).
      residual: adds the input to the output by adding 1 to the centre of the
        collapsed kernel; the input must have `filters` channels.
      bias_initializer: initializer of `project_bias`.
      **kwargs: arguments of keras.layers.Layer.

    Raises:
      ValueError: for an even kernel size.
    """
    super().__init__(**kwargs)
    if kernel_size % 2 == 0:
      raise ValueError(
        f'CollapsibleConv2D needs an odd kernel_size, got {kernel_size}.'
      )
    self.filters = filters
    self.kernel_size = kernel_size
    self.expansion = expansion
    self.residual = residual
    self.bias_initializer = keras.initializers.get(bias_initializer)

  def build(self, input_shape):
    """Creates the four weights for [B, H, W, in] inputs."""
    channels = input_shape[-1]
    if self.residual and channels != self.filters:
      raise ValueError(
        f'{self.name}: a residual block keeps its channels, but the input has '
        f'{channels} and filters={self.filters}. Set residual=False.'
      )
    self.expand_kernel = self.add_weight(
      shape=(self.kernel_size, self.kernel_size, channels, self.expansion),
      initializer='glorot_uniform',
      name='expand_kernel',
    )
    self.expand_bias = self.add_weight(
      shape=(self.expansion,), initializer='zeros', name='expand_bias'
    )
    self.project_kernel = self.add_weight(
      shape=(self.expansion, self.filters),
      initializer='glorot_uniform',
      name='project_kernel',
    )
    self.project_bias = self.add_weight(
      shape=(self.filters,),
      initializer=self.bias_initializer,
      name='project_bias',
    )
    if self.residual:
      self._identity = _identity_kernel(self.kernel_size, channels)

  def _collapse(self):
    ops = keras.ops
    kernel = ops.tensordot(self.expand_kernel, self.project_kernel, axes=1)
    bias = ops.matmul(self.expand_bias, self.project_kernel)
    if self.residual:
      kernel = kernel + self._identity
    return kernel, bias + self.project_bias

  def convolution_op(self, inputs, kernel):
    """Convolves [B, H, W, in]; can be replaced, as that of Conv2D."""
    return keras.ops.conv(inputs, kernel, padding='same')

  def call(self, inputs):
    """Convolves [B, H, W, in] with the collapsed kernel."""
    kernel, bias = self._collapse()
    kernel = keras.ops.cast(kernel, inputs.dtype)
    bias = keras.ops.cast(bias, inputs.dtype)
    return self.convolution_op(inputs, kernel) + bias

  def collapsed_weights(self) -> tuple[np.ndarray, np.ndarray]:
    """Returns kernel [k, k, in, filters] and bias of the equivalent Conv2D."""
    kernel, bias = self._collapse()
    return (
      keras.ops.convert_to_numpy(kernel),
      keras.ops.convert_to_numpy(bias),
    )

  def compute_output_shape(self, input_shape):
    """Returns the input's shape with `filters` channels."""
    return (*input_shape[:-1], self.filters)

  def get_config(self):
    """Returns the constructor's arguments."""
    return {
      **super().get_config(),
      'filters': self.filters,
      'kernel_size': self.kernel_size,
      'expansion': self.expansion,
      'residual': self.residual,
      'bias_initializer': keras.initializers.serialize(self.bias_initializer),
    }
