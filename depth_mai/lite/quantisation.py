# SPDX-License-Identifier: Apache-2.0
"""Settings of integer files, and the operators that they leave in float.

TensorFlow's quantiser takes the names of operators that stay in float. That is
not enough: it passes a range on through every operator that only moves numbers,
so an activation between float operators must not have a range.
"""

from collections.abc import Sequence
import dataclasses
import difflib

from depth_mai.lite import clipping
from depth_mai.lite import flatbuffer

_WEIGHTED = (
  'CONV_2D',
  'DEPTHWISE_CONV_2D',
  'FULLY_CONNECTED',
  'TRANSPOSE_CONV',
)
_RESIZES = ('RESIZE_BILINEAR', 'RESIZE_NEAREST_NEIGHBOR')


@dataclasses.dataclass(frozen=True)
class Quantisation:
  """Settings of the integer files of a network.

  Attributes:
    calibration: 'minmax', 'percentile', 'mse' or 'entropy'; see clipping.py.
    percentile: for calibration='percentile', above 50 and at most 100.
    float_input: whether the image is resized and scaled in float, and becomes
      int8 at the network's size. It has no effect on a file with integer
      input.
    float_tail: how many of the last convolutions are computed in float, with
      everything after them: the depth's offset and unit, the upsampling to the
      image's size. 0 keeps all convolutions in int8 and everything after the
      last in float; None quantises everything.
    float_layers: further layers to compute in float, by their names in the
      table of layer errors.
  """

  calibration: str = 'minmax'
  percentile: float = 99.99
  float_input: bool = False
  float_tail: int | None = None
  float_layers: Sequence[str] = ()

  def __post_init__(self):
    """Checks the choices."""
    for name, is_allowed, allowed in (
      (
        'calibration',
        self.calibration in clipping.METHODS,
        f'one of {clipping.METHODS}',
      ),
      ('percentile', 50 < self.percentile <= 100, 'above 50, at most 100'),
      ('float_tail', (self.float_tail or 0) >= 0, 'None or at least 0'),
      (
        'float_layers',
        not isinstance(self.float_layers, str),
        'a list of names',
      ),
    ):
      if not is_allowed:
        raise ValueError(
          f'{name}={getattr(self, name)!r} must be {allowed}. Change '
          f'Quantisation.{name}.'
        )


def float_operators(
  model: flatbuffer.schema.ModelT, quantisation: Quantisation, float_io: bool
) -> set[int]:
  """Finds the operators that a Quantisation keeps in float.

  Args:
    model: a float file from flatbuffer.read_model.
    quantisation: the choices.
    float_io: whether the file will have float32 input and output.

  Returns:
    The positions of the operators in the graph.

  Raises:
    ValueError: if float_layers names a layer that does not exist.
  """
  found = _named(model, quantisation.float_layers)
  if quantisation.float_input and float_io:
    found |= _before_first_weights(model)
  if quantisation.float_tail is not None:
    found |= _tail(model, quantisation.float_tail)
  return found


def _is_weighted(
  model: flatbuffer.schema.ModelT, operator: flatbuffer.schema.OperatorT
) -> bool:
  return flatbuffer.operator_name(model, operator) in _WEIGHTED


def _named(model: flatbuffer.schema.ModelT, layers: Sequence[str]) -> set[int]:
  subgraph = model.subgraphs[0]
  places: dict[str, set[int]] = {}
  for place, operator in enumerate(subgraph.operators):
    tensor = subgraph.tensors[operator.outputs[0]]
    name = flatbuffer.layer_name(flatbuffer.tensor_name(tensor))
    places.setdefault(name, set()).add(place)
  for layer in layers:
    if layer not in places:
      near = ', '.join(difflib.get_close_matches(layer, places, cutoff=0.4))
      raise ValueError(
        f'There is no layer {layer!r} in the file to quantise; similar names: '
        f'{near or "none"}. Change Quantisation.float_layers.'
      )
  return set().union(*(places[layer] for layer in layers))


def _before_first_weights(model: flatbuffer.schema.ModelT) -> set[int]:
  """Returns the operators between the image and the first weights."""
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


def _tail(model: flatbuffer.schema.ModelT, convolutions: int) -> set[int]:
  """Returns the last convolutions and everything after the first of them."""
  subgraph = model.subgraphs[0]
  # For each tensor: the number of convolutions between it and the depth.
  following = dict.fromkeys(subgraph.outputs, 0)
  found = set()
  for place in reversed(range(len(subgraph.operators))):
    operator = subgraph.operators[place]
    count = max(following.get(tensor, 0) for tensor in operator.outputs)
    weighted = _is_weighted(model, operator)
    if count < (convolutions if weighted else max(convolutions, 1)):
      found.add(place)
    for tensor in operator.inputs:
      following[tensor] = max(following.get(tensor, 0), count + weighted)
  return found


def quantised_tensors(
  model: flatbuffer.schema.ModelT, float_places: set[int], float_io: bool
) -> set[int]:
  """Returns the tensors that a quantised operator reads or writes.

  Args:
    model: from flatbuffer.read_model.
    float_places: from `float_operators`.
    float_io: whether the file will have float32 input and output.
  """
  subgraph = model.subgraphs[0]
  found = set() if float_io else {*subgraph.inputs, *subgraph.outputs}
  for place, operator in enumerate(subgraph.operators):
    if place not in float_places:
      found |= {*operator.inputs, *operator.outputs}
  return found


def resize_before_rounding(model: flatbuffer.schema.ModelT) -> None:
  """Makes a file resize the image in float and round the small one.

  The quantiser always rounds before a resize that quantised operators follow,
  here the large image. That is more work for a worse result.

  Args:
    model: a quantised file from flatbuffer.read_model, changed in place. If it
      begins with QUANTIZE and a resize, these two are swapped.
  """
  subgraph = model.subgraphs[0]
  rounding, resize = subgraph.operators[:2]
  if (
    flatbuffer.operator_name(model, rounding) != 'QUANTIZE'
    or flatbuffer.operator_name(model, resize) not in _RESIZES
    or resize.inputs[0] != rounding.outputs[0]
  ):
    return
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
