# SPDX-License-Identifier: Apache-2.0
"""Adapts a trained head to another depth code.

The codes of layers/depth_head.py are curves over the depth. A head can only be
scaled and shifted. It gets the straight line between the codes that fits best
over the depths of a room; further training has to learn the rest.
"""

import keras
import numpy as np

from depth_mai.layers import clb
from depth_mai.layers import depth_head

# Evenly spaced in the logarithm, because the losses compare logarithms.
_DEPTHS_M = np.geomspace(0.75, 7.5, 64)


def depth_code(network: keras.Model) -> str:
  """Returns the depth code of a network's head; 'linear' for other networks."""
  for layer in network.layers:
    if isinstance(layer, depth_head.DecodeDepth):
      return layer.code
  return 'linear'


def recode(network: keras.Model, code: str) -> None:
  """Adapts a network whose weights were trained with another depth code.

  Args:
    network: a system; its layer 'head' is changed.
    code: depth code of the weights; their nearest depth was the same.
  """
  target = depth_code(network)
  if target == code:
    return
  last = network.get_layer('depth_m')
  min_depth_m = last.offset if target == 'linear' else last.min_depth_m
  scale, shift = np.polyfit(
    depth_head.encode_depth(_DEPTHS_M, code, min_depth_m),
    depth_head.encode_depth(_DEPTHS_M, target, min_depth_m),
    1,
  )
  head = network.get_layer('head')
  if isinstance(head, clb.CollapsibleConv2D):
    kernel, bias = head.project_kernel, head.project_bias
  else:
    kernel, bias = head.kernel, head.bias
  kernel.assign(kernel * scale)
  bias.assign(bias * scale + shift)
