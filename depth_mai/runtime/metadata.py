# SPDX-License-Identifier: Apache-2.0
"""Reads a .tflite file's metadata, and finds its precision from tensor types.

A TensorFlow Lite flatbuffer has a list of named buffers (`Model.metadata`);
depth_mai.convert stores one JSON object there under the name 'depth_mai'.
"""

import collections
import json
import math
import typing

from depth_mai.files import printable
from depth_mai.runtime import graph as graph_lib
from depth_mai.runtime import interpreter as interpreter_lib

METADATA_NAME = 'depth_mai'

# Of objects and lists in each other.
_MOST_LEVELS = 32

# The values of depth_mai.convert's --precision.
PRECISIONS = ('fp32', 'fp16', 'int8', 'dynamic', 'int16x8')
# Types of the input and output of an INT8 file.
IO_TYPES = ('float32', 'int8', 'uint8')

_WEIGHTED = ('CONV_2D', 'DEPTHWISE_CONV_2D', 'FULLY_CONNECTED')
# (type of activations, type of weights or None for any) -> precision.
_PRECISION_OF_TYPES = {
  ('FLOAT32', 'FLOAT32'): 'fp32',
  ('FLOAT32', 'FLOAT16'): 'fp16',
  ('FLOAT32', 'INT8'): 'dynamic',
  ('FLOAT32', 'UINT8'): 'dynamic',
  ('FLOAT32', 'INT4'): 'dynamic',
  ('INT8', None): 'int8',
  ('UINT8', None): 'int8',
  ('INT16', None): 'int16x8',
}


def read_metadata(path_or_bytes: interpreter_lib.ModelSource) -> dict:
  """Returns the metadata of a model.

  Args:
    path_or_bytes: a .tflite file (str or os.PathLike) or its content (bytes).

  Returns:
    A dict; empty if the model has no buffer named 'depth_mai'. Its texts are
    printable.

  Raises:
    ValueError: the file is missing, is not a .tflite file, is damaged, or its
      metadata is not a JSON object.
  """
  name = interpreter_lib.check_is_tflite(path_or_bytes)
  text = graph_lib.read_graph(path_or_bytes).metadata.get(METADATA_NAME)
  if text is None:
    return {}
  try:
    metadata = _printable(
      json.loads(
        text.decode('utf-8'),
        parse_constant=_finite,
        parse_float=_finite,
      ),
      _MOST_LEVELS,
    )
  # RecursionError: objects nested too deeply.
  except (ValueError, RecursionError) as error:
    raise ValueError(
      f'{name}: the metadata buffer {METADATA_NAME!r} is not JSON ({error}). '
      'Convert the model again with depth_mai.convert.'
    ) from error
  if not isinstance(metadata, dict):
    raise ValueError(
      f'{name}: the metadata buffer {METADATA_NAME!r} contains a '
      f'{type(metadata).__name__}, not an object. Convert the model again '
      'with depth_mai.convert.'
    )
  return metadata


def _finite(text: str) -> float:
  """Returns a number of the JSON; refuses NaN, and infinity in any form."""
  number = float(text)
  if not math.isfinite(number):
    raise ValueError(f'{text[:20]} is not a finite number')
  return number


def _printable(value: typing.Any, levels: int) -> typing.Any:
  """Returns a value of the JSON whose texts are safe to show."""
  if not levels:
    raise ValueError(f'it is nested deeper than {_MOST_LEVELS} levels')
  if isinstance(value, str):
    return printable.printable(value)
  if isinstance(value, list):
    return [_printable(one, levels - 1) for one in value]
  if isinstance(value, dict):
    return {
      printable.printable(key): _printable(one, levels - 1)
      for key, one in value.items()
    }
  return value


def precision_of(graph: graph_lib.Graph) -> str | None:
  """Finds the precision from the types of weights and activations.

  The type of most weights decides, because converters leave small kernels in
  float. A file without weights has the precision of its activations.

  Args:
    graph: graph of a file.

  Returns:
    One of PRECISIONS; None if the file has another one.
  """
  stored = {}
  weights: collections.Counter[tuple[str, str]] = collections.Counter()
  for operator in graph.main.operators:
    given = operator.given_inputs
    if operator.at_load and given:
      # The DEQUANTIZE of a float16 weight hides the type in the file.
      for output in operator.outputs:
        stored[output.index] = given[0].type_name
    # Damaged files contain convolutions without a kernel.
    if operator.name not in _WEIGHTED or operator.at_load or len(given) < 2:
      continue
    activation, kernel = given[:2]
    weight_type = stored.get(kernel.index, kernel.type_name)
    weights[activation.type_name, weight_type] += kernel.elements
  if not weights:
    for operator in graph.main.operators:
      for output in operator.outputs:
        weights[output.type_name, output.type_name] += output.elements
  if not weights:
    return None
  (activation_type, weight_type), _ = weights.most_common(1)[0]
  return _PRECISION_OF_TYPES.get(
    (activation_type, weight_type),
    _PRECISION_OF_TYPES.get((activation_type, None)),
  )
