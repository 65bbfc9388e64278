# SPDX-License-Identifier: Apache-2.0
"""Writes where a model comes from into the .tflite file itself.

One JSON document, in a flatbuffer metadata buffer that runtimes ignore. The
device side reads it in depth_mai/runtime/model_file.py.
"""

import json

import numpy as np

from depth_mai.lite import flatbuffer

METADATA_NAME = 'depth_mai'


def _text(name) -> str:
  return name.decode('utf-8') if isinstance(name, bytes) else name


def add_metadata(content: bytes, metadata: dict) -> bytes:
  """Adds the JSON buffer, or replaces the one that is there.

  The graph and its constants stay as they are; constants are brought onto the
  16-byte boundaries the schema asks for.

  Args:
    content: a .tflite file's bytes.
    metadata: anything json.dumps takes; `output_unit` ('mm' or 'm') tells
      the runtime how to read the output.

  Returns:
    The new file's bytes.

  Raises:
    ValueError: if `content` is no model or `metadata` no JSON.
  """
  try:
    text = json.dumps(metadata, sort_keys=True, allow_nan=False)
  except (TypeError, ValueError) as error:
    raise ValueError(f'The metadata is no JSON document: {error}') from error
  data = np.frombuffer(text.encode('utf-8'), np.uint8)
  model = flatbuffer.read_model(content)
  model.metadata = list(model.metadata or [])
  for entry in model.metadata:
    if _text(entry.name) == METADATA_NAME:
      model.buffers[entry.buffer].data = data
      return flatbuffer.write_model(model)
  buffer = flatbuffer.schema.BufferT()
  buffer.data = data
  model.buffers.append(buffer)
  entry = flatbuffer.schema.MetadataT()
  entry.name = METADATA_NAME
  entry.buffer = len(model.buffers) - 1
  model.metadata.append(entry)
  return flatbuffer.write_model(model)
