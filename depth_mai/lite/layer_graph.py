# SPDX-License-Identifier: Apache-2.0
"""Represents a Keras network as a list of layer calls that can be rewritten.

Every rewrite in this package works on a LayerGraph. It copies a functional
network, weights included, into a flat list of calls; a pass replaces, inserts
or removes calls and edits their weights as arrays; `build` makes a network of
the result. The original network is only read.
"""

from collections.abc import Iterable
import dataclasses

import keras
import numpy as np


@dataclasses.dataclass(eq=False)
class Call:
  """One call of a layer.

  Attributes:
    layer: an unbuilt float32 copy of the network's layer, shared by all calls
      of that layer; a keras.layers.InputLayer for the network's input.
    arguments: (args, kwargs) of the call, with Calls in the place of tensors.
    weights: the layer's weights in Keras' order.
  """

  layer: keras.layers.Layer
  arguments: tuple[tuple, dict] = ((), {})
  weights: list[np.ndarray] = dataclasses.field(default_factory=list)

  @property
  def sources(self) -> list['Call']:
    """The calls whose outputs this one reads, in the order of its inputs."""
    return [
      value
      for value in keras.tree.flatten(self.arguments)
      if isinstance(value, Call)
    ]


def new_call(
  layer: keras.layers.Layer,
  *sources: Call,
  weights: Iterable[np.ndarray] = (),
) -> Call:
  """Makes a call of a layer.

  Args:
    layer: unbuilt.
    *sources: the calls it reads. Several are passed to the layer as a list.
    weights: the layer's weights; none for its own initial values.
  """
  inputs = sources if len(sources) == 1 else (list(sources),)
  return Call(layer, (inputs, {}), list(weights))


def _copy(layer: keras.layers.Layer) -> keras.layers.Layer:
  """Returns an unbuilt float32 copy of a layer."""
  config = layer.get_config()
  if 'dtype' in config:
    config['dtype'] = 'float32'
  return layer.__class__.from_config(config)


class LayerGraph:
  """A functional network with one input and one output, ready to be rewritten.

  Attributes:
    name: the name of the network.
    calls: the calls, each after those it reads; the input is first.
    output: the call whose output is the network's.
  """

  def __init__(self, network: keras.Model):
    """Copies a network. Models inside it are dissolved into their layers.

    Args:
      network: functional, with one input and one output. Its copy computes in
        float32 whatever its precision policy is.

    Raises:
      ValueError: if the network is not functional or has several inputs or
        outputs.
    """
    if not hasattr(network, 'operations'):
      raise ValueError(
        f'Only a functional keras.Model can be rewritten, got {type(network)}. '
        'Build the network from keras.Input to keras.Model(inputs, outputs).'
      )
    if len(network.inputs) != 1 or len(network.outputs) != 1:
      raise ValueError(
        f'{network.name} has {len(network.inputs)} inputs and '
        f'{len(network.outputs)} outputs; a network to rewrite has one of each.'
      )
    self.name = network.name
    given = network.inputs[0]
    input_layer = keras.layers.InputLayer(
      batch_shape=given.shape, dtype=given.dtype, name=given.name
    )
    self.calls = [Call(input_layer)]
    self._copies: dict = {}  # (copy, weights) of each layer.
    (self.output,) = keras.tree.flatten(self._trace(network, self.calls))

  def _trace(self, network, inputs):
    # Keras clones models with this method; no public one calls a function for
    # each layer without building new layers.
    return network._run_through_graph(inputs, call_fn=self._visit)

  def _visit(self, layer, *args, **kwargs):
    if isinstance(layer, keras.Model):
      return self._trace(layer, args)
    if layer not in self._copies:
      weights = layer.get_weights() if isinstance(layer, keras.Layer) else []
      self._copies[layer] = _copy(layer), weights
    copy, weights = self._copies[layer]
    self.calls.append(Call(copy, (args, kwargs), weights))
    return self.calls[-1]

  def _is_shared(self, call: Call) -> bool:
    return sum(call.layer is other.layer for other in self.calls) > 1

  def readers(self, call: Call) -> list[Call | None]:
    """Returns the calls that read the output of a call.

    None represents a reader that a pass cannot change: the network's output,
    or a layer that is called more than once. If the call's own layer is called
    more than once, the result is [None].
    """
    if self._is_shared(call):
      return [None]
    found = [
      None if self._is_shared(other) else other
      for other in self.calls
      for source in other.sources
      if source is call
    ]
    return found + [None] * (call is self.output)

  def only_source(self, call: Call) -> Call | None:
    """Returns the only source of a call if the call is its only reader.

    Returns:
      None if there is no such call, if it is the network's input, or if one of
      the two layers is called more than once.
    """
    sources = call.sources
    if len(sources) != 1 or self._is_shared(call):
      return None
    (source,) = sources
    if isinstance(source.layer, keras.layers.InputLayer):
      return None
    return source if self.readers(source) == [call] else None

  def replace(self, call: Call, *replacement: Call) -> None:
    """Replaces a call; calls that nothing reads any more are dropped.

    Args:
      call: the call to replace.
      *replacement: calls in the order of computation, which may include `call`.
        The readers of `call` then read the last of them, or the input of `call`
        if there are none.
    """
    last = replacement[-1] if replacement else call.sources[0]
    place = self.calls.index(call)
    self.calls[place : place + 1] = replacement
    if last is call:
      return

    def redirect(value):
      return last if value is call else value

    for other in self.calls:
      if other not in replacement and call in other.sources:
        other.arguments = keras.tree.map_structure(redirect, other.arguments)
    self.output = redirect(self.output)
    self._drop_unread()

  def _drop_unread(self) -> None:
    read = {self.calls[0], self.output}
    for call in reversed(self.calls):
      if call in read:
        read.update(call.sources)
    self.calls = [call for call in self.calls if call in read]

  def replace_layer(
    self,
    layer: keras.layers.Layer,
    new: keras.layers.Layer,
    weights: Iterable[np.ndarray],
  ) -> None:
    """Replaces a layer in all its calls by another one, which is unbuilt."""
    for call in self.calls:
      if call.layer is layer:
        call.layer, call.weights = new, list(weights)

  def shapes(self) -> dict[Call, tuple]:
    """Returns the shape of each call's output, the batch size included."""
    return {call: tensor.shape for call, tensor in self._call_layers().items()}

  def build(self) -> keras.Model:
    """Builds the network that the calls describe.

    Returns:
      A functional model with the original's name and input. It shares nothing
      with the graph. Call it with training=False unless it is trained further.
    """
    tensors = self._call_layers()
    inputs, outputs = tensors[self.calls[0]], tensors[self.output]
    return keras.Model(inputs, outputs, name=self.name)

  def _call_layers(self) -> dict[Call, keras.KerasTensor]:
    """Builds copies of the layers; returns the output of each call."""
    first, *others = self.calls
    config = first.layer.get_config()
    tensors = {first: keras.layers.InputLayer.from_config(config).output}
    copies: dict[keras.layers.Layer, keras.layers.Layer] = {}

    def tensor_of(argument):
      return tensors[argument] if isinstance(argument, Call) else argument

    for call in others:
      is_new = call.layer not in copies
      layer = copies.setdefault(call.layer, _copy(call.layer))
      args, kwargs = keras.tree.map_structure(tensor_of, call.arguments)
      tensors[call] = layer(*args, **kwargs)
      if is_new and call.weights:
        layer.set_weights(call.weights)
    return tensors
