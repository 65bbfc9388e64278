# SPDX-License-Identifier: Apache-2.0
"""A small network with a layer of each kind that has a PyTorch twin."""

import pathlib

import keras
import numpy as np

from benchmarks.step_race import graph
from benchmarks.step_race import recipe
from depth_mai.layers import clb
from depth_mai.layers import conv_norm
from depth_mai.layers import depth_head
from depth_mai.layers import inverted_residual
from depth_mai.layers import resize

_NORM = conv_norm.BatchNorm(momentum=0.8)
# No side is a power of two, so that strides meet odd sizes.
SIZE = (14, 20)


def build() -> keras.Model:
  """Returns a network from [B, 14, 20, 3] to [B, 9, 12, 1] metres.

  Its weights are random, and so are the statistics of BatchNorm.
  """
  rgb = keras.Input((*SIZE, 3), name='rgb')
  x = keras.layers.Rescaling([0.01, 0.02, 0.01], [-1.0, -2.0, -1.5])(rgb)
  stem = x = conv_norm.conv_norm(x, 4, 3, name='stem', norm=_NORM, stride=2)
  for number, (stride, activation) in enumerate(
    ((2, 'hard_swish'), (1, 'relu6'))
  ):
    x = inverted_residual.inverted_residual(
      x, kernel_size=5, expanded=8, filters=6, use_squeeze_excite=True,
      activation=activation, stride=stride, norm=_NORM, name=f'block_{number}',
    )  # fmt: skip
  x = conv_norm.conv_norm(
    x, 6, 3, name='dilated', norm=_NORM, dilation_rate=2, activation=None
  )
  x = resize.Resize(7, 10, name='up')(x)
  x = keras.layers.Concatenate()([x, stem])
  x = clb.CollapsibleConv2D(10, expansion=16, residual=True, name='clb')(x)
  x = keras.layers.ReLU()(_NORM(x, 'clb_bn'))
  x = resize.Resize(9, 12, 'nearest', name='up_nearest')(x)
  depth_m = depth_head.depth_head(
    x, kernel_size=3, options=depth_head.HeadOptions()
  )
  network = keras.Model(rgb, depth_m, name='tiny')
  rng = np.random.default_rng(0)
  for layer in network.layers:
    if isinstance(layer, keras.layers.BatchNormalization):
      layer.set_weights(
        [rng.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()]
      )
  return network


def export(folder: str) -> pathlib.Path:
  """Writes the network and a batch of four; returns the folder."""
  graph.export(build(), 'nearest', recipe.batch(*SIZE, 4), pathlib.Path(folder))
  return pathlib.Path(folder)
