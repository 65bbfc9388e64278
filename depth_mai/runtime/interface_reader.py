# SPDX-License-Identifier: Apache-2.0
"""Reads the interface of any .tflite depth model, for all programs.

The shapes tell the picture, its layout and the depth map; the range of the
input and the unit of the depth need a declaration (interface_evidence.py) or a
trial with true depth (evaluation/detection.py).
"""

from collections.abc import Sequence
import dataclasses
import math

from depth_mai.files import printable
from depth_mai.runtime import interface_evidence as evidence
from depth_mai.runtime import model_interface
from depth_mai.runtime import tensor_description

_GRAPH = "the file's graph"
_INPUT_SHAPES = (
  'a picture has three channels: [1, height, width, 3] or [1, 3, height, width]'
)
_OUTPUT_SHAPES = (
  'a depth map has one channel: [1, height, width, 1], [1, 1, height, width], '
  '[1, height, width] or flat, with the aspect ratio of the input'
)
# Of several outputs, smaller maps than this part of the picture are no depth.
_SMALLEST_PART = 16


@dataclasses.dataclass(frozen=True)
class Reading:
  """What is known of a file's interface.

  Attributes:
    input: the picture's tensor.
    output: the depth map's tensor.
    output_place: the output's place among the outputs of the graph.
    sides: the choices of 'input' and 'output', for messages.
    layout: the input's layout.
    input_range: the input's range; None if nothing declares it.
    unit: the unit of the depth; None if nothing declares it.
    hints: why the file does not declare 'input_range' or 'unit', if it tries.
  """

  input: model_interface.ImageTensor
  output: model_interface.ImageTensor
  output_place: int
  sides: dict[str, evidence.Choice]
  layout: evidence.Choice
  input_range: evidence.Choice | None
  unit: evidence.Choice | None
  hints: dict[str, str]

  @property
  def complete(self) -> bool:
    """Whether the file can be run and its depth be read."""
    return self.input_range is not None and self.unit is not None

  def interface(
    self, input_range: str | None = None, unit: str | None = None
  ) -> model_interface.ModelInterface:
    """Returns the interface.

    Args:
      input_range: used instead of the reading's, if given.
      unit: used instead of the reading's, if given.

    Raises:
      ValueError: if a range or a unit is missing; names the flags.
    """
    input_range = input_range or (self.input_range and self.input_range.value)
    unit = unit or (self.unit and self.unit.value)
    if not (input_range and unit):
      raise ValueError(self._missing(input_range, unit))
    return model_interface.ModelInterface(
      self.input, self.output, input_range, unit, self.output_place
    )

  def as_declared(self) -> evidence.Declared:
    """Returns flags with which the same file is read in the same way."""
    interface = self.interface()
    return evidence.Declared(
      interface.output_unit,
      interface.input_range,
      interface.input.layout,
      str(interface.output_place),
    )

  def record(self) -> dict[str, dict[str, str]]:
    """Returns each property as {'value', 'why'}, for JSON."""
    choices = {
      **self.sides,
      'layout': self.layout,
      'input_range': self.input_range,
      'unit': self.unit,
    }
    return {
      what: {'value': choice.value, 'why': choice.why}
      for what, choice in choices.items()
      if choice is not None
    }

  def doubts(self) -> list[str]:
    """Returns warnings about the choices."""
    return [choice.doubt for _, choice in self._choices() if choice.doubt]

  def notes(self) -> list[str]:
    """Returns a line for each choice to tell users, and the doubts."""
    said = [
      f'{what} {choice.value}: {choice.why}'
      for what, choice in self._choices()
      if choice.say or choice.with_truth
    ]
    return said + self.doubts()

  def _choices(self) -> list[tuple[str, evidence.Choice]]:
    named = [
      *self.sides.items(),
      ('layout', self.layout),
      ('input range', self.input_range),
      ('unit', self.unit),
    ]
    return [(what, choice) for what, choice in named if choice is not None]

  def _missing(self, input_range: str | None, unit: str | None) -> str:
    things, flags, hints = [], [], []
    for value, key, thing, allowed in (
      (input_range, 'input_range', 'the range of its input', evidence.RANGES),
      (unit, 'unit', 'the unit of its depth', evidence.UNITS),
    ):
      if value is None:
        things.append(thing)
        flags.append(f'--{key} ({" or ".join(allowed)})')
        hints.append(self.hints.get(key, ''))
    tried = '; '.join(filter(None, hints))
    return (
      f'it does not state {" or ".join(things)}'
      + (f' ({tried})' if tried else '')
      + f'. Declare {" and ".join(flags)}; depth_mai.evaluate finds what is '
      'not declared, on pictures with known depth'
    )


def read(
  inputs: Sequence[tensor_description.TensorDescription],
  outputs: Sequence[tensor_description.TensorDescription],
  metadata: dict,
  declared: evidence.Declared = evidence.NOTHING,
) -> Reading:
  """Reads the interface of a loaded file.

  Args:
    inputs: its inputs, as `tensor_description.describe` returns them.
    outputs: its outputs.
    metadata: `metadata.read_metadata` of the file.
    declared: what the flags state; it wins over the file, which is said.

  Returns:
    The reading; its range and unit may be unknown.

  Raises:
    ValueError: if the file has no picture as input or no depth map as output.
      The message begins with 'it' or 'its', the file.
  """
  picture, layout, input_choice = _read_input(inputs, metadata, declared)
  place, depth, output_choice = _read_output(outputs, picture.size, declared)
  input_range, range_hint = evidence.input_range(
    declared.input_range, metadata, picture
  )
  unit, unit_hint = evidence.unit(declared.unit, metadata)
  return Reading(
    picture,
    depth,
    place,
    {'input': input_choice, 'output': output_choice},
    layout,
    input_range,
    unit,
    {'input_range': range_hint, 'unit': unit_hint},
  )


def _read_input(
  inputs: Sequence[tensor_description.TensorDescription],
  metadata: dict,
  declared: evidence.Declared,
) -> tuple[model_interface.ImageTensor, evidence.Choice, evidence.Choice]:
  """Returns the picture's tensor, its layout, and how it was found."""
  if len(inputs) != 1:
    raise ValueError(
      f'it has {len(inputs)} inputs ({_listed(inputs)}); a depth model takes '
      'one picture'
    )
  (found,) = inputs
  fits = _layouts(found.shape)
  if not fits:
    raise ValueError(f'its input has the shape {found.shape}; {_INPUT_SHAPES}')
  layout = _choose_layout(found.shape, fits, metadata, declared.layout)
  size = fits[layout.value]
  tensor = _tensor(found, layout.value, size, 'input')
  text, say = _GRAPH, False
  if any(side < 0 for side in found.signature[1:]):
    say, text = (
      True,
      (
        f'its sizes are open: {found.signature}; pictures are resized to '
        f'{size[1]} x {size[0]}, which --input_size changes'
      ),
    )
  elif declared.input_size != evidence.AUTO and size != declared.size:
    raise ValueError(
      f'its input has the fixed shape {found.shape}, not '
      f'--input_size={declared.input_size}; leave the flag out'
    )
  return tensor, layout, evidence.Choice(str(tensor), text, say=say)


def _choose_layout(
  shape: list[int], fits: dict, metadata: dict, flag: str
) -> evidence.Choice:
  if flag != evidence.AUTO:
    if flag not in fits:
      raise ValueError(
        f'its input has the shape {shape}, which is not {flag}, as --layout '
        'declares'
      )
    return evidence.Choice(flag, 'declared by --layout')
  if len(fits) == 1:
    (layout,) = fits
    why = f'the position of the three channels in the shape {shape}'
    return evidence.Choice(layout, why)
  declared = metadata.get('input')
  stated = declared.get('layout') if isinstance(declared, dict) else None
  for layout in fits:
    if isinstance(stated, str) and stated.lower() == layout:
      return evidence.Choice(layout, 'declared in the metadata')
  return evidence.Choice(
    'nhwc',
    f'the shape {shape} fits both layouts, and the challenge used nhwc; '
    'declare another with --layout',
    say=True,
  )


def _layouts(shape: list[int]) -> dict[str, tuple[int, int]]:
  """Returns (height, width) by layout, for each that a picture's shape fits."""
  if len(shape) != 4 or shape[0] != 1 or min(shape) < 1:
    return {}
  sizes = {'nhwc': (shape[3], shape[1:3]), 'nchw': (shape[1], shape[2:])}
  return {
    layout: (size[0], size[1])
    for layout, (count, size) in sizes.items()
    if count == 3
  }


def _read_output(
  outputs: Sequence[tensor_description.TensorDescription],
  picture_size: tuple[int, int],
  declared: evidence.Declared,
) -> tuple[int, model_interface.ImageTensor, evidence.Choice]:
  """Returns the depth map's place, its tensor, and how it was found."""
  why, say, which = _GRAPH, False, 'depth map'
  if declared.output_tensor != evidence.AUTO:
    place, why = (
      _declared_output(outputs, declared.output_tensor),
      'by --output_tensor',
    )
  elif len(outputs) == 1:
    place = 0
  else:
    plausible = [
      place
      for place, found in enumerate(outputs)
      if _is_plausible(found, picture_size)
    ]
    called = [place for place in plausible if outputs[place].says_depth]
    if len(plausible) > 1 and len(called) == 1:
      plausible, which = called, 'one that is called depth'
    if len(plausible) != 1:
      many = 'none of which looks like'
      if plausible:
        many = f'{len(plausible)} of which may be'
      raise ValueError(
        f'it has {len(outputs)} outputs, {many} the depth map; choose one with '
        f'--output_tensor: {_listed(outputs)}'
      )
    (place,) = plausible
    why, say = f'the only {which} of {len(outputs)} outputs', True
  found = outputs[place]
  layout, size = _map_size(found.shape, picture_size)
  if layout == 'flat':
    why = f'{why}; flat, read as {size[1]} x {size[0]} pixels'
    layout, say = 'nhwc', True
  tensor = _tensor(found, layout, size, 'output')
  return place, tensor, evidence.Choice(str(tensor), why, say=say)


def _declared_output(
  outputs: Sequence[tensor_description.TensorDescription], flag: str
) -> int:
  # A number is a place, even if a tensor has it as its name.
  if flag.isdecimal() and int(flag) < len(outputs):
    return int(flag)
  for place, found in enumerate(outputs):
    if flag in (found.name, *found.signature_names):
      return place
  raise ValueError(
    f'it has no output --output_tensor={flag}; its outputs are '
    f'{_listed(outputs)}'
  )


def _is_plausible(
  found: tensor_description.TensorDescription, picture_size: tuple[int, int]
) -> bool:
  """Returns whether one of several outputs may be the depth map."""
  try:
    layout, size = _map_size(found.shape, picture_size)
    _tensor(found, layout, size, 'output')
  except ValueError:
    return False
  return math.prod(size) > 1 and all(
    _SMALLEST_PART * side >= whole
    for side, whole in zip(size, picture_size, strict=True)
  )


def _map_size(
  shape: list[int], picture_size: tuple[int, int]
) -> tuple[str, tuple[int, int]]:
  """Returns the layout ('flat' for one long row) and (height, width)."""
  sides = [side for side in shape if side != 1]
  if len(sides) == 1 and sides[0] > 0:
    height, width = picture_size
    found = round(math.sqrt(sides[0] * height / width)) or 1
    size = found, sides[0] // found
    # A thin map is no row of pixels if it has the input's own shape.
    if size[0] * size[1] == sides[0] and size[0] * width == size[1] * height:
      return 'flat', size
  elif min(shape, default=0) > 0:
    if len(shape) == 4 and shape[0] == 1 and shape[3] == 1:
      return 'nhwc', (shape[1], shape[2])
    if len(shape) == 4 and shape[:2] == [1, 1]:
      return 'nchw', (shape[2], shape[3])
    if len(shape) == 3 and shape[0] == 1:
      return 'nhwc', (shape[1], shape[2])
    if len(shape) == 2 or len(shape) == 3 and shape[2] == 1:
      return 'nhwc', (shape[0], shape[1])
  raise ValueError(f'its output has the shape {shape}; {_OUTPUT_SHAPES}')


def _tensor(
  found: tensor_description.TensorDescription,
  layout: str,
  size: tuple[int, int],
  side: str,
) -> model_interface.ImageTensor:
  """Checks the type of a tensor, and returns it."""
  if found.type not in model_interface.TYPES:
    raise ValueError(
      f'its {side} is of type {found.type}; allowed are '
      f'{", ".join(model_interface.TYPES)}'
    )
  is_float = found.type in model_interface.FLOAT_TYPES
  quantised = not is_float and 0 < found.scale < math.inf
  # A picture's bytes need no scale; every other whole number does.
  if not (is_float or quantised or (found.type, side) == ('uint8', 'input')):
    raise ValueError(
      f'its {side} is {found.type} without a valid scale and zero point, so '
      'its real values are unknown; convert it with float or with a scale'
    )
  return model_interface.ImageTensor(
    tuple(found.shape),
    found.type,
    found.scale if quantised else 0.0,
    found.zero_point if quantised else 0,
    layout,
    size,
  )


def _listed(
  tensors: Sequence[tensor_description.TensorDescription],
) -> str:
  """Lists tensors by place, name and shape, for messages."""
  # The names of a signature were given by a person, those of the graph not.
  names = [(*found.signature_names, found.name)[0] for found in tensors[:8]]
  return ', '.join(
    f"{place} '{printable.printable(name, 40)}' {tensors[place].shape}"
    for place, name in enumerate(names)
  ) + (', ...' if len(tensors) > 8 else '')
