# SPDX-License-Identifier: Apache-2.0
"""The last layers of every system: from features to depth, in three codes.

The last convolution, 'head', need not predict metres. An INT8 device rounds its
output to 255 even steps, and a step in metres that is fine enough for a far
wall is coarse for a near table. Each code bounds the depth by a ReLU, which the
device computes within the convolution at no cost:

  code     the head predicts         depth           range
  linear   depth - nearest           ReLU, +         nearest .. unbounded
  log      log(depth / nearest)      ReLU6, exp      nearest .. 403 nearest
  inverse  1 / depth - 1 / farthest  ReLU, +, 1 / x  0 .. farthest

`nearest` is the option min_depth_m (0.1 m: ReLU6 then ends at 40.3 m), and
`farthest` is the largest depth of a 16-bit map in millimetres. If the nearest
depth were not added, a ReLU could predict 0 m, whose logarithm is infinite. A
head that starts below 0 gets no gradient, so its bias starts at a typical
indoor depth.
"""

from collections.abc import Callable
import dataclasses
import functools

import keras
import numpy as np

DEPTH_CODES = ('linear', 'log', 'inverse')
FARTHEST_M = 65.535


@dataclasses.dataclass(frozen=True)
class HeadOptions:
  """Options of the head, which every system has.

  Attributes:
    min_depth_m: nearest depth that the head can predict, metres; 'inverse'
      ignores it.
    initial_depth_m: depth that the untrained head predicts, metres.
    depth_code: one of DEPTH_CODES; see the module's docstring.
  """

  min_depth_m: float = 0.1
  initial_depth_m: float = 2.5
  depth_code: str = 'linear'


@keras.saving.register_keras_serializable(package='depth_mai')
class DecodeDepth(keras.layers.Layer):
  """Decodes the output of a head whose code is not 'linear' into metres.

  Attributes:
    code: 'log' or 'inverse'.
    min_depth_m: nearest depth of the code 'log', metres.
  """

  def __init__(self, code: str, min_depth_m: float, **kwargs: object):
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


def encode_depth(
  depth_m: float | np.ndarray, code: str, min_depth_m: float
) -> float | np.ndarray:
  """Returns the numbers that a head must predict for depths, before its ReLU.

  Args:
    depth_m: float or array, metres.
    code: one of DEPTH_CODES.
    min_depth_m: nearest depth, metres.

  Returns:
    Numbers of the same shape.

  Raises:
    ValueError: for an unknown code.
  """
  if code == 'linear':
    return depth_m - min_depth_m
  if code == 'log':
    return np.log(depth_m / min_depth_m)
  if code == 'inverse':
    return 1.0 / depth_m - 1.0 / FARTHEST_M
  raise ValueError(
    f'depth_code={code!r} is not one of {DEPTH_CODES}. Change depth_code in '
    "the system's options."
  )


def initial_bias(options: HeadOptions) -> float:
  """Returns the bias with which an untrained head predicts initial_depth_m.

  Args:
    options: the options of the head.

  Raises:
    ValueError: for an unknown code, or if the ReLU has no gradient at the
      initial depth.
  """
  bias = float(
    encode_depth(
      options.initial_depth_m, options.depth_code, options.min_depth_m
    )
  )
  if bias <= 0 or (options.depth_code == 'log' and bias >= 6):
    raise ValueError(
      f'initial_depth_m={options.initial_depth_m} with min_depth_m='
      f'{options.min_depth_m} is outside the range of depth_code='
      f'{options.depth_code!r}. Change one of the three in the options of the '
      'system.'
    )
  return bias


def to_depth_m(
  x: keras.KerasTensor, min_depth_m: float, code: str = 'linear'
) -> keras.KerasTensor:
  """Decodes the output of the convolution 'head' into metres, in float32.

  Args:
    x: [B, H, W, 1], without activation.
    min_depth_m: nearest depth, metres.
    code: one of DEPTH_CODES.

  Returns:
    The depth map [B, H, W, 1], metres.
  """
  limit = 6.0 if code == 'log' else None
  x = keras.layers.ReLU(limit, name='head_act', dtype='float32')(x)
  if code == 'linear':
    return keras.layers.Rescaling(
      1.0, min_depth_m, name='depth_m', dtype='float32'
    )(x)
  return DecodeDepth(code, min_depth_m, name='depth_m', dtype='float32')(x)


def depth_head(
  x: keras.KerasTensor,
  *,
  kernel_size: int,
  options: HeadOptions,
  convolution: Callable[..., keras.layers.Layer] | None = None,
) -> keras.KerasTensor:
  """Predicts depth [B, H, W, 1], metres, from features [B, H, W, C].

  Args:
    x: features.
    kernel_size: kernel size of the only convolution, 'head'.
    options: nearest and initial depth, and the code. Features that are zero
      give the initial depth.
    convolution: creates the convolution from (1, kernel_size) and the keyword
      arguments bias_initializer and name; None for a plain Conv2D.

  Returns:
    The depth map, float32.

  Raises:
    ValueError: for an unknown code, or if the ReLU has no gradient at the
      initial depth.
  """
  if convolution is None:
    convolution = functools.partial(keras.layers.Conv2D, padding='same')
  bias = keras.initializers.Constant(initial_bias(options))
  x = convolution(1, kernel_size, bias_initializer=bias, name='head')(x)
  return to_depth_m(x, options.min_depth_m, options.depth_code)
