# SPDX-License-Identifier: Apache-2.0
"""Fake-quantisation training: a network that already rounds as its INT8 file.

`quantise` rewrites a trained network. Collapsible blocks and BatchNorm are
folded into convolutions, as in the file; their kernels are rounded; and each
activation is rounded where TFLite's INT8 scheme has a tensor:

- behind a convolution, sum or product, but behind the ReLU where that runs
  inside of it;
- hard-swish is an operator of its own, with a rounded tensor on both sides;
  swish is a sigmoid, whose steps are fixed, and a product;
- the image is resized and scaled in float, and rounded then;
- a concatenation and all that flows into it have one range; so have the input
  and the output of a resize;
- what decodes the head's depth stays float.

The INT8 file gets these ranges (lite/learned_ranges.py); float files are made
without the roundings (lite/collapse.py).
"""

import collections
import dataclasses
import math

import keras
import numpy as np

from depth_mai.layers import depth_head
from depth_mai.layers import fake_quantisation
from depth_mai.layers import resize
from depth_mai.lite import batch_norm
from depth_mai.lite import collapse
from depth_mai.lite import layer_graph

_CONVOLUTIONS = {
  keras.layers.Conv2D: fake_quantisation.QuantisedConv2D,
  keras.layers.DepthwiseConv2D: fake_quantisation.QuantisedDepthwiseConv2D,
}
# Their output has the steps of their input.
_SAME_STEPS = (
  keras.layers.Dropout,
  keras.layers.MaxPooling2D,
  keras.layers.Reshape,
  keras.layers.SpatialDropout2D,
  keras.layers.UpSampling2D,
  keras.layers.ZeroPadding2D,
  resize.Resize,
)
# TFLite gives these no choice.
_FIXED_RANGES = {'sigmoid': (0.0, 255 / 256)}


@dataclasses.dataclass(frozen=True)
class FakeQuantisation:
  """How a network is trained with rounding.

  Attributes:
    freeze_at: part of the training after which the ranges of activations stay,
      0..1.
    momentum: part of a range that a step keeps where it narrows.
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
    """Returns `quantise(network)` for a training of so many steps."""
    return quantise(
      network, self.momentum, max(1, math.ceil(self.freeze_at * total_steps))
    )


def _kind(call: layer_graph.Call) -> str:
  """Returns the name of a layer's activation; '' if it is none."""
  if isinstance(call.layer, keras.layers.ReLU):
    return 'relu'
  if isinstance(call.layer, keras.layers.Activation):
    return keras.activations.serialize(call.layer.activation)
  return ''


def _is_convolution(call: layer_graph.Call) -> bool:
  return isinstance(call.layer, tuple(_CONVOLUTIONS))


class _Rewriter:
  """Rebuilds a network of plain layers with rounding; see `quantise`."""

  def __init__(self, network, momentum, freeze_after):
    self._name = network.name
    self._momentum = momentum
    self._freeze_after = freeze_after
    self._weights = {}
    self._calls = []
    self._replaced = {}
    calls = layer_graph.trace(network)
    self._uses = collections.Counter(s for call in calls for s in call.sources)
    for call in calls:
      call.sources = [self._replaced.get(s, s) for s in call.sources]
      self._expand(call)
    self._consumers = {call: [] for call in self._calls}
    for call in self._calls:
      for source in call.sources:
        self._consumers[source].append(call)
    self._groups = self._find_groups()
    self._rounders = {}

  def _expand(self, call) -> None:
    """Adds what the device makes of a call; BatchNorm adds nothing."""
    layer = call.layer
    if isinstance(layer, keras.layers.BatchNormalization):
      self._fold(call)
    elif _is_convolution(call):
      self._calls.append(call)
      weights = layer.get_weights()
      bias = weights[1] if layer.use_bias else 0.0
      self._weights[call] = (weights[0], bias)
      self._activate(call)
    elif isinstance(layer, keras.layers.Rescaling) and layer.scale != 1:
      scaling = keras.layers.Rescaling(layer.scale, name=f'{layer.name}_scale')
      scaling = layer_graph.Call(scaling, call.sources)
      self._calls.append(scaling)
      offset = keras.layers.Rescaling(1.0, layer.offset, name=layer.name)
      self._replace(call, layer_graph.Call(offset, [scaling]))
    elif _kind(call) == 'linear':
      self._replaced[call] = call.sources[0]
    else:
      self._replace(call, call)

  def _activate(self, call) -> None:
    """Adds what a convolution has for its activation."""
    activation, name = call.layer.activation, f'{call.layer.name}_act'
    if activation is keras.activations.linear:
      return
    if activation is keras.activations.relu:
      new = layer_graph.Call(keras.layers.ReLU(name=name), [call])
    elif activation is keras.activations.hard_sigmoid:
      # It is relu6(x + 3) / 6: the convolution adds, the ReLU runs inside it.
      kernel, bias = self._weights[call]
      self._weights[call] = (kernel, bias + 3.0)
      limit = keras.layers.ReLU(6.0, name=f'{name}_relu')
      self._calls.append(layer_graph.Call(limit, [call]))
      sixth = keras.layers.Rescaling(1 / 6, name=name)
      new = layer_graph.Call(sixth, [self._calls[-1]])
    else:
      layer = keras.layers.Activation(activation, name=name)
      new = layer_graph.Call(layer, [call])
    self._replace(call, new)

  def _replace(self, old, new) -> None:
    """Adds `new`, whose output those take that took the output of `old`."""
    if _kind(new) == 'silu':
      gate = keras.layers.Activation('sigmoid', name=f'{new.layer.name}_gate')
      gate = layer_graph.Call(gate, new.sources)
      self._calls.append(gate)
      product = keras.layers.Multiply(name=new.layer.name)
      new = layer_graph.Call(product, [*new.sources, gate])
    self._calls.append(new)
    if new is not old:
      self._replaced[old] = new

  def _fold(self, call) -> None:
    (source,) = call.sources
    if source not in self._weights or self._uses[source] > 1:
      raise ValueError(
        f'{self._name}: BatchNorm {call.layer.name!r} is not the one thing '
        'behind a convolution without activation, so it cannot be folded.'
      )
    depthwise = isinstance(source.layer, keras.layers.DepthwiseConv2D)
    self._weights[source] = batch_norm.fold(
      *self._weights[source], call.layer, depthwise
    )
    self._replaced[call] = source

  def _find_groups(self) -> dict:
    """Returns the call whose range each call shares, often its own."""
    groups = {call: call for call in self._calls}

    def origin(call):
      while isinstance(call.layer, _SAME_STEPS):
        (call,) = call.sources
      return call

    def find(call):
      while groups[call] is not call:
        call = groups[call]
      return call

    for call in self._calls:
      if isinstance(call.layer, keras.layers.Concatenate):
        for source in call.sources:
          groups[find(origin(source))] = find(call)
    return {call: find(origin(call)) for call in self._calls}

  def _runs_inside(self, call) -> bool:
    """Whether the device runs an activation inside the call before it."""
    (source,) = call.sources
    if self._consumers[source] != [call]:
      return False
    return _kind(call) == 'relu' and (
      _is_convolution(source)
      or isinstance(source.layer, (keras.layers.Add, keras.layers.Multiply))
    )

  def _is_rounded(self, call) -> bool:
    if call.layer is None:
      return False
    if isinstance(call.layer, resize.Resize):
      return call.layer.interpolation == 'bilinear'
    if isinstance(call.layer, (*_SAME_STEPS, depth_head.DecodeDepth)):
      return False
    consumers = self._consumers[call]
    return not (
      len(consumers) == 1
      and _kind(consumers[0])
      and self._runs_inside(consumers[0])
    )

  def _rounder(self, call):
    group = self._groups[call]
    if group not in self._rounders:
      calls = sum(
        self._is_rounded(other) and self._groups[other] is group
        for other in self._calls
      )
      self._rounders[group] = fake_quantisation.FakeQuantise(
        fixed_range=_FIXED_RANGES.get(_kind(group)),
        momentum=self._momentum,
        freeze_after=self._freeze_after * calls,
        name=f'{group.layer.name}_rounded',
      )
    return self._rounders[group]

  def _new_layer(self, call):
    config = {**call.layer.get_config(), 'dtype': 'float32'}
    if not _is_convolution(call):
      return call.layer.__class__.from_config(config)
    kind = _CONVOLUTIONS[type(call.layer)]
    return kind.from_config({**config, 'use_bias': True, 'activation': None})

  def run(self, shape) -> keras.Model:
    """Builds the network for RGB of a shape (height, width, 3)."""
    rgb = keras.Input(shape, name='rgb', dtype='float32')
    values = {}
    for call in self._calls:
      if call.layer is None:
        value = rgb
      else:
        layer = self._new_layer(call)
        inputs = [values[source] for source in call.sources]
        value = layer(inputs if len(inputs) > 1 else inputs[0])
        if call in self._weights:
          kernel, bias = self._weights[call]
          layer.set_weights([kernel, np.broadcast_to(bias, layer.bias.shape)])
      values[call] = (
        self._rounder(call)(value) if self._is_rounded(call) else (value)
      )
    return keras.Model(rgb, values[self._calls[-1]], name=self._name)


def quantise(
  network: keras.Model, momentum: float, freeze_after: int
) -> keras.Model:
  """Copies a network so that it rounds as its INT8 file will.

  Args:
    network: functional and trained, RGB [B, h, w, 3] to metres. It is only
      read.
    momentum: see fake_quantisation.FakeQuantise.
    freeze_after: number of training steps after which ranges stay.

  Returns:
    A float32 network of the same name without BatchNorm. Its ranges are empty
    until it is called with training=True.

  Raises:
    ValueError: if the network is not functional or has a BatchNorm that cannot
      be folded.
  """
  plain = collapse.collapse(network)
  return _Rewriter(plain, momentum, freeze_after).run(plain.input_shape[1:])
