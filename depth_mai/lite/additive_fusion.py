# SPDX-License-Identifier: Apache-2.0
"""Writes a convolution of a concatenation as a sum of convolutions.

With the kernel W = [U, V], split along its input channels,

  W * concat(x, y) = U * x + V * y

to which BatchNorm adds a factor for U and V, and a bias. Where x was enlarged
and U is 1x1, U * resize(x) is resize(U * x), with a fraction of the
multiplications: an interpolation's weights sum to one. Elsewhere a sum costs a
little more than a concatenation, which the XNNPACK of TensorFlow Lite 2.5 does
not take, however. The result is the same up to float rounding.
"""

import keras
import numpy as np

from depth_mai.layers import resize
from depth_mai.lite import batch_norm
from depth_mai.lite import flat_copy


def split_concatenations(
  model: keras.Model, everywhere: bool = False
) -> keras.Model:
  """Copies a model, its concatenations before convolutions written as sums.

  Args:
    model: functional; models inside of it are dissolved.
    everywhere: also where that saves nothing. Concatenations that anything but
      one convolution reads are left in any case.

  Returns:
    A functional model of the same name, input and output that shares nothing
    with `model`. Call it with training=False.
  """
  graph = flat_copy.FlatCopy(model)
  convolutions = {}
  for layer in graph.layers:
    if isinstance(layer, keras.layers.Concatenate) and layer.axis in (-1, 3):
      readers = graph.consumers(layer)
      if len(readers) == 1 and _is_linear(readers[0]):
        if everywhere or _saves(graph, layer, readers[0]):
          convolutions[readers[0]] = _norm(graph, readers[0])
  norms = set(convolutions.values())
  concatenated, resized = {}, {}

  def call(layer, *args, **kwargs):
    if layer in norms:
      return args[0]
    if layer in convolutions:
      _, parts = concatenated[id(args[0])]
      return _sum(layer, convolutions[layer], parts, resized)
    output = layer(*args, **kwargs)
    # With the tensor, lest another one gets its id.
    if isinstance(layer, keras.layers.Concatenate):
      concatenated[id(output)] = (output, args[0])
    elif isinstance(layer, resize.Resize):
      resized[id(output)] = (output, layer, args[0])
    return output

  return keras.models.clone_model(
    graph.model, clone_function=lambda layer: layer, call_function=call
  )


def _is_linear(layer) -> bool:
  """Whether a layer is a convolution that can be split by input channels."""
  return (
    type(layer) is keras.layers.Conv2D
    and layer.activation is keras.activations.linear
    and layer.groups == 1
  )


def _saves(graph, concatenation, convolution) -> bool:
  """Whether one of two parts is enlarged only for this convolution."""
  parts = graph.sources(concatenation)
  return len(parts) == 2 and any(
    isinstance(part, resize.Resize)
    and graph.consumers(part) == [concatenation]
    and _may_precede(convolution, part, part.input)
    for part in parts
  )


def _may_precede(convolution, resizing, small) -> bool:
  """Whether a convolution of an enlarged map may be done before enlarging."""
  return (
    convolution.kernel_size == convolution.strides == (1, 1)
    and small.shape[1] <= resizing.height
    and small.shape[2] <= resizing.width
  )


def _norm(graph, convolution):
  """Returns the BatchNorm that alone reads a convolution, or None."""
  readers = graph.consumers(convolution)
  if len(readers) == 1 and isinstance(
    readers[0], keras.layers.BatchNormalization
  ):
    return readers[0]
  return None


def _folded(convolution, norm) -> tuple[np.ndarray, np.ndarray]:
  """Returns kernel and bias of a convolution with its BatchNorm."""
  kernel, *bias = convolution.get_weights()
  bias = bias[0] if bias else np.zeros(kernel.shape[-1], np.float32)
  return (kernel, bias) if norm is None else batch_norm.fold(kernel, bias, norm)


def _sum(convolution, norm, parts, resized):
  """Builds the convolutions of the parts, and their sum."""
  kernel, bias = _folded(convolution, norm)
  ends = np.cumsum([part.shape[-1] for part in parts])
  results = []
  for number, (part, end) in enumerate(zip(parts, ends, strict=True)):
    _, resizing, small = resized.get(id(part), (part, None, part))
    moves = resizing is not None and _may_precede(convolution, resizing, small)
    config = {
      **convolution.get_config(),
      'name': f'{convolution.name}_{number}',
      'use_bias': True,
    }
    layer = keras.layers.Conv2D.from_config(config)
    result = layer(small if moves else part)
    layer.set_weights(
      [
        kernel[:, :, end - part.shape[-1] : end],
        # One of them adds the bias of all.
        bias if number == len(parts) - 1 else np.zeros_like(bias),
      ]
    )
    if moves:
      result = resize.Resize.from_config(resizing.get_config())(result)
    results.append(result)
  return keras.layers.Add(name=f'{convolution.name}_sum')(results)
