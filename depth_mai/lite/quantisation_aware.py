# SPDX-License-Identifier: Apache-2.0
"""Rewrites a network for fake-quantisation training: it rounds like its file.

`quantise` rewrites a trained network. Collapsible blocks and BatchNorm are
folded into convolutions, as in the file; their kernels are rounded; and each
activation is rounded where TFLite's INT8 scheme has a tensor:

- after a convolution, sum or product, or after the ReLU that runs inside it;
- hard-swish is a separate operator, with rounded tensors before and after it;
  swish is a sigmoid, whose steps are fixed, and a product;
- the image is resized and scaled in float, and then rounded;
- a concatenation and all its inputs share one range; so do the input and the
  output of a resize;
- the decoding of the head's depth stays float.

The INT8 file gets these ranges (converter.convert_rounded). Float files are
made without the rounding (collapse.remove_rounding).
"""

from collections.abc import Iterator
import dataclasses
import math

import keras

from depth_mai.layers import depth_head
from depth_mai.layers import fake_quantisation
from depth_mai.layers import resize
from depth_mai.lite import collapse
from depth_mai.lite import fold
from depth_mai.lite import layer_graph

_CONVOLUTIONS: dict[type, type[keras.layers.Layer]] = {
  keras.layers.Conv2D: fake_quantisation.QuantisedConv2D,
  keras.layers.DepthwiseConv2D: fake_quantisation.QuantisedDepthwiseConv2D,
}
# The steps of their output are those of their input.
_SAME_STEPS = (
  keras.layers.Dropout,
  keras.layers.MaxPooling2D,
  keras.layers.Reshape,
  keras.layers.SpatialDropout2D,
  keras.layers.UpSampling2D,
  keras.layers.ZeroPadding2D,
  resize.Resize,
)
# TFLite prescribes these ranges.
_FIXED_RANGES = {'sigmoid': (0.0, 255 / 256)}


@dataclasses.dataclass(frozen=True)
class FakeQuantisation:
  """Settings of a training with rounding.

  Attributes:
    freeze_at: fraction of the training after which the ranges of activations
      are fixed, in (0, 1].
    momentum: fraction of the old range that a step keeps when it narrows.
  """

  freeze_at: float = 0.5
  momentum: float = 0.98

  def __post_init__(self):
    """Checks the settings."""
    if not 0 < self.freeze_at <= 1 or not 0 <= self.momentum < 1:
      raise ValueError(
        f'FakeQuantisation.freeze_at={self.freeze_at} must be in (0, 1] and '
        f'FakeQuantisation.momentum={self.momentum} in [0, 1).'
      )

  def apply(self, network: keras.Model, total_steps: int) -> keras.Model:
    """Returns `quantise(network)` for a training of `total_steps` steps."""
    return quantise(
      network, self.momentum, max(1, math.ceil(self.freeze_at * total_steps))
    )


def rounds(network: keras.Model) -> bool:
  """Returns whether a network, or one inside it, rounds its activations."""
  return any(
    isinstance(layer, fake_quantisation.FakeQuantise)
    or (isinstance(layer, keras.Model) and rounds(layer))
    for layer in network.layers
  )


def quantise(
  network: keras.Model, momentum: float, freeze_after: int
) -> keras.Model:
  """Returns a copy of a network that rounds like its INT8 file.

  Args:
    network: functional and trained, RGB [B, h, w, 3] to metres. It is only
      read.
    momentum: see fake_quantisation.FakeQuantise.
    freeze_after: number of training steps after which ranges are fixed.

  Returns:
    A float32 network of the same name without BatchNorm. Its ranges are empty
    until it is called with training=True.

  Raises:
    ValueError: if the network is not functional or has a BatchNorm that cannot
      be folded.
  """
  graph = layer_graph.LayerGraph(network)
  collapse.collapse_blocks(graph)
  collapse.use_plain_kernels(graph)
  collapse.remove_rounding(graph)
  _fold_batch_norms(graph)
  _write_operators(graph)
  _round_kernels(graph)
  _round_activations(graph, momentum, freeze_after)
  return graph.build()


def _fold_batch_norms(graph: layer_graph.LayerGraph) -> None:
  for call in list(graph.calls):
    if isinstance(call.layer, keras.layers.BatchNormalization):
      (source,) = call.sources
      if (
        not _is_convolution(source)
        or source.layer.activation is not keras.activations.linear
        or graph.readers(source) != [call]
      ):
        raise ValueError(
          f'{graph.name}: BatchNorm {call.layer.name!r} does not directly '
          'follow a convolution without activation that nothing else reads, so '
          'it cannot be folded.'
        )
      source.weights = list(fold.batch_norm(source, call))
      graph.replace(call)


def _write_operators(graph: layer_graph.LayerGraph) -> None:
  """Writes each call as the operators that the file has for it."""
  for call in list(graph.calls):
    if _kind(call) == 'linear':
      graph.replace(call)
    else:
      graph.replace(call, *_operators(call))


def _operators(call: layer_graph.Call) -> Iterator[layer_graph.Call]:
  """Yields the operators of a call; the last one gives its result."""
  layer = call.layer
  if _is_convolution(call):
    yield call
    yield from _convolution_activation(call)
  elif isinstance(layer, keras.layers.Rescaling) and layer.scale != 1:
    scaling = keras.layers.Rescaling(layer.scale, name=f'{layer.name}_scale')
    scaled = layer_graph.new_call(scaling, *call.sources)
    yield scaled
    offset = keras.layers.Rescaling(1.0, layer.offset, name=layer.name)
    yield layer_graph.new_call(offset, scaled)
  elif _kind(call) == 'silu':
    yield from _swish(call.sources[0], layer.name)
  else:
    yield call


def _convolution_activation(
  call: layer_graph.Call,
) -> Iterator[layer_graph.Call]:
  activation, name = call.layer.activation, f'{call.layer.name}_act'
  if activation is keras.activations.relu:
    yield layer_graph.new_call(keras.layers.ReLU(name=name), call)
  elif activation is keras.activations.hard_sigmoid:
    # It is relu6(x + 3) / 6: the convolution adds, the ReLU runs inside it.
    kernel, bias = fold.batch_norm(call, None)
    call.weights = [kernel, bias + 3.0]
    limited = layer_graph.new_call(
      keras.layers.ReLU(6.0, name=f'{name}_relu'), call
    )
    yield limited
    yield layer_graph.new_call(
      keras.layers.Rescaling(1 / 6, name=name), limited
    )
  elif activation is keras.activations.silu:
    yield from _swish(call, name)
  elif activation is not keras.activations.linear:
    layer = keras.layers.Activation(activation, name=name)
    yield layer_graph.new_call(layer, call)


def _swish(x: layer_graph.Call, name: str) -> Iterator[layer_graph.Call]:
  gate = layer_graph.new_call(
    keras.layers.Activation('sigmoid', name=f'{name}_gate'), x
  )
  yield gate
  yield layer_graph.new_call(keras.layers.Multiply(name=name), x, gate)


def _round_kernels(graph: layer_graph.LayerGraph) -> None:
  """Gives convolutions rounded kernels, a bias and no activation."""
  for call in graph.calls:
    if _is_convolution(call):
      config = {
        **call.layer.get_config(),
        'use_bias': True,
        'activation': None,
      }
      kind = _CONVOLUTIONS[type(call.layer)]
      weights = fold.batch_norm(call, None)
      graph.replace_layer(call.layer, kind.from_config(config), weights)


def _round_activations(
  graph: layer_graph.LayerGraph, momentum: float, freeze_after: int
) -> None:
  groups = _range_groups(graph)
  rounded = {
    call: groups[call] for call in graph.calls if _is_rounded(graph, call)
  }
  rounders = {}
  for call, group in rounded.items():
    if group not in rounders:
      calls = sum(other is group for other in rounded.values())
      rounders[group] = fake_quantisation.FakeQuantise(
        fixed_range=_FIXED_RANGES.get(_kind(group)),
        momentum=momentum,
        freeze_after=freeze_after * calls,
        name=f'{group.layer.name}_rounded',
      )
    graph.replace(call, call, layer_graph.new_call(rounders[group], call))


def _range_groups(
  graph: layer_graph.LayerGraph,
) -> dict[layer_graph.Call, layer_graph.Call]:
  """Returns for each call the call whose range it shares, often its own."""
  groups = {call: call for call in graph.calls}

  def origin(call):
    while isinstance(call.layer, _SAME_STEPS):
      (call,) = call.sources
    return call

  def find(call):
    while groups[call] is not call:
      call = groups[call]
    return call

  for call in graph.calls:
    if isinstance(call.layer, keras.layers.Concatenate):
      for source in call.sources:
        groups[find(origin(source))] = find(call)
  return {call: find(origin(call)) for call in graph.calls}


def _is_rounded(graph: layer_graph.LayerGraph, call: layer_graph.Call) -> bool:
  """Whether the file has a separate rounded tensor after a call."""
  layer = call.layer
  if isinstance(layer, resize.Resize):
    return layer.interpolation == 'bilinear'
  unrounded = (keras.layers.InputLayer, depth_head.DecodeDepth, *_SAME_STEPS)
  if isinstance(layer, unrounded):
    return False
  (reader, *others) = graph.readers(call)
  # The device runs a ReLU inside the operator before it.
  inside = reader is not None and not others and _kind(reader) == 'relu'
  sums = (keras.layers.Add, keras.layers.Multiply)
  return not (inside and (_is_convolution(call) or isinstance(layer, sums)))


def _kind(call: layer_graph.Call) -> str:
  """Returns the name of an activation layer's function, '' for other layers."""
  if isinstance(call.layer, keras.layers.ReLU):
    return 'relu'
  if isinstance(call.layer, keras.layers.Activation):
    return keras.activations.serialize(call.layer.activation)
  return ''


def _is_convolution(call: layer_graph.Call) -> bool:
  """Whether a call is of a convolution with or without rounded kernel."""
  return isinstance(call.layer, tuple(_CONVOLUTIONS))
