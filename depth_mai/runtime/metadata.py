# SPDX-License-Identifier: Apache-2.0
"""Reads the JSON metadata that conversion leaves inside a .tflite file.

A TensorFlow Lite flatbuffer has a list of named buffers (`Model.metadata`);
depth_mai.convert puts one JSON object there under the name 'depth_mai'. The
few tables on the way are read here with `struct` alone: the generated schema
module is missing from tflite-runtime, the only runtime for 32-bit boards. Field
numbers are those of tensorflow/compiler/mlir/lite/schema/schema.fbs.
"""

import json
import struct

from depth_mai.runtime import interpreter as interpreter_lib

METADATA_NAME = 'depth_mai'

# Field numbers within their tables.
_MODEL_BUFFERS = 4
_MODEL_METADATA = 6
_METADATA_NAME = 0
_METADATA_BUFFER = 1
_BUFFER_DATA = 0


def read_metadata(path_or_bytes: interpreter_lib.ModelSource) -> dict:
  """Returns the metadata of a model.

  Args:
    path_or_bytes: a .tflite file (str or os.PathLike) or its content (bytes).

  Returns:
    A dict; empty where the model has no buffer named 'depth_mai'.

  Raises:
    ValueError: the file is missing, is no .tflite file, is damaged, or its
      metadata is not a JSON object.
  """
  name = interpreter_lib.check_is_tflite(path_or_bytes)
  if isinstance(path_or_bytes, (bytes, bytearray)):
    content = bytes(path_or_bytes)
  else:
    with open(path_or_bytes, 'rb') as stream:
      content = stream.read()
  try:
    text = _named_buffer(content, METADATA_NAME.encode())
  except (struct.error, IndexError) as error:
    raise ValueError(
      f'{name} is damaged: its metadata table points outside the file '
      f'({len(content)} bytes). Copy or convert it again.'
    ) from error
  if text is None:
    return {}
  try:
    metadata = json.loads(text.decode('utf-8'))
  except ValueError as error:
    raise ValueError(
      f'{name}: the metadata buffer {METADATA_NAME!r} is not JSON ({error}). '
      'Convert the model again with depth_mai.convert.'
    ) from error
  if not isinstance(metadata, dict):
    raise ValueError(
      f'{name}: the metadata buffer {METADATA_NAME!r} holds a '
      f'{type(metadata).__name__}, not an object. Convert the model again '
      'with depth_mai.convert.'
    )
  return metadata


def _named_buffer(content: bytes, name: bytes) -> bytes | None:
  """Returns the bytes of the metadata buffer `name`, or None."""
  model = _u32(content, 0)
  buffers = _vector(content, model, _MODEL_BUFFERS)
  for entry in _vector(content, model, _MODEL_METADATA):
    entry_name = _byte_vector(content, entry, _METADATA_NAME)
    if entry_name != name:
      continue
    position = _field(content, entry, _METADATA_BUFFER)
    index = _u32(content, position) if position else 0
    return _byte_vector(content, buffers[index], _BUFFER_DATA)
  return None


def _u32(content: bytes, position: int) -> int:
  return struct.unpack_from('<I', content, position)[0]


def _field(content: bytes, table: int, number: int) -> int | None:
  """Returns the position of a table's field, or None where it is absent."""
  vtable = table - struct.unpack_from('<i', content, table)[0]
  vtable_size = struct.unpack_from('<H', content, vtable)[0]
  entry = 4 + 2 * number
  if entry >= vtable_size:
    return None
  offset = struct.unpack_from('<H', content, vtable + entry)[0]
  return table + offset if offset else None


def _vector(content: bytes, table: int, number: int) -> list[int]:
  """Returns the positions of the tables in a field that lists tables."""
  position = _field(content, table, number)
  if position is None:
    return []
  start = position + _u32(content, position)
  count = _u32(content, start)
  if start + 4 + 4 * count > len(content):
    raise IndexError(f'{count} tables at byte {start}')
  items = range(start + 4, start + 4 + 4 * count, 4)
  return [item + _u32(content, item) for item in items]


def _byte_vector(content: bytes, table: int, number: int) -> bytes:
  """Returns the bytes in a field that holds a string or bytes."""
  position = _field(content, table, number)
  if position is None:
    return b''
  start = position + _u32(content, position)
  count = _u32(content, start)
  if start + 4 + count > len(content):
    raise IndexError(f'{count} bytes at byte {start}')
  return content[start + 4 : start + 4 + count]
