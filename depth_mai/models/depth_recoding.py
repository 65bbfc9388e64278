# SPDX-License-Identifier: Apache-2.0
"""Another code for the depth that a trained network's head says.

The codes of layers/depth_head.py are curves in the depth. A head can only be
scaled and shifted: it gets the straight line that is nearest to the new code
over the depths of a room, and training does the rest.
"""

import keras
import numpy as np

from depth_mai.layers import clb
from depth_mai.layers import depth_head

# Evenly spaced in the logarithm, as the losses see depth.
_DEPTHS_M = np.geomspace(0.75, 7.5, 64)


def depth_code(network: keras.Model) -> str:
  """Returns the code of a network's head."""
  for layer in network.layers:
    if isinstance(layer, depth_head.DecodeDepth):
      return layer.code
  return 'linear'


def recode(network: keras.Model, code: str) -> None:
  """Adapts a network that has just got the weights of another code.

  Args:
    network: a system; its layer 'head' is changed.
    code: which its weights were trained for, with the same nearest depth.
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
