# SPDX-License-Identifier: Apache-2.0
"""Takes out of a .tflite file what no runtime reads.

The converter names a fused tensor after all the operators that went into it,
each with the path of its layer, names every constant likewise, and gives every
activation an empty buffer and an empty quantisation of its own. In a network of
1.5 MB that is 2 %.
"""

from depth_mai.lite import flatbuffer
from depth_mai.lite import layer_names

_CONVERTER_NOTES = b'CONVERSION_METADATA'


def slim(content: bytes) -> bytes:
  """Shortens tensor names and drops what is empty; the graph stays as it is.

  Args:
    content: a .tflite file's bytes.

  Returns:
    The new file's bytes. An activation is named after the last layer in it,
    with `:2` and so on where that names several; constants have no names.

  Raises:
    ValueError: if `content` is no model.
  """
  model = flatbuffer.read_model(content)
  _drop_converter_notes(model)
  for subgraph in model.subgraphs:
    _shorten_names(model, subgraph.tensors)
    for tensor in subgraph.tensors:
      if _is_empty(tensor.quantization):
        tensor.quantization = None
  _drop_empty_buffers(model)
  return flatbuffer.write_model(model)


def _drop_converter_notes(model) -> None:
  """Keeps the oldest runtime that the converter declares, and no more."""
  model.metadata = [
    entry for entry in model.metadata or [] if entry.name != _CONVERTER_NOTES
  ]


def _shorten_names(model, tensors) -> None:
  used = {}
  for tensor in tensors:
    if flatbuffer.constant_size(model, tensor):
      tensor.name = None
      continue
    name = layer_names.layer_name(flatbuffer.tensor_name(tensor))
    used[name] = used.get(name, 0) + 1
    tensor.name = name if used[name] == 1 else f'{name}:{used[name]}'


def _is_empty(quantization) -> bool:
  return quantization is None or all(
    value is None or not len(value)
    for value in (
      quantization.scale,
      quantization.zeroPoint,
      quantization.min,
      quantization.max,
    )
  )


def _drop_empty_buffers(model) -> None:
  """Lets all that has no data share buffer 0, which the schema keeps empty.

  Buffers that nothing refers to any more go as well.
  """
  tensors = [t for subgraph in model.subgraphs for t in subgraph.tensors]
  owners = [*tensors, *model.metadata]
  used = {owner.buffer for owner in owners}
  kept = [model.buffers[0]]
  numbers = {0: 0}
  for number, buffer in enumerate(model.buffers[1:], start=1):
    if number not in used or buffer.data is None or not len(buffer.data):
      numbers[number] = 0
      continue
    numbers[number] = len(kept)
    kept.append(buffer)
  model.buffers = kept
  for owner in owners:
    owner.buffer = numbers[owner.buffer]
