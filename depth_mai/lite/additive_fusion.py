# SPDX-License-Identifier: Apache-2.0
"""Rewrites a convolution of a concatenation as a sum of convolutions.

With the kernel W = [U, V], split along its input channels,

  W * concat(x, y) = U * x + V * y

A BatchNorm after the convolution multiplies U and V by a factor and adds a
bias. If x was enlarged and U is 1x1, U * resize(x) equals resize(U * x), which
takes a fraction of the multiplications: an interpolation's weights sum to one.
Elsewhere a sum costs a little more than a concatenation, but
the XNNPACK of TensorFlow Lite 2.5 does not run concatenations. The result is
the same up to float rounding.
"""

import keras
import numpy as np

from depth_mai.layers import resize
from depth_mai.lite import fold
from depth_mai.lite import layer_graph


def split_enlarged_concatenations(graph: layer_graph.LayerGraph) -> None:
  """Splits concatenations of which a part can be convolved before a resize.

  Args:
    graph: changed in place. A concatenation stays unless its only reader is a
      convolution.
  """
  _split(graph, everywhere=False)


def split_all_concatenations(graph: layer_graph.LayerGraph) -> None:
  """Splits all concatenations whose only reader is a convolution."""
  _split(graph, everywhere=True)


def _split(graph: layer_graph.LayerGraph, everywhere: bool) -> None:
  shapes = graph.shapes()
  for call in list(graph.calls):
    layer = call.layer
    if isinstance(layer, keras.layers.Concatenate) and layer.axis in (-1, 3):
      (reader, *others) = graph.readers(call)
      if reader is None or others or not _is_linear(reader):
        continue
      small = [
        _small(graph, call, reader, part, shapes) for part in call.sources
      ]
      if everywhere or (len(small) == 2 and any(small)):
        norm = _norm(graph, reader)
        replacement = _sum(call, reader, norm, small, shapes)
        shapes[replacement[-1]] = shapes[reader]
        graph.replace(norm or reader, *replacement)


def _is_linear(call: layer_graph.Call) -> bool:
  """Whether a call is a convolution that can be split by input channels."""
  return (
    type(call.layer) is keras.layers.Conv2D
    and call.layer.activation is keras.activations.linear
    and call.layer.groups == 1
  )


def _small(graph, concatenation, convolution, part, shapes):
  """Returns the map that is resized to a part if it can be convolved first."""
  if (
    not isinstance(part.layer, resize.Resize)
    or graph.readers(part) != [concatenation]
    or convolution.layer.kernel_size != (1, 1)
    or convolution.layer.strides != (1, 1)
  ):
    return None
  (small,) = part.sources
  _, height, width, _ = shapes[small]
  enlarges = height <= part.layer.height and width <= part.layer.width
  return small if enlarges else None


def _norm(
  graph: layer_graph.LayerGraph, convolution: layer_graph.Call
) -> layer_graph.Call | None:
  """Returns the BatchNorm that alone reads a convolution, or None."""
  (reader, *others) = graph.readers(convolution)
  if reader is None or others:
    return None
  is_norm = isinstance(reader.layer, keras.layers.BatchNormalization)
  return reader if is_norm else None


def _sum(concatenation, convolution, norm, small, shapes):
  """Returns the convolutions of the parts, and their sum."""
  kernel, bias = fold.batch_norm(convolution, norm)
  config = {**convolution.layer.get_config(), 'use_bias': True}
  name = convolution.layer.name
  calls, results, start = [], [], 0
  parts = concatenation.sources
  for number, (part, before) in enumerate(zip(parts, small, strict=True)):
    end = start + shapes[part][-1]
    is_last = number == len(parts) - 1
    layer = keras.layers.Conv2D.from_config(
      {**config, 'name': f'{name}_{number}'}
    )
    # Only the last convolution adds the bias.
    weights = kernel[:, :, start:end], bias if is_last else np.zeros_like(bias)
    calls.append(layer_graph.new_call(layer, before or part, weights=weights))
    if before:
      calls.append(layer_graph.new_call(part.layer, calls[-1]))
    results.append(calls[-1])
    start = end
  total = keras.layers.Add(name=f'{name}_sum')
  return [*calls, layer_graph.new_call(total, *results)]
