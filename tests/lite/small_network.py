# SPDX-License-Identifier: Apache-2.0
"""A network of the systems' shape, small enough to convert in a second."""

import keras
import numpy as np

from depth_mai.layers import clb
from depth_mai.layers import resize

IMAGE_SIZE = (48, 64)


def small_network(name: str = 'small', seed: int = 3) -> keras.Model:
  """Returns a network [B, 32, 40, 3] to [B, 24, 32, 1] metres.

  It contains the parts of a system: input scaling, BatchNorm with statistics
  far from their initial values, collapsible blocks (one of them residual), a
  skip and a ReLU head.

  Args:
    name: name of the network.
    seed: seed of all weights.
  """
  rgb = keras.Input((32, 40, 3), name='rgb')
  x = keras.layers.Rescaling(1 / 127.5, -1.0, name='normalise')(rgb)
  x = keras.layers.Conv2D(8, 3, 2, padding='same', use_bias=False, name='stem')(
    x
  )
  x = keras.layers.BatchNormalization(name='stem_bn')(x)
  x = keras.layers.ReLU(name='stem_act')(x)
  skip = x
  x = keras.layers.DepthwiseConv2D(3, padding='same', name='depthwise')(x)
  x = clb.CollapsibleConv2D(8, expansion=16, residual=True, name='middle')(x)
  x = keras.layers.ReLU(name='middle_act')(x)
  x = keras.layers.Concatenate(name='concat')([x, skip])
  x = resize.Resize(24, 32, name='up')(x)
  x = clb.CollapsibleConv2D(1, expansion=16, name='head')(x)
  x = keras.layers.ReLU(name='head_act')(x)
  depth_m = keras.layers.Rescaling(1.0, 0.5, name='depth_m')(x)
  network = keras.Model(rgb, depth_m, name=name)
  generator = np.random.default_rng(seed)
  for weight in network.weights:
    low, high = (0.5, 1.5) if 'moving_variance' in weight.path else (-0.3, 0.3)
    weight.assign(generator.uniform(low, high, weight.shape))
  network.get_layer('head').project_bias.assign([1.5])
  return network


def pictures(count: int, size: tuple[int, int] = IMAGE_SIZE, seed: int = 5):
  """Returns smooth random pictures, each [H, W, 3] uint8."""
  generator = np.random.default_rng(seed)
  rows = np.linspace(0, 1, size[0])[:, None, None]
  columns = np.linspace(0, 1, size[1])[None, :, None]
  found = []
  for _ in range(count):
    a, b, c = generator.uniform(0, 1, (3, 3))
    found.append(
      np.uint8(255 * (a * rows + b * columns + c * rows * columns) / 3)
    )
  return found
