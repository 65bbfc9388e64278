# SPDX-License-Identifier: Apache-2.0
"""In which precision does a .tflite file compute?"""

import collections

from depth_mai.runtime import graph as graph_lib

# As depth_mai.convert names them.
PRECISIONS = ('fp32', 'fp16', 'int8', 'dynamic', 'int16x8')

_WEIGHTED = ('CONV_2D', 'DEPTHWISE_CONV_2D', 'FULLY_CONNECTED')
_BYTE_TYPES = ('INT8', 'UINT8', 'INT4')


def precision_of(graph: graph_lib.Graph) -> str | None:
  """Finds the precision from the types of weights and activations.

  That of most weights, by their number, decides: converters leave small kernels
  in float.

  Args:
    graph: of a file.

  Returns:
    One of PRECISIONS; None where the file has no weights, or is of another
    kind.
  """
  stored = {}
  for operator in graph.main.operators:
    if operator.at_load:
      # A float16 weight: its DEQUANTIZE hides the type in which it is stored.
      stored[operator.outputs[0].index] = operator.inputs[0].type_name
  weights = collections.Counter()
  for operator in graph.main.operators:
    if operator.name not in _WEIGHTED or operator.at_load:
      continue
    activation, kernel = operator.inputs[0], operator.inputs[1]
    weight_type = stored.get(kernel.index, kernel.type_name)
    weights[activation.type_name, weight_type] += kernel.elements
  if not weights:
    return None
  (activation_type, weight_type), _ = weights.most_common(1)[0]
  if activation_type == 'FLOAT32':
    by_weights = {'FLOAT32': 'fp32', 'FLOAT16': 'fp16'}
    if weight_type in _BYTE_TYPES:
      return 'dynamic'
    return by_weights.get(weight_type)
  by_activations = {'INT8': 'int8', 'UINT8': 'int8', 'INT16': 'int16x8'}
  return by_activations.get(activation_type)
