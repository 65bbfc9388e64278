# SPDX-License-Identifier: Apache-2.0
"""Builds .tflite graphs that are read but never run."""

import flatbuffers

from depth_mai.lite import flatbuffer

schema = flatbuffer.schema


def model(*operators, custom: str | None = None) -> bytes:
  """Returns a flatbuffer with the given operators.

  Args:
    *operators: (name, version, types of the inputs) each, e.g.
      ('CONV_2D', 3, ('INT8', 'INT8', 'INT32')); a number instead of a name is
      taken as the operator's code. The output of operator i is named
      'layer_<i>' and has the type of its first input.
    custom: name of the operators called 'CUSTOM'.
  """
  subgraph = schema.SubGraphT()
  subgraph.tensors, subgraph.operators = [], []
  result = schema.ModelT()
  result.version, result.operatorCodes = 3, []
  result.buffers = [schema.BufferT()]

  def tensor(name, type_name):
    made = schema.TensorT()
    made.name, made.shape = name, [1, 4, 4, 2]
    made.type = getattr(schema.TensorType, type_name)
    made.buffer = 0
    subgraph.tensors.append(made)
    return len(subgraph.tensors) - 1

  for index, (name, version, types) in enumerate(operators):
    code = schema.OperatorCodeT()
    number = (
      name if isinstance(name, int) else getattr(schema.BuiltinOperator, name)
    )
    code.builtinCode, code.deprecatedBuiltinCode = number, min(number, 127)
    code.version = version
    if name == 'CUSTOM':
      code.customCode = custom
    result.operatorCodes.append(code)
    operator = schema.OperatorT()
    operator.opcodeIndex = index
    operator.inputs = [tensor(f'in_{index}', name) for name in types]
    operator.outputs = [tensor(f'layer_{index}', types[0])]
    subgraph.operators.append(operator)
  subgraph.inputs = [
    index
    for index, made in enumerate(subgraph.tensors)
    if made.name.startswith('in_')
  ]
  subgraph.outputs = [len(subgraph.tensors) - 1]
  result.subgraphs = [subgraph]
  builder = flatbuffers.Builder(1024)
  builder.Finish(result.Pack(builder), b'TFL3')
  return bytes(builder.Output())
