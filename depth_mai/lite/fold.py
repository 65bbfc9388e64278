# SPDX-License-Identifier: Apache-2.0
"""Folds scalings into the weights of neighbouring layers.

A network scales its input to -1..1, and the deployment model scales its output
to millimetres. Each is a multiplication and an addition over a whole map,
though the convolution before or after it multiplies anyway. With a kernel W and
a padding of zeros, for s > 0:

  W * (s x + o)          = (s W) * (x + o / s)     after the scaling
  s relu(W * x + b) + o  = relu(s W * x + s b) + o  before it

Only the addition of a scaling is left then, and two scalings in a row become
one. The borders stay correct, because the padding is zero on both sides of an
equation. If an upsampling by broadcasting follows, the offset becomes part of
the addition in it. BatchNorm is a scaling for each channel, which the
convolution before it absorbs completely. The result is the same up to float
rounding.
"""

from collections.abc import Iterator

import keras
import numpy as np

from depth_mai.layers import broadcast_upsample
from depth_mai.layers import depth_head
from depth_mai.layers import resize
from depth_mai.lite import layer_graph

_WEIGHTED = (
  keras.layers.Conv2D,
  keras.layers.DepthwiseConv2D,
  keras.layers.Dense,
)
# f(s x) = s f(x) at inference.
_HOMOGENEOUS = (
  keras.layers.Dropout,
  keras.layers.SpatialDropout2D,
  keras.layers.ZeroPadding2D,
  resize.Resize,
)


def batch_norm(
  convolution: layer_graph.Call, norm: layer_graph.Call | None
) -> tuple[np.ndarray, np.ndarray]:
  """Folds a BatchNorm into the convolution before it.

  Args:
    convolution: call of a Conv2D or DepthwiseConv2D, with or without a bias.
    norm: call of a BatchNormalization with scale and offset, or None.

  Returns:
    The kernel, of the convolution's shape, and the bias [channels] of a
    convolution that computes both.
  """
  kernel, *biases = convolution.weights
  depthwise = isinstance(convolution.layer, keras.layers.DepthwiseConv2D)
  channels = kernel.shape[2 if depthwise else 3]
  bias = biases[0] if biases else np.zeros(channels, np.float32)
  if norm is None:
    return kernel, bias
  gamma, beta, mean, variance = norm.weights
  scale = gamma / np.sqrt(variance + norm.layer.epsilon)
  return (
    kernel * (scale[:, np.newaxis] if depthwise else scale),
    beta + (bias - mean) * scale,
  )


def fold_scalings(graph: layer_graph.LayerGraph) -> None:
  """Folds keras.layers.Rescaling wherever neighbours can take it.

  A Rescaling by one number for each channel, such as ImageNet's normalisation,
  is folded into the kernels after it; one by a single number in any direction.

  Args:
    graph: Only the weights and settings of neighbouring layers change.
  """
  _join(graph)
  scalings = [call for call in graph.calls if _is_scaling(call.layer)]
  for call in scalings:
    if not _fold_backwards(graph, call):
      _fold_forwards(graph, call)
    _fold_offset(graph, call)
  for call in graph.calls:
    if _is_scaling_of_channels(call.layer):
      _fold_forwards(graph, call)
  for call in scalings:
    if call.layer.scale == 1 and call.layer.offset == 0:
      graph.replace(call)


def _join(graph: layer_graph.LayerGraph) -> None:
  """Joins scalings that follow one another."""
  for call in reversed([c for c in graph.calls if _is_scaling(c.layer)]):
    before = graph.only_source(call)
    if before is not None and _is_scaling(before.layer):
      before.layer.scale *= call.layer.scale
      before.layer.offset = (
        before.layer.offset * call.layer.scale + call.layer.offset
      )
      graph.replace(call)


def _is_scaling(layer: keras.layers.Layer) -> bool:
  """Whether a layer is a Rescaling by one positive number."""
  return (
    isinstance(layer, keras.layers.Rescaling)
    and isinstance(layer.scale, (int, float))
    and isinstance(layer.offset, (int, float))
    and layer.scale > 0
  )


def _is_scaling_of_channels(layer: keras.layers.Layer) -> bool:
  """Whether a layer is a Rescaling by a positive number for each channel."""
  if not isinstance(layer, keras.layers.Rescaling) or _is_scaling(layer):
    return False
  scale = np.asarray(layer.scale)
  return scale.ndim == 1 and bool(np.all(scale > 0))


def _is_homogeneous(call: layer_graph.Call) -> bool:
  """Whether f(s x) = s f(x) holds for s > 0, at inference."""
  layer = call.layer
  if isinstance(layer, keras.layers.ReLU):
    return layer.max_value is None and layer.threshold == 0
  return isinstance(layer, _HOMOGENEOUS)


def _fold_backwards(
  graph: layer_graph.LayerGraph, scaling: layer_graph.Call
) -> bool:
  """Moves the factor into the layer before; returns whether that worked."""
  before = graph.only_source(scaling)
  while before is not None and _is_homogeneous(before):
    before = graph.only_source(before)
  if before is None:
    return False
  layer = before.layer
  if isinstance(layer, depth_head.DecodeDepth) and layer.code == 'log':
    layer.min_depth_m *= scaling.layer.scale
  elif isinstance(layer, _WEIGHTED) and layer.activation in (
    keras.activations.linear,
    keras.activations.relu,
  ):
    before.weights = [w * scaling.layer.scale for w in before.weights]
  else:
    return False
  scaling.layer.scale = 1.0
  return True


def _fold_forwards(
  graph: layer_graph.LayerGraph, scaling: layer_graph.Call
) -> None:
  """Moves the factor into the kernels of all readers, if all have kernels."""
  after = list(_readers(graph, scaling))
  weighted = [
    call for call in after if call and isinstance(call.layer, _WEIGHTED)
  ]
  if len(weighted) == len(after):
    layer = scaling.layer
    factor, offset = layer.scale, layer.offset
    if not isinstance(factor, (int, float)):
      # The input channels are on the last axis but one of every kernel.
      factor = np.asarray(factor, np.float32)[:, np.newaxis]
      offset = np.asarray(offset)
    for call in weighted:
      kernel, *bias = call.weights
      call.weights = [kernel * factor, *bias]
    layer.offset = offset / layer.scale
    layer.scale = 1.0


def _readers(
  graph: layer_graph.LayerGraph, call: layer_graph.Call
) -> Iterator[layer_graph.Call | None]:
  """Yields the readers of a call; the readers of a homogeneous one instead."""
  for reader in graph.readers(call):
    if reader is not None and _is_homogeneous(reader):
      yield from _readers(graph, reader)
    else:
      yield reader


def _fold_offset(
  graph: layer_graph.LayerGraph, scaling: layer_graph.Call
) -> None:
  """Moves the offset of a scaling into an upsampling that adds one anyway."""
  (reader, *others) = graph.readers(scaling)
  if scaling.layer.scale != 1 or others or reader is None:
    return
  if isinstance(reader.layer, broadcast_upsample.BroadcastUpsample):
    reader.layer.offset += scaling.layer.offset
    scaling.layer.offset = 0.0
