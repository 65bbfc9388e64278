# SPDX-License-Identifier: Apache-2.0
"""Reads the JSON metadata that conversion leaves inside a .tflite file.

A TensorFlow Lite flatbuffer has a list of named buffers (`Model.metadata`);
depth_mai.convert puts one JSON object there under the name 'depth_mai'.
"""

import json

from depth_mai.runtime import graph as graph_lib
from depth_mai.runtime import interpreter as interpreter_lib

METADATA_NAME = 'depth_mai'


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
  text = graph_lib.read_graph(path_or_bytes).metadata.get(METADATA_NAME)
  if text is None:
    return {}
  try:
    metadata = json.loads(text.decode('utf-8'))
  # RecursionError: an object inside of an object, inside of an object, ...
  except (ValueError, RecursionError) as error:
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
