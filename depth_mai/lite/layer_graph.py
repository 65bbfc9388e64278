# SPDX-License-Identifier: Apache-2.0
"""A network as a flat list of layer calls that can be rewritten."""

import dataclasses

import keras


@dataclasses.dataclass(eq=False)
class Call:
  """One layer, called once.

  Attributes:
    layer: of the network; None for the network's input.
    sources: the calls whose outputs it takes, in the order of its inputs.
  """

  layer: keras.layers.Layer | None
  sources: list['Call']


def trace(network: keras.Model) -> list[Call]:
  """Lists the calls of a functional network, those of inner networks too.

  Args:
    network: functional, with one input and one output; a layer that is called
      several times gives several calls.

  Returns:
    The calls in an order in which they can run: the input first, the call that
    gives the network's output last.

  Raises:
    ValueError: if a layer takes or gives something else than tensors.
  """
  start = Call(None, [])
  calls = [start]

  def visit(layer, *args, **kwargs):
    sources = keras.tree.flatten(args)
    if any(not isinstance(source, Call) for source in sources) or any(
      value is not None for key, value in kwargs.items() if key != 'training'
    ):
      raise ValueError(
        f'{network.name}: layer {layer.name!r} is called with something else '
        'than the outputs of other layers.'
      )
    if isinstance(layer, keras.Model):
      return run(layer, args)
    calls.append(Call(layer, sources))
    return calls[-1]

  def run(model, inputs):
    # The one way to learn how layers are connected; Keras clones by it, too.
    return model._run_through_graph(inputs, call_fn=visit)

  last = run(network, [start])
  calls.remove(last)
  return [*calls, last]
