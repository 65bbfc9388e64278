# SPDX-License-Identifier: Apache-2.0
"""Compares the outputs of another runtime with those of this machine's."""

import os
import platform

import numpy as np

from depth_mai.runtime import image_io
from depth_mai.runtime import interpreter as interpreter_lib

# Allowed difference, relative to the largest output: sums in another order are
# rounded differently.
FLOAT_TOLERANCE = 1e-5


def random_inputs(path: str | os.PathLike[str]) -> list[np.ndarray]:
  """Returns picture-like inputs for a model, the same at every call.

  Args:
    path: a .tflite file.

  Returns:
    One array for each input: 0 to 255 for floats, the same bytes for integers.

  Raises:
    ValueError: the model cannot be loaded.
  """
  generator = np.random.default_rng(0)
  arrays = []
  for detail in interpreter_lib.load_interpreter(path).get_input_details():
    shape, dtype = tuple(detail['shape']), np.dtype(detail['dtype'])
    values = _picture(shape, generator)
    if dtype == np.bool_:
      arrays.append(values > 127)
    elif dtype == np.int8:
      arrays.append(values.view(np.int8))
    else:
      arrays.append(values.astype(dtype))
  return arrays


def _picture(
  shape: tuple[int, ...], generator: np.random.Generator
) -> np.ndarray:
  """Returns bytes: smooth colours with a little noise, or only noise.

  Noise alone causes features that no picture causes, which magnify rounding
  differences more than any use of the model does.
  """
  noise = generator.integers(0, 256, shape, np.uint8)
  if len(shape) != 4 or shape[0] != 1 or shape[-1] != 3:
    return noise
  colours = generator.integers(0, 256, (6, 8, 3), np.uint8)
  smooth = image_io.resize_rgb(colours, shape[1:3])[np.newaxis]
  return np.clip(smooth + noise / 8.0 - 16.0, 0.0, 255.0).astype(np.uint8)


def run_here(
  path: str | os.PathLike[str], inputs: list[np.ndarray], xnnpack: bool
) -> list[np.ndarray]:
  """Runs a model on this machine, with one thread.

  Args:
    path: a .tflite file.
    inputs: one array for each input.
    xnnpack: whether XNNPACK may take the graph.

  Returns:
    The outputs.

  Raises:
    ValueError: the model cannot be loaded.
  """
  loaded = interpreter_lib.load_interpreter(path, 1, xnnpack)
  for detail, values in zip(loaded.get_input_details(), inputs, strict=True):
    loaded.set_tensor(detail['index'], values)
  loaded.invoke()
  details = loaded.get_output_details()
  return [loaded.get_tensor(detail['index']) for detail in details]


def compare(here: list[np.ndarray], there: list[np.ndarray]) -> dict:
  """Compares the outputs of this machine's LiteRT with those of another one.

  Args:
    here: outputs of `run_here`.
    there: outputs of the same model for the same inputs.

  Returns:
    dict, ready for JSON: architecture, runtime and runtime_version of this
    machine; elements; differing_elements; largest_difference and largest_output
    (in the outputs' own numbers), relative_difference (their quotient);
    agree: whether all integers are equal and floats within FLOAT_TOLERANCE.

  Raises:
    ValueError: the outputs differ in number, shape or type.
  """
  shapes = [[(one.shape, one.dtype) for one in side] for side in (here, there)]
  if shapes[0] != shapes[1]:
    raise ValueError(
      f'The outputs there are {shapes[1]}, those of this machine {shapes[0]}.'
    )
  runtime = interpreter_lib.find_runtime()
  wide = [
    (one.astype(np.float64), other.astype(np.float64))
    for one, other in zip(here, there, strict=True)
  ]
  difference = max(_largest(one - other) for one, other in wide)
  largest = max(_largest(one) for one, _ in wide)
  differing = sum(
    int((one != other).sum()) for one, other in zip(here, there, strict=True)
  )
  # NaN differs from itself, so it makes `agree` false.
  relative = 0.0 if differing == 0 else difference / max(largest, 1e-30)
  is_float = any(np.issubdtype(one.dtype, np.floating) for one in here)
  return {
    'architecture': platform.machine(),
    'runtime': runtime.name,
    'runtime_version': runtime.version,
    'elements': sum(one.size for one in here),
    'differing_elements': differing,
    'largest_difference': difference,
    'largest_output': largest,
    'relative_difference': relative,
    'agree': bool(relative <= FLOAT_TOLERANCE) if is_float else differing == 0,
  }


def _largest(values: np.ndarray) -> float:
  return float(np.abs(values).max(initial=0.0))
