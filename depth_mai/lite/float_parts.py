# SPDX-License-Identifier: Apache-2.0
"""Which operators of a file that is to be quantised stay in float.

The converter is told by name which operators to leave alone. That alone is not
enough: it spreads a range over every operator that only moves numbers, so that
an activation between float operators must not have one.
"""

import difflib

from depth_mai.lite import flatbuffer
from depth_mai.lite import layer_names
from depth_mai.lite import quantisation as quantisation_lib

_WEIGHTED = (
  'CONV_2D',
  'DEPTHWISE_CONV_2D',
  'FULLY_CONNECTED',
  'TRANSPOSE_CONV',
)
_RESIZES = ('RESIZE_BILINEAR', 'RESIZE_NEAREST_NEIGHBOR')


def float_operators(
  model, quantisation: quantisation_lib.Quantisation, float_io: bool
) -> set[int]:
  """Finds the operators that a Quantisation keeps in float.

  Args:
    model: from flatbuffer.read_model, in float.
    quantisation: the choices.
    float_io: whether the file will take and give float32.

  Returns:
    Their places in the graph.

  Raises:
    ValueError: if float_layers names a layer that is not there.
  """
  found = _named(model, quantisation.float_layers)
  if quantisation.float_input and float_io:
    found |= _before_first_weights(model)
  if quantisation.float_tail is not None:
    found |= _tail(model, quantisation.float_tail)
  return found


def _is_weighted(model, operator) -> bool:
  return flatbuffer.operator_name(model, operator) in _WEIGHTED


def _named(model, layers) -> set[int]:
  subgraph = model.subgraphs[0]
  places = {}
  for place, operator in enumerate(subgraph.operators):
    tensor = subgraph.tensors[operator.outputs[0]]
    name = layer_names.layer_name(flatbuffer.tensor_name(tensor))
    places.setdefault(name, set()).add(place)
  for layer in layers:
    if layer not in places:
      near = ', '.join(difflib.get_close_matches(layer, places, cutoff=0.4))
      raise ValueError(
        f'There is no layer {layer!r} in the file to quantise; near are: '
        f'{near or "none"}. Change Quantisation.float_layers.'
      )
  return set().union(*(places[layer] for layer in layers))


def _before_first_weights(model) -> set[int]:
  """Returns what only the image has gone through."""
  subgraph = model.subgraphs[0]
  reached = set(subgraph.inputs)
  found = set()
  for place, operator in enumerate(subgraph.operators):
    if not reached.isdisjoint(operator.inputs) and not _is_weighted(
      model, operator
    ):
      reached |= set(operator.outputs)
      found.add(place)
  return found


def _tail(model, convolutions: int) -> set[int]:
  """Returns the last convolutions and what is behind the first of them."""
  subgraph = model.subgraphs[0]
  # Of each tensor: how many convolutions lie between it and the depth.
  behind = dict.fromkeys(subgraph.outputs, 0)
  found = set()
  for place in reversed(range(len(subgraph.operators))):
    operator = subgraph.operators[place]
    count = max(behind.get(tensor, 0) for tensor in operator.outputs)
    weighted = _is_weighted(model, operator)
    if count < (convolutions if weighted else max(convolutions, 1)):
      found.add(place)
    for tensor in operator.inputs:
      behind[tensor] = max(behind.get(tensor, 0), count + weighted)
  return found


def quantised_tensors(
  model, float_places: set[int], float_io: bool
) -> set[int]:
  """Returns the tensors that a quantised operator reads or writes.

  Args:
    model: from flatbuffer.read_model.
    float_places: from `float_operators`.
    float_io: whether the file will take and give float32.
  """
  subgraph = model.subgraphs[0]
  found = set() if float_io else {*subgraph.inputs, *subgraph.outputs}
  for place, operator in enumerate(subgraph.operators):
    if place not in float_places:
      found |= {*operator.inputs, *operator.outputs}
  return found


def resize_before_rounding(content: bytes) -> bytes:
  """Resizes the image in float, then rounds the small one.

  The converter has a resize in front of quantised operators work on rounded
  numbers, whatever it is told. That rounds the large image first: more work
  for a worse result.

  Args:
    content: a quantised file's bytes.

  Returns:
    The file with QUANTIZE and the resize behind it changed over; as it was
    where it does not begin with these two.
  """
  model = flatbuffer.read_model(content)
  subgraph = model.subgraphs[0]
  rounding, resize = subgraph.operators[:2]
  if (
    flatbuffer.operator_name(model, rounding) != 'QUANTIZE'
    or flatbuffer.operator_name(model, resize) not in _RESIZES
    or resize.inputs[0] != rounding.outputs[0]
  ):
    return content
  image, between, small = (
    rounding.inputs[0],
    rounding.outputs[0],
    resize.outputs[0],
  )
  resize.inputs[0], resize.outputs[0] = image, between
  rounding.inputs[0], rounding.outputs[0] = between, small
  subgraph.tensors[between].type = subgraph.tensors[image].type
  subgraph.tensors[between].shape = subgraph.tensors[small].shape
  subgraph.tensors[between].shapeSignature = None
  subgraph.tensors[between].quantization = None
  subgraph.operators[:2] = [resize, rounding]
  return flatbuffer.write_model(model)
