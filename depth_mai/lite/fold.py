# SPDX-License-Identifier: Apache-2.0
"""Takes scalings out of a graph: into the weights beside them.

A network scales its input to -1..1, and the deployment model its output to
millimetres. Each is a multiplication and an addition over a whole map, though
the convolution that follows, or went before, multiplies anyway. With a kernel W
and a padding of zeros, for s > 0:

  W * (s x + o)          = (s W) * (x + o / s)     after the scaling
  s relu(W * x + b) + o  = relu(s W * x + s b) + o  before it

so that of a scaling only its addition is left, and two scalings in a row are
one. The borders stay right, as what is padded is zero on both sides. Where an
upsampling by broadcasting follows, its own addition takes that of the scaling.
The result is the same up to float rounding.
"""

import keras

from depth_mai.layers import broadcast_upsample
from depth_mai.layers import depth_head
from depth_mai.layers import resize
from depth_mai.lite import flat_copy

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


def fold(model: keras.Model) -> keras.Model:
  """Copies a model with its scalings folded.

  Args:
    model: functional, with keras.layers.Rescaling for its scalings; models
      inside of it are dissolved.

  Returns:
    A functional model of the same name, input and output, whose scalings by a
    number are gone where the layers around them can take the factor. It shares
    nothing with `model`. Call it with training=False.
  """
  return _fold_into_neighbours(_join(model))


def _join(model: keras.Model) -> keras.Model:
  """Joins scalings that follow one another; returns a flat copy."""
  graph = flat_copy.FlatCopy(model)
  scalings = [layer for layer in graph.layers if _is_scaling(layer)]
  joined = []
  for layer in reversed(scalings):
    before = graph.producer(layer)
    if before in scalings:
      before.scale *= layer.scale
      before.offset = before.offset * layer.scale + layer.offset
      joined.append(layer)
  return graph.without(joined)


def _fold_into_neighbours(model: keras.Model) -> keras.Model:
  """Gives factors to weights and additions to an upsampling."""
  graph = flat_copy.FlatCopy(model)
  scalings = [layer for layer in graph.layers if _is_scaling(layer)]
  for layer in scalings:
    if not _fold_backwards(graph, layer):
      _fold_forwards(graph, layer)
    _fold_offset(graph, layer)
  return graph.without(
    layer for layer in scalings if layer.scale == 1 and layer.offset == 0
  )


def _is_scaling(layer) -> bool:
  """Whether a layer is a Rescaling by one positive number."""
  return (
    isinstance(layer, keras.layers.Rescaling)
    and isinstance(layer.scale, (int, float))
    and isinstance(layer.offset, (int, float))
    and layer.scale > 0
  )


def _is_homogeneous(layer) -> bool:
  """Whether f(s x) = s f(x) holds for s > 0, at inference."""
  if isinstance(layer, keras.layers.ReLU):
    return layer.max_value is None and layer.threshold == 0
  return isinstance(layer, _HOMOGENEOUS)


def _fold_backwards(graph: flat_copy.FlatCopy, scaling) -> bool:
  """Moves the factor to where the numbers come from; tells whether it went."""
  before = graph.producer(scaling)
  while before is not None and _is_homogeneous(before):
    before = graph.producer(before)
  if isinstance(before, depth_head.DecodeDepth) and before.code == 'log':
    before.min_depth_m *= scaling.scale
  elif isinstance(before, _WEIGHTED) and before.activation in (
    keras.activations.linear,
    keras.activations.relu,
  ):
    for weight in before.weights:
      weight.assign(weight * scaling.scale)
  else:
    return False
  scaling.scale = 1.0
  return True


def _fold_forwards(graph: flat_copy.FlatCopy, scaling) -> None:
  """Moves the factor into the kernels of all that reads the numbers."""
  after = list(_readers(graph, scaling))
  if all(isinstance(layer, _WEIGHTED) for layer in after):
    for layer in after:
      layer.kernel.assign(layer.kernel * scaling.scale)
    scaling.offset /= scaling.scale
    scaling.scale = 1.0


def _readers(graph: flat_copy.FlatCopy, layer):
  """Yields what reads a layer's output, looking through what scales along."""
  for reader in graph.consumers(layer):
    if _is_homogeneous(reader):
      yield from _readers(graph, reader)
    else:
      yield reader


def _fold_offset(graph: flat_copy.FlatCopy, scaling) -> None:
  """Moves what is left of a scaling into an upsampling that adds."""
  after = graph.consumers(scaling)
  if scaling.scale == 1 and len(after) == 1:
    if isinstance(after[0], broadcast_upsample.BroadcastUpsample):
      after[0].offset += scaling.offset
      scaling.offset = 0.0
