# SPDX-License-Identifier: Apache-2.0
"""A copy of a functional model without models inside, and who feeds whom.

Keras tells a layer's inputs, but not who reads its output inside of one model.
The copy notes both while it is made.
"""

import collections

import keras

# What Keras puts in front of the layers of a model that is called as a layer.
_TO_TENSOR = 'ConvertToTensor'


def _dissolve(model: keras.Model) -> keras.Model:
  """Returns a model of the same layers, without models inside."""

  def call(layer, *args, **kwargs):
    if isinstance(layer, keras.Model):
      return layer.call(*args)  # Calls its layers one by one.
    return layer(*args, **kwargs)

  while any(isinstance(layer, keras.Model) for layer in model.layers):
    model = keras.models.clone_model(
      model, clone_function=lambda layer: layer, call_function=call
    )
  return model


class FlatCopy:
  """A copy of a model that shares nothing with it.

  Attributes:
    model: the copy; models inside of it are dissolved into their layers.
    layers: of the copy, each before those that read it, without the inputs.
  """

  def __init__(self, model: keras.Model):
    """Copies a functional model with its weights."""
    self.layers = []
    self._calls = {}
    self._producers = {}
    self._consumers = collections.defaultdict(list)
    pairs = []

    def copy(layer):
      twin = layer.__class__.from_config(layer.get_config())
      pairs.append((layer, twin))
      return twin

    self.model = keras.models.clone_model(
      _dissolve(model), clone_function=copy, call_function=self._call_layer
    )
    for layer, twin in pairs:
      if isinstance(layer, keras.Layer) and layer.weights:
        twin.set_weights(layer.get_weights())
    for tensor in self.model.outputs:
      self._consumers[id(tensor)].append(None)

  def _call_layer(self, layer, *args, **kwargs):
    """Calls a copied layer and notes what it reads and gives."""
    if type(layer).__name__ == _TO_TENSOR:
      return args[0]
    outputs = layer(*args, **kwargs)
    given = [
      value
      for value in keras.tree.flatten((args, kwargs))
      if isinstance(value, keras.KerasTensor)
    ]
    if layer not in self._calls:
      self.layers.append(layer)
    self._calls.setdefault(layer, []).append((given, outputs))
    for tensor in given:
      self._consumers[id(tensor)].append(layer)
    for tensor in keras.tree.flatten(outputs):
      self._producers[id(tensor)] = layer
    return outputs

  def producer(self, layer) -> keras.Layer | None:
    """Returns the one layer that feeds a layer, and that one alone.

    Returns:
      None if there are several, if it feeds others or the model's output too,
      if either is called more than once, or if it is the model's input.
    """
    calls = self._calls[layer]
    if len(calls) != 1 or len(calls[0][0]) != 1:
      return None
    found = self._producers.get(id(calls[0][0][0]))
    if found is None or self.consumers(found) != [layer]:
      return None
    return found

  def sources(self, layer) -> list[keras.Layer | None]:
    """Returns the layers that feed the first call of a layer, in its order.

    None stands for the model's input.
    """
    given, _ = self._calls[layer][0]
    return [self._producers.get(id(tensor)) for tensor in given]

  def consumers(self, layer) -> list[keras.Layer | None]:
    """Returns the layers that read a layer's output, None for the model's.

    A layer that is called more than once is given as [None], too: what it
    feeds must stay as it is.
    """
    if len(self._calls[layer]) != 1:
      return [None]
    readers = self._consumers[id(self._calls[layer][0][1])]
    if any(one is not None and len(self._calls[one]) != 1 for one in readers):
      return [None]
    return readers

  def without(self, dropped) -> keras.Model:
    """Returns the copy with some layers left out.

    Args:
      dropped: layers of one input whose output is replaced by it.
    """
    dropped = set(dropped)

    def call(layer, *args, **kwargs):
      return args[0] if layer in dropped else layer(*args, **kwargs)

    return keras.models.clone_model(
      self.model, clone_function=lambda layer: layer, call_function=call
    )
