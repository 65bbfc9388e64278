# SPDX-License-Identifier: Apache-2.0
"""Checks that a runtime can compute a whole .tflite file, in its order.

The runtimes run the operators as they are listed. One that reads what nobody
has computed reads memory of chance; one that writes into a constant writes into
the mapped file, which ends the process. NaN among the weights is refused, too:
the kernels that clamp their results turn it into plausible depth.
"""

from collections.abc import Iterator
import math

import numpy as np

from depth_mai.runtime import file_check
from depth_mai.runtime import flatbuffer_table
from depth_mai.runtime import schema_names
from depth_mai.runtime import schema_tables

_Table = flatbuffer_table.Table
# Type -> (type of an unsigned number of that size, the bits of its exponent).
# A number is not finite if all these bits are 1.
_EXPONENTS = {
  'FLOAT32': ('<u4', 0x7F800000),
  'FLOAT16': ('<u2', 0x7C00),
  'BFLOAT16': ('<u2', 0x7F80),
  'FLOAT64': ('<u8', 0x7FF0000000000000),
  'COMPLEX64': ('<u4', 0x7F800000),
}
# Operators in which an infinity is a bound or a filling, not a weight.
_TAKE_INFINITY = (
  'PADV2',
  'MAXIMUM',
  'MINIMUM',
  'SELECT',
  'SELECT_V2',
  'FILL',
)
# Operators that change the type of a tensor, not its shape.
_UNPACK = ('DEQUANTIZE', 'DENSIFY')
# Numbers that are checked at a time, so that memory does not grow.
_CHUNK = 1 << 18


def check(name: str, content: bytes) -> None:
  """Checks a file that a runtime will load.

  Args:
    name: the file, for messages.
    content: the file, or a memory map of it.

  Raises:
    ValueError: the file is damaged (see `file_check.check`), its operators
      cannot run in their order, or a weight is not finite.
  """
  file_check.check(name, content)
  model = _Table.root(content)
  buffers, subgraphs = model.tables(4), model.tables(2)
  names = [_operator_name(code) for code in model.tables(1)]
  if not subgraphs:
    raise ValueError(f'{name} contains no graph. Convert the network again.')
  graphs = [_Subgraph(subgraph, buffers) for subgraph in subgraphs]
  calls: list[set[int]] = []
  try:
    for graph in graphs:
      graph.check_order()
      graph.check_unpacked(names)
      calls.append(graph.called(len(subgraphs)))
    _check_calls(calls)
  except file_check.DamagedError as error:
    raise file_check.refusal(name, str(error)) from error
  for graph in graphs:
    wrong = next(_not_finite(graph, names, content), None)
    if wrong:
      raise ValueError(
        f'{name}: {wrong} not finite (NaN or infinite). The training diverged '
        'or the file is damaged: convert a network with finite weights.'
      )


class _Subgraph:
  """One function of a file."""

  def __init__(self, subgraph: _Table, buffers: list[_Table]):
    self.tensors, self.operators = subgraph.tables(0), subgraph.tables(3)
    self.buffers = [buffers[one.number(2, '<I')] for one in self.tensors]
    self.stored = [file_check.stored_bytes(one) for one in self.buffers]
    self._inputs = subgraph.numbers(1, '<i4').tolist()
    self._outputs = subgraph.numbers(2, '<i4').tolist()

  def label(self, index: int) -> str:
    """Returns a tensor's number and name."""
    return file_check.tensor_label(index, self.tensors[index])

  def check_order(self) -> None:
    """Checks that each tensor is computed once, before it is read."""
    known = {
      index
      for index, tensor in enumerate(self.tensors)
      if self.stored[index]
      or tensor.number(5, '<b')  # A variable has a value at the start.
      or math.prod(tensor.numbers(0, '<i4').tolist()) == 0
    }
    fixed = {index for index in known if self.stored[index]}
    for index in self._inputs:
      if index in fixed:
        raise file_check.DamagedError(
          f'its input, {self.label(index)}, is a constant'
        )
    fixed |= {*self._inputs}
    known |= fixed
    for number, operator in enumerate(self.operators):
      for index in operator.numbers(1, '<i4').tolist():
        if index >= 0 and index not in known:
          raise file_check.DamagedError(
            f'operator {number} reads {self.label(index)} before anything has '
            'computed it'
          )
      outputs = operator.numbers(2, '<i4').tolist()
      for index in outputs:
        if index in fixed:
          raise file_check.DamagedError(
            f'operator {number} overwrites {self.label(index)}, which is a '
            'constant, an input, or the result of another operator'
          )
        fixed.add(index)
      known.update(outputs)
    for index in self._outputs:
      if index not in known:
        raise file_check.DamagedError(
          f'nothing computes its output, {self.label(index)}'
        )

  def check_unpacked(self, names: list[str]) -> None:
    """Checks that constants keep their number of values when unpacked."""
    for number, operator in enumerate(self.operators):
      if names[operator.number(0, '<I')] not in _UNPACK:
        continue
      shapes = [
        self.tensors[index].numbers(0, '<i4').tolist()
        for field in (1, 2)
        for index in operator.numbers(field, '<i4').tolist()[:1]
        if index >= 0
      ]
      if len({math.prod(shape) for shape in shapes}) > 1:
        raise file_check.DamagedError(
          f'operator {number} unpacks a tensor of shape {shapes[0]} to '
          f'{shapes[1]}'
        )

  def called(self, subgraphs: int) -> set[int]:
    """Returns the indices of the subgraphs that its operators call."""
    found = set()
    for number, operator in enumerate(self.operators):
      for index in _called(operator):
        if not 0 <= index < subgraphs:
          raise file_check.DamagedError(
            f'operator {number} calls subgraph {index}, but there are '
            f'{subgraphs}'
          )
        found.add(index)
    return found


def _options(operator: _Table) -> Iterator[tuple[_Table, int, str]]:
  """Yields (table, number, kind) of each field of an operator's options."""
  for type_field, field in ((3, 4), (11, 12)):
    kinds = schema_tables.UNIONS['Operator', field]
    chosen = operator.number(type_field, '<B')
    options = operator.table(field) if 0 < chosen < len(kinds) else None
    if options is not None:
      fields = schema_tables.FIELDS.get(kinds[chosen], ())
      for number, kind in enumerate(fields):
        yield options, number, kind


def _called(operator: _Table) -> Iterator[int]:
  """Yields the indices of the subgraphs that an operator calls."""
  for options, number, kind in _options(operator):
    if kind == 'g':
      yield options.number(number, '<i')
    elif kind == 'G':
      yield from options.numbers(number, '<i4').tolist()


def _check_calls(calls: list[set[int]]) -> None:
  """Checks that no subgraph calls itself, also not through others."""
  free = {index for index, called in enumerate(calls) if not called}
  rest = set(range(len(calls))) - free
  while rest:
    ready = {index for index in rest if calls[index] <= free}
    if not ready:
      raise file_check.DamagedError(f'subgraph {min(rest)} calls itself')
    free |= ready
    rest -= ready


def _operator_name(code: _Table) -> str:
  # Files older than 2.4 have only the deprecated one-byte field.
  number = max(code.number(3, '<i'), code.number(0, '<b'))
  return schema_names.operator_name(number)


def _not_finite(
  graph: _Subgraph, names: list[str], content: bytes
) -> Iterator[str]:
  """Yields what is NaN or infinite: constants and options of operators."""
  readers: dict[int, set[str]] = {}
  for place, operator in enumerate(graph.operators):
    for options, number, kind in _options(operator):
      if kind == 'f' and not math.isfinite(options.number(number, '<f')):
        yield f'option {number} of operator {place} is'
    for index in operator.numbers(1, '<i4').tolist():
      readers.setdefault(index, set()).add(names[operator.number(0, '<I')])
  seen = set()
  for index, tensor in enumerate(graph.tensors):
    type_name = schema_names.type_name(tensor.number(1, '<b'))
    if type_name not in _EXPONENTS or not graph.stored[index]:
      continue
    infinity = readers.get(index, set()) <= set(_TAKE_INFINITY)
    # Several tensors may have the same values.
    key = (tensor.number(2, '<I'), type_name, infinity)
    if key in seen:
      continue
    seen.add(key)
    values = _values(graph.buffers[index], type_name, content)
    count = _count_not_finite(values, type_name, infinity)
    if count:
      verb = 'is' if count == 1 else 'are'
      label = graph.label(index)
      yield f'{count} of the {values.size} values of {label} {verb}'


def _values(buffer: _Table, type_name: str, content: bytes) -> np.ndarray:
  """Returns the values of a constant, as unsigned numbers."""
  dtype = np.dtype(_EXPONENTS[type_name][0])
  if buffer.length(0):
    stored = buffer.numbers(0, 'u1')
  else:
    start, size = buffer.number(1, '<Q'), buffer.number(2, '<Q')
    stored = np.frombuffer(content, 'u1', size, start)
  whole = stored.size // dtype.itemsize * dtype.itemsize
  return stored[:whole].view(dtype)


def _count_not_finite(
  values: np.ndarray, type_name: str, infinity: bool
) -> int:
  """Counts NaN, and infinities if they are not allowed."""
  mask = values.dtype.type(_EXPONENTS[type_name][1])
  # Without the sign; NaN has further bits.
  rest = values.dtype.type((1 << (8 * values.itemsize - 1)) - 1)
  count = 0
  for start in range(0, values.size, _CHUNK):
    part = values[start : start + _CHUNK]
    bad = (part & rest) > mask if infinity else (part & mask) == mask
    count += int(np.count_nonzero(bad))
  return count
