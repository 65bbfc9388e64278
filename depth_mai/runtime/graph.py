# SPDX-License-Identifier: Apache-2.0
"""Reads the graph of a .tflite file into plain Python objects.

Field numbers are those of tensorflow/compiler/mlir/lite/schema/schema.fbs.
"""

import dataclasses
import math

from depth_mai.files import printable
from depth_mai.files import regular_files
from depth_mai.runtime import file_check
from depth_mai.runtime import flatbuffer_table
from depth_mai.runtime import interpreter as interpreter_lib
from depth_mai.runtime import schema_names

_MODEL_CODES, _MODEL_SUBGRAPHS, _MODEL_BUFFERS, _MODEL_METADATA = 1, 2, 4, 6
_CODE_DEPRECATED, _CODE_CUSTOM, _CODE_VERSION, _CODE_BUILTIN = 0, 1, 2, 3
_SUBGRAPH_TENSORS, _SUBGRAPH_INPUTS, _SUBGRAPH_OUTPUTS = 0, 1, 2
_SUBGRAPH_OPERATORS = 3
_TENSOR_SHAPE, _TENSOR_TYPE, _TENSOR_BUFFER, _TENSOR_NAME = 0, 1, 2, 3
_TENSOR_QUANTISATION, _TENSOR_SIGNATURE = 4, 7
_SCALES = 2
_OPERATOR_CODE, _OPERATOR_INPUTS, _OPERATOR_OUTPUTS = 0, 1, 2
_OPERATOR_OPTIONS = 4
# Fields of the options with the dilation along width and height.
_DILATIONS = {'CONV_2D': (4, 5), 'DEPTHWISE_CONV_2D': (5, 6)}
_BUFFER_DATA = 0
_METADATA_NAME, _METADATA_BUFFER = 0, 1


@dataclasses.dataclass(frozen=True)
class Tensor:
  """One tensor.

  Attributes:
    index: its position in the subgraph's list.
    name: its name, printable; contains the layer's name in files of Keras
      networks.
    shape: its sizes; () for a scalar.
    open_sizes: whether the file leaves sizes open until run time; they are 1 in
      `shape`.
    type_name: 'FLOAT32', 'INT8' and the like.
    constant_bytes: size of its values in the file; 0 for an activation.
    scales: number of its quantisation scales: 1 for the whole tensor, more for
      one per channel, 0 without quantisation.
  """

  index: int
  name: str
  shape: tuple[int, ...]
  open_sizes: bool
  type_name: str
  constant_bytes: int
  scales: int = 0

  @property
  def is_constant(self) -> bool:
    """Whether the file contains its values."""
    return self.constant_bytes > 0

  @property
  def elements(self) -> int:
    """The number of its elements."""
    return math.prod(self.shape)

  @property
  def size_bytes(self) -> int:
    """Its size in memory; 0 for types without a fixed size."""
    return -(-self.elements * schema_names.type_bits(self.type_name) // 8)


@dataclasses.dataclass(frozen=True)
class Operator:
  """One operator.

  Attributes:
    index: its position in the subgraph.
    name: 'CONV_2D' and the like, 'CUSTOM:<name>' for a custom operator.
    version: version of the operator.
    inputs: its inputs; None for an optional input that is left out.
    outputs: its outputs.
    at_load: whether all its inputs are constants (or computed from constants
      only), so that it runs once at load and not for every image. An example is
      the DEQUANTIZE of a float16 file's weights.
    dilated: whether it is a convolution whose taps are further than one pixel
      apart.
  """

  index: int
  name: str
  version: int
  inputs: tuple[Tensor | None, ...]
  outputs: tuple[Tensor, ...]
  at_load: bool
  dilated: bool = False

  @property
  def given_inputs(self) -> tuple[Tensor, ...]:
    """Its inputs without those left out."""
    return tuple(tensor for tensor in self.inputs if tensor is not None)


@dataclasses.dataclass(frozen=True)
class Subgraph:
  """One function of a file.

  Attributes:
    tensors: all its tensors.
    operators: its operators, in the order in which they run.
    inputs: its input tensors.
    outputs: its output tensors.
  """

  tensors: tuple[Tensor, ...]
  operators: tuple[Operator, ...]
  inputs: tuple[Tensor, ...]
  outputs: tuple[Tensor, ...]

  @property
  def fixed(self) -> frozenset[int]:
    """Indices of the tensors that do not depend on the image."""
    stored = {tensor.index for tensor in self.tensors if tensor.is_constant}
    made = {
      tensor.index
      for operator in self.operators
      if operator.at_load
      for tensor in operator.outputs
    }
    return frozenset(stored | made)


@dataclasses.dataclass(frozen=True)
class Graph:
  """The content of a .tflite file.

  Attributes:
    name: the file, for messages.
    file_bytes: size of the file.
    subgraphs: its functions, at least one; an inference runs the first.
    metadata: dict from the names of metadata buffers to their bytes.
  """

  name: str
  file_bytes: int
  subgraphs: tuple[Subgraph, ...]
  metadata: dict[str, bytes]

  @property
  def main(self) -> Subgraph:
    """The function that an inference runs."""
    return self.subgraphs[0]


def read_graph(path_or_bytes: interpreter_lib.ModelSource) -> Graph:
  """Reads a file without a runtime.

  Args:
    path_or_bytes: a .tflite file (str or os.PathLike) or its content (bytes).

  Returns:
    The graph.

  Raises:
    ValueError: the file is missing, is not a .tflite file, contains no graph,
      or is damaged.
  """
  name = interpreter_lib.check_is_tflite(path_or_bytes)
  if isinstance(path_or_bytes, (bytes, bytearray)):
    content = bytes(path_or_bytes)
  else:
    content = regular_files.read_bytes(path_or_bytes)
  file_check.check(name, content)
  model = flatbuffer_table.Table.root(content)
  buffers = model.tables(_MODEL_BUFFERS)
  codes = [_operator_code(code) for code in model.tables(_MODEL_CODES)]
  subgraphs = tuple(
    _subgraph(table, codes, buffers) for table in model.tables(_MODEL_SUBGRAPHS)
  )
  metadata = {
    entry.text(_METADATA_NAME): buffers[entry.number(_METADATA_BUFFER, '<I')]
    .numbers(_BUFFER_DATA, 'u1')
    .tobytes()
    for entry in model.tables(_MODEL_METADATA)
  }
  if not subgraphs:
    raise ValueError(f'{name} contains no graph. Convert the network again.')
  return Graph(name, len(content), subgraphs, metadata)


def _operator_code(table: flatbuffer_table.Table) -> tuple[str, int]:
  """Returns (name, version) of an entry of the file's list of operators."""
  # Files older than 2.4 have only the deprecated one-byte field.
  number = max(
    table.number(_CODE_BUILTIN, '<i'), table.number(_CODE_DEPRECATED, '<b')
  )
  return (
    schema_names.operator_name(
      number, printable.printable(table.text(_CODE_CUSTOM))
    ),
    table.number(_CODE_VERSION, '<i', 1),
  )


def _subgraph(
  table: flatbuffer_table.Table,
  codes: list[tuple[str, int]],
  buffers: list[flatbuffer_table.Table],
) -> Subgraph:
  tensors = tuple(
    _tensor(index, entry, buffers)
    for index, entry in enumerate(table.tables(_SUBGRAPH_TENSORS))
  )

  def pick(owner: flatbuffer_table.Table, field: int) -> list[Tensor | None]:
    # -1 stands for an optional tensor that is left out.
    return [
      tensors[index] if index >= 0 else None
      for index in owner.numbers(field, '<i4').tolist()
    ]

  def pick_all(field: int) -> tuple[Tensor, ...]:
    return tuple(filter(None, pick(table, field)))

  known = {tensor.index for tensor in tensors if tensor.is_constant}
  operators = []
  for index, entry in enumerate(table.tables(_SUBGRAPH_OPERATORS)):
    name, version = codes[entry.number(_OPERATOR_CODE, '<I')]
    inputs = pick(entry, _OPERATOR_INPUTS)
    outputs = tuple(filter(None, pick(entry, _OPERATOR_OUTPUTS)))
    used = {tensor.index for tensor in inputs if tensor is not None}
    at_load = bool(used) and used <= known
    if at_load:
      known |= {tensor.index for tensor in outputs}
    operators.append(
      Operator(
        index,
        name,
        version,
        tuple(inputs),
        outputs,
        at_load,
        _is_dilated(name, entry),
      )
    )
  return Subgraph(
    tensors,
    tuple(operators),
    pick_all(_SUBGRAPH_INPUTS),
    pick_all(_SUBGRAPH_OUTPUTS),
  )


def _is_dilated(name: str, table: flatbuffer_table.Table) -> bool:
  options = table.table(_OPERATOR_OPTIONS)
  return options is not None and any(
    options.number(field, '<i', 1) > 1 for field in _DILATIONS.get(name, ())
  )


def _tensor(
  index: int,
  table: flatbuffer_table.Table,
  buffers: list[flatbuffer_table.Table],
) -> Tensor:
  buffer = buffers[table.number(_TENSOR_BUFFER, '<I')]
  signature = table.numbers(_TENSOR_SIGNATURE, '<i4')
  quantisation = table.table(_TENSOR_QUANTISATION)
  return Tensor(
    index=index,
    name=printable.printable(table.text(_TENSOR_NAME)),
    shape=tuple(table.numbers(_TENSOR_SHAPE, '<i4').tolist()),
    open_sizes=bool((signature < 0).any()),
    type_name=schema_names.type_name(table.number(_TENSOR_TYPE, '<b')),
    constant_bytes=file_check.stored_bytes(buffer),
    scales=len(quantisation.numbers(_SCALES, '<f4')) if quantisation else 0,
  )
