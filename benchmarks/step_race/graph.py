# SPDX-License-Identifier: Apache-2.0
"""Chooses a network and writes it, so that another library can train it."""

import json
import pathlib
from typing import Any
from typing import TypedDict

import keras
import numpy as np

from benchmarks.step_race import recipe
from depth_mai.models import network_file
from depth_mai.models import system_base

_CURE = (
  'Only networks of layers that are each called once can be compared. Choose '
  'another --system.'
)


class Node(TypedDict):
  """A layer of a network.

  Attributes:
    name: of the layer, and of its output.
    kind: name of its class.
    config: arguments of its constructor.
    inputs: names of the layers whose outputs it reads.
    input_shape: [H, W, C] of the first of them.
  """

  name: str
  kind: str
  config: dict[str, Any]
  inputs: list[str]
  input_shape: list[int]


def system(name: str) -> system_base.System:
  """Returns a system or teacher.

  Args:
    name: value of the flag --system.

  Raises:
    ValueError: for an unknown name.
  """
  systems = network_file.systems()
  if name not in systems:
    raise ValueError(f'--system={name} must be of {", ".join(systems)}.')
  return systems[name]


def nodes(network: keras.Model) -> list[Node]:
  """Returns the layers of a network in the order of their computation.

  Args:
    network: a functional model with one input and one output.

  Raises:
    ValueError: if it computes something outside its layers, or calls a layer
      twice.
  """
  named: dict[int, str] = {}
  found: list[Node] = []
  outputs: list[Any] = []  # Keeps them alive, so that no id is used twice.

  def call(layer, *arguments, **options):
    if not isinstance(layer, keras.Layer):
      raise ValueError(f'{network.name} has {layer.name}, no layer. {_CURE}')
    read = keras.tree.flatten(arguments)
    output = layer(*arguments, **options)
    # What no layer computed is the input.
    names = [named.setdefault(id(x), network.inputs[0].name) for x in read]
    named[id(output)] = layer.name
    found.append(
      Node(
        name=layer.name,
        kind=type(layer).__name__,
        config=json.loads(json.dumps(layer.get_config(), default=str)),
        inputs=names,
        input_shape=list(read[0].shape[1:]),
      )
    )
    outputs.append(output)
    return output

  keras.models.clone_model(network, call_function=call)
  names = [node['name'] for node in found]
  if twice := sorted({name for name in names if names.count(name) > 1}):
    raise ValueError(f'{network.name} calls {twice} twice. {_CURE}')
  return found


def export(
  network: keras.Model,
  upsampling: str,
  batch: dict[str, Any],
  folder: pathlib.Path,
) -> None:
  """Writes what both sides of a race read.

  Args:
    network: see `nodes`.
    upsampling: how the loss enlarges its prediction, 'bilinear' or 'nearest'.
    batch: arrays, see recipe.batch.
    folder: where to write; it exists.

  Raises:
    ValueError: see `nodes`.
  """
  text = json.dumps({'upsampling': upsampling, 'nodes': nodes(network)})
  (folder / recipe.GRAPH).write_text(text)
  weights: dict[str, Any] = {
    f'{layer.name}/{variable.name}': variable.numpy()
    for layer in network.layers
    for variable in layer.weights
  }
  np.savez(folder / recipe.WEIGHTS, **weights)
  prediction = network(batch['rgb'], training=False).numpy()
  np.savez(folder / recipe.BATCH, prediction=prediction, **batch)
  network_file.save_network(network, folder / recipe.NETWORK)
