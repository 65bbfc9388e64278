# SPDX-License-Identifier: Apache-2.0
"""A network with every kind of rounding that an INT8 file has."""

import keras
import numpy as np

from depth_mai.layers import conv_norm
from depth_mai.layers import depth_head
from depth_mai.layers import inverted_residual
from depth_mai.layers import resize

SIZE = (32, 40)


def network(depth_code: str = 'linear', seed: int = 0) -> keras.Model:
  """Returns a network [B, 32, 40, 3] to [B, 16, 20, 1] metres.

  Args:
    depth_code: depth code of its head.
    seed: seed of all weights; BatchNorm's statistics are far from their
      initial values.
  """
  norm = conv_norm.BatchNorm()
  rgb = keras.Input((*SIZE, 3), name='rgb')
  x = keras.layers.Rescaling(1 / 127.5, -1.0, name='normalise')(rgb)
  x = conv_norm.conv_norm(
    x, 8, 3, name='stem', norm=norm, stride=2, activation='hard_swish'
  )
  skip = inverted_residual.inverted_residual(
    x,
    kernel_size=3,
    expanded=16,
    filters=8,
    use_squeeze_excite=True,
    activation='relu',
    stride=1,
    norm=norm,
    name='block',
  )
  x = conv_norm.conv_norm(
    skip, 8, 3, name='down', norm=norm, stride=2, activation=None
  )
  x = keras.layers.Activation('silu', name='swish')(x)
  x = resize.Resize(16, 20, name='up')(x)
  x = keras.layers.Concatenate(name='concat')([x, skip])
  x = keras.layers.ReLU(name='loose_act')(x)
  depth_m = depth_head.depth_head(
    x,
    kernel_size=1,
    options=depth_head.HeadOptions(
      min_depth_m=0.1, initial_depth_m=2.0, depth_code=depth_code
    ),
  )
  built = keras.Model(rgb, depth_m, name='rounded')
  generator = np.random.default_rng(seed)
  for weight in built.weights:
    if 'moving_variance' in weight.path or 'gamma' in weight.path:
      weight.assign(generator.uniform(0.5, 1.5, weight.shape))
    elif len(weight.shape) == 4:
      weight.assign(generator.normal(0, 0.2, weight.shape))
    elif weight.path != 'head/bias':
      weight.assign(generator.normal(0, 0.1, weight.shape))
  return built


def images(count: int, seed: int = 5) -> np.ndarray:
  """Returns noise over a gradient, [count, 32, 40, 3] float32, whole 0..255."""
  generator = np.random.default_rng(seed)
  slope = np.linspace(0, 150, SIZE[1])[:, np.newaxis]
  noise = generator.uniform(0, 100, (count, *SIZE, 3))
  return np.round(slope + noise).astype(np.float32)
