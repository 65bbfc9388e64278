# SPDX-License-Identifier: Apache-2.0
"""Checks the description that the sandbox gives of a file's input and output.

The allowed shapes are in _SIDES, the allowed types in `model_interface.TYPES`.
"""

import math
import typing

import numpy as np

from depth_mai.judging import request as request_lib
from depth_mai.judging import verdict
from depth_mai.runtime import model_interface

# Largest picture and depth map: pixels of a side, and in total.
MAX_SIDE = 8192
MAX_PIXELS = 16 << 20

# For each side: its number of channels, and the allowed shapes in words.
_SIDES = {
  'input': (
    3,
    'a picture has three channels: [1, height, width, 3] or '
    '[1, 3, height, width]',
  ),
  'output': (
    1,
    'a depth map has one channel: [1, height, width, 1], '
    '[1, 1, height, width] or [1, height, width]',
  ),
}


def read(
  answer: dict, layout: str
) -> tuple[model_interface.ModelInterface, str]:
  """Checks input and output.

  Args:
    answer: untrusted result of `sandbox.Sandbox.load`.
    layout: declared layout of the input, in `request.LAYOUTS`, or AUTO.

  Returns:
    (input and output, with the default input range and unit; reason for the
    input's layout)

  Raises:
    verdict.FileFaultError: if the file is not a depth network.
  """
  found_input, fits = _only(answer, 'input')
  shape = found_input['shape']
  if layout != request_lib.AUTO:
    if layout not in fits:
      raise verdict.FileFaultError(
        f'Its input has the shape {shape}, which is not {layout}, as '
        '--layout declares.'
      )
    why = 'declared by --layout'
  elif len(fits) == 2:
    layout = 'nhwc'
    why = (
      f'the shape {shape} fits both layouts, and the challenge used nhwc; '
      'declare another with --layout'
    )
  else:
    (layout,) = fits
    why = f'the position of the three channels in the shape {shape}'
  found_output, fits_output = _only(answer, 'output')
  output_layout, output_size = next(iter(fits_output.items()))
  interface = model_interface.ModelInterface(
    _tensor(found_input, layout, fits[layout], 'input'),
    _tensor(found_output, output_layout, output_size, 'output'),
  )
  return interface, why


def _only(answer: dict, side: str) -> tuple[dict, dict]:
  """Checks that there is one tensor and that its shape is allowed.

  Returns:
    (its description, dict from each layout that fits to (height, width))
  """
  tensors = answer.get(f'{side}s')
  if not isinstance(tensors, list) or len(tensors) != 1:
    count = len(tensors) if isinstance(tensors, list) else 'no'
    raise verdict.FileFaultError(
      f'It has {count} {side}s; a depth network has one picture as input and '
      'one depth map as output.'
    )
  found = tensors[0] if isinstance(tensors[0], dict) else {}
  shape, signature = found.get('shape'), found.get('signature')
  if not (_is_shape(shape) and _is_shape(signature)):
    raise verdict.FileFaultError(f'The shape of its {side} is invalid.')
  if any(size < 0 for size in signature[1:]):
    raise verdict.FileFaultError(
      f'Its {side} leaves sizes open: {signature}. Convert with a fixed input '
      'shape.'
    )
  channels, allowed = _SIDES[side]
  fits = _layouts(shape, channels)
  if not fits:
    raise verdict.FileFaultError(
      f'Its {side} has the shape {shape}; {allowed}.'
    )
  return found, fits


def _is_shape(value: object) -> typing.TypeGuard[list[int]]:
  """Returns whether an untrusted value is a list of whole numbers."""
  return isinstance(value, list) and all(type(one) is int for one in value)


def _layouts(shape: list[int], channels: int) -> dict[str, tuple[int, int]]:
  """Returns (height, width) by layout, for each layout that a shape fits."""
  if len(shape) == 3 and channels == 1:
    shape = [*shape, 1]
  if len(shape) != 4 or shape[0] != 1 or min(shape) < 1:
    return {}
  sizes = {'nhwc': (shape[3], shape[1:3]), 'nchw': (shape[1], shape[2:])}
  return {
    layout: (size[0], size[1])
    for layout, (count, size) in sizes.items()
    if count == channels
  }


def _tensor(
  found: dict, layout: str, size: tuple[int, int], name: str
) -> model_interface.ImageTensor:
  """Checks size and type of a tensor, and returns it."""
  if max(size) > MAX_SIDE or math.prod(size) > MAX_PIXELS:
    raise verdict.FileFaultError(
      f'Its {name} has {size[0]} x {size[1]} pixels; at most {MAX_SIDE} a side '
      f'and {MAX_PIXELS} in total are allowed.'
    )
  type_name = found.get('type')
  if type_name not in model_interface.TYPES:
    raise verdict.FileFaultError(
      f'Its {name} is of type {str(type_name)[:20]}; allowed are '
      f'{", ".join(model_interface.TYPES)}.'
    )
  scale: typing.Any = found.get('scale')
  zero_point: typing.Any = found.get('zero_point')
  quantised = False
  if type_name != 'float32':
    limits = np.iinfo(type_name)
    quantised = (
      isinstance(scale, float)
      and 0 < scale < math.inf
      and isinstance(zero_point, int)
      and limits.min <= zero_point <= limits.max
    )
    # A picture's bytes need no scale; every other quantised tensor does.
    if not quantised and (type_name, name) != ('uint8', 'input'):
      raise verdict.FileFaultError(
        f'Its {name} is {type_name} without a valid scale and zero point, so '
        'its real values are unknown.'
      )
  return model_interface.ImageTensor(
    tuple(found['shape']),
    type_name,
    scale if quantised else 0.0,
    zero_point if quantised else 0,
    layout,
    size,
  )
