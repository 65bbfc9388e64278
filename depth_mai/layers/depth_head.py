# SPDX-License-Identifier: Apache-2.0
"""The end of every system: features to metres, through one of three codes.

The last convolution, 'head', need not say metres. What it says becomes 8-bit
numbers on the device, 255 even steps, and a step in metres that is fine for a
far wall is coarse for a near table. Each code bounds the depth with the ReLU
that the device runs inside the convolution, for nothing:

  code     the head says            depth            bounds
  linear   depth - nearest          ReLU, +          nearest .. no end
  log      log(depth / nearest)     ReLU6, exp       nearest .. 403 nearest
  inverse  1 / depth - 1 / farthest ReLU, +, 1 / x   no end .. farthest

`nearest` is the option min_depth_m (0.1 m: ReLU6 then ends at 40.3 m) and
`farthest` what a 16-bit map in millimetres can hold. Without the lift by the
nearest depth a ReLU may say 0 m, whose logarithm is infinite, and a head that
starts below 0 never learns: the bias starts where indoor scenes lie.
"""

import keras
import numpy as np

DEPTH_CODES = ('linear', 'log', 'inverse')
FARTHEST_M = 65.535


@keras.saving.register_keras_serializable(package='depth_mai')
class DecodeDepth(keras.layers.Layer):
  """Turns what a head says in a code other than 'linear' into metres.

  Attributes:
    code: 'log' or 'inverse'.
    min_depth_m: the nearest depth of the code 'log', metres.
  """

  def __init__(self, code: str, min_depth_m: float, **kwargs):
    """Creates the layer; see the attributes."""
    super().__init__(**kwargs)
    self.code = code
    self.min_depth_m = min_depth_m

  def call(self, inputs):
    """Maps non-negative numbers [B, H, W, 1] to metres."""
    if self.code == 'log':
      return self.min_depth_m * keras.ops.exp(inputs)
    return 1.0 / (inputs + 1.0 / FARTHEST_M)

  def compute_output_shape(self, input_shape):
    """Returns the input's shape."""
    return input_shape

  def get_config(self):
    """Returns the constructor's arguments."""
    return {
      **super().get_config(),
      'code': self.code,
      'min_depth_m': self.min_depth_m,
    }


def encode_depth(depth_m, depth_code: str, min_depth_m: float):
  """Returns what a head has to say of a depth, before its ReLU.

  Args:
    depth_m: float or array, metres.
    depth_code: one of DEPTH_CODES.
    min_depth_m: nearest depth, metres.

  Returns:
    Numbers of the same shape.

  Raises:
    ValueError: for an unknown code.
  """
  if depth_code == 'linear':
    return depth_m - min_depth_m
  if depth_code == 'log':
    return np.log(depth_m / min_depth_m)
  if depth_code == 'inverse':
    return 1.0 / depth_m - 1.0 / FARTHEST_M
  raise ValueError(
    f'depth_code={depth_code!r} is not one of {DEPTH_CODES}. Change it in the '
    'options of the system.'
  )


def initial_bias(
  initial_depth_m: float, depth_code: str, min_depth_m: float
) -> float:
  """Returns the bias with which an untrained head says a depth.

  Args:
    initial_depth_m: that depth, metres.
    depth_code: one of DEPTH_CODES.
    min_depth_m: nearest depth, metres.

  Raises:
    ValueError: for an unknown code, or if the head would start where its ReLU
      has no gradient.
  """
  bias = float(encode_depth(initial_depth_m, depth_code, min_depth_m))
  if bias <= 0 or (depth_code == 'log' and bias >= 6):
    raise ValueError(
      f'initial_depth_m={initial_depth_m} with min_depth_m={min_depth_m} lies '
      f'outside of what the depth_code {depth_code!r} can say. Change one of '
      'them in the options of the system.'
    )
  return bias


def to_depth_m(x, min_depth_m: float, depth_code: str = 'linear'):
  """Maps what the head says, [B, H, W, 1], to metres, in float32.

  Args:
    x: output of the convolution 'head', without activation.
    min_depth_m: nearest depth, metres.
    depth_code: one of DEPTH_CODES.

  Returns:
    The depth map.
  """
  limit = 6.0 if depth_code == 'log' else None
  x = keras.layers.ReLU(limit, name='head_act', dtype='float32')(x)
  if depth_code == 'linear':
    return keras.layers.Rescaling(
      1.0, min_depth_m, name='depth_m', dtype='float32'
    )(x)
  return DecodeDepth(depth_code, min_depth_m, name='depth_m', dtype='float32')(
    x
  )


def depth_head(
  x,
  *,
  kernel_size: int,
  min_depth_m: float,
  initial_depth_m: float,
  depth_code: str = 'linear',
):
  """Predicts depth [B, H, W, 1], metres, from features [B, H, W, C].

  Args:
    x: features.
    kernel_size: of the one convolution, which is called 'head'.
    min_depth_m: smallest depth that can be said, metres.
    initial_depth_m: what the untrained head says of features that are zero,
      metres.
    depth_code: one of DEPTH_CODES; see the module's docstring.

  Returns:
    The depth map, float32.

  Raises:
    ValueError: for an unknown code, or if the head would start where its ReLU
      has no gradient.
  """
  bias = initial_bias(initial_depth_m, depth_code, min_depth_m)
  x = keras.layers.Conv2D(
    1,
    kernel_size,
    padding='same',
    bias_initializer=keras.initializers.Constant(bias),
    name='head',
  )(x)
  return to_depth_m(x, min_depth_m, depth_code)
