# SPDX-License-Identifier: Apache-2.0
"""Quantises a float graph that the TFLiteConverter has prepared.

TensorFlow's quantisers rewrite the graph. They are given the range of each
activation and the operators that stay in float; converter.py explains why.
"""

from collections.abc import Sequence
import dataclasses
import re

import numpy as np
import tensorflow as tf
from tensorflow.lite.python import convert as tf_convert
from tensorflow.lite.python.optimize import calibrator

from depth_mai.lite import clipping
from depth_mai.lite import flatbuffer
from depth_mai.lite import quantisation as quantisation_lib
from depth_mai.lite import ranges

# The quantiser does not recognise names that contain ';'. If it makes a second
# tensor of one, it appends a number to the name.
_MARKED = re.compile(r't(\d+)_(\d*)')


@dataclasses.dataclass(frozen=True)
class CalibratedGraph:
  """A float graph with everything that determines its quantisation.

  Attributes:
    content: its bytes, with ranges; operators are named 't<n>_' after the
      index n of their result.
    names: the original names of its tensors, by index.
    float_operators: names of the operators that stay in float.
    io_type: type of the file's input and output, one of metadata.IO_TYPES.
    float_input: whether the image is resized before it is rounded.
  """

  content: bytes
  names: Sequence[str]
  float_operators: frozenset[str]
  io_type: str
  float_input: bool

  def original_name(self, name: str) -> str:
    """Returns the original name of a tensor of the quantised file.

    Args:
      name: its name in a file made from `content`.
    """
    marked = _MARKED.fullmatch(name)
    if not marked:
      return name
    index, number = marked.groups()
    return self.names[int(index)] + (number and f':int8_{number}')


def mark(
  prepared: bytes,
  found: dict[int, clipping.Range],
  quantisation: quantisation_lib.Quantisation,
  io_type: str = 'float32',
) -> CalibratedGraph:
  """Chooses the operators that stay in float, and gives ranges to the rest.

  Args:
    prepared: the float graph's bytes.
    found: its ranges, from ranges.measure.
    quantisation: chooses the parts that stay in float.
    io_type: type of the file's input and output, one of metadata.IO_TYPES.

  Returns:
    A CalibratedGraph.

  Raises:
    ValueError: if float_layers names a layer that does not exist.
  """
  model = flatbuffer.read_model(prepared)
  float_io = io_type == 'float32'
  spared = quantisation_lib.float_operators(model, quantisation, float_io)
  needed = quantisation_lib.quantised_tensors(model, spared, float_io)
  ranges.store(model, {k: v for k, v in found.items() if k in needed})
  subgraph = model.subgraphs[0]
  names = [flatbuffer.tensor_name(tensor) for tensor in subgraph.tensors]
  marks = []
  for operator in subgraph.operators:
    for index in operator.outputs:
      subgraph.tensors[index].name = f't{index}_'
    marks.append(f't{operator.outputs[0]}_')
  return CalibratedGraph(
    content=flatbuffer.write_model(model),
    names=names,
    float_operators=frozenset(marks[place] for place in spared),
    io_type=io_type,
    float_input=quantisation.float_input and float_io,
  )


def quantise_int8(graph: CalibratedGraph) -> flatbuffer.schema.ModelT:
  """Makes a file with int8 weights and activations.

  Args:
    graph: from `mark`.

  Returns:
    The unpacked file. Tensors have the names of the float graph's.
  """
  model = quantise_marked(graph)
  for tensor in model.subgraphs[0].tensors:
    tensor.name = graph.original_name(flatbuffer.tensor_name(tensor))
  return model


def quantise_marked(
  graph: CalibratedGraph, **kwargs: object
) -> flatbuffer.schema.ModelT:
  """Makes the file of `quantise_int8` with the names of `graph.content`.

  Args:
    graph: from `mark`.
    **kwargs: further arguments of mlir_quantize.

  Returns:
    The unpacked file.
  """
  io_type = tf.dtypes.as_dtype(graph.io_type)
  content = tf_convert.mlir_quantize(
    graph.content,
    input_data_type=io_type,
    output_data_type=io_type,
    denylisted_nodes=set(graph.float_operators),
    **kwargs,
  )
  model = flatbuffer.read_model(bytes(content))
  if graph.float_input:
    quantisation_lib.resize_before_rounding(model)
  return model


def quantise_int16x8(
  prepared: bytes, found: dict[int, clipping.Range]
) -> bytes:
  """Makes a file with int8 weights and int16 activations, as a reference.

  The quantiser of `quantise_int8` refuses int16. TensorFlow's older one, if it
  gets no calibration images, takes the ranges that it finds in the graph.
  HARD_SWISH and other operators that it does not know stay in float.

  Args:
    prepared: the float graph's bytes.
    found: its ranges, from ranges.measure.

  Returns:
    The file's bytes; float32 in and out.
  """
  float32, int16, int64 = (
    np.dtype(name).num for name in ('float32', 'int16', 'int64')
  )
  model = flatbuffer.read_model(prepared)
  ranges.store(model, found)
  quantiser = calibrator.Calibrator(flatbuffer.write_model(model))
  # pylint: disable-next=protected-access
  content = quantiser._calibrator.QuantizeModel(
    float32,  # type of the input
    float32,  # type of the output
    True,  # operators without an int16 version stay in float
    int16,  # type of the activations
    int64,  # type of the biases
    False,  # whether weights have one scale instead of one for each channel
    False,  # the same for the weights of dense layers
  )
  return bytes(content)
