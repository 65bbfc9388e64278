# SPDX-License-Identifier: Apache-2.0
"""Saves and loads weights in 8 bits, from which training can continue.

Kernels are stored as int8 with a scale for each output channel, like in
TFLite's dynamic-range files; biases and BatchNorm as float32. The file is an
.npz with a checksum (files/checked_arrays.py); older files have none.
"""

from collections.abc import Mapping
import os
from typing import Any

import keras
import numpy as np

from depth_mai.files import checked_arrays
from depth_mai.files import failures
from depth_mai.models import depth_recoding
from depth_mai.models import finite_check
from depth_mai.models import normalisation

_LEVELS = 127


def save(path: str | os.PathLike[str], network: keras.Model) -> None:
  """Writes all variables of a network.

  Args:
    path: the .npz file.
    network: its kernels are rounded to 8 bits in the file, not in memory.

  Raises:
    FloatingPointError: if a weight or statistic is not finite.
    OSError: if the file cannot be written.
  """
  finite_check.check_trained(network, 'saved')
  arrays: dict[str, Any] = {
    'network': np.array(network.name),
    'depth_code': np.array(depth_recoding.depth_code(network)),
    'normalisation': normalisation.read(network),
  }
  for number, variable in enumerate(network.variables):
    value = keras.ops.convert_to_numpy(variable.value)
    if value.ndim < 2:
      arrays[f'{number:04d}'] = value
      continue
    scale = _scale(value)
    arrays[f'{number:04d}'] = np.round(value / scale).astype(np.int8)
    arrays[f'{number:04d}_scale'] = scale
  checked_arrays.save(path, arrays, compressed=True)


def load(path: str | os.PathLike[str], network: keras.Model) -> None:
  """Loads the weights of a file into a network.

  Args:
    path: written by `save`.
    network: of the same structure; its head may have another depth code.

  Raises:
    ValueError: if the file is missing, damaged or no weights file, or if its
      variables do not fit the network or are not finite.
  """
  try:
    arrays, _ = checked_arrays.load(path)
    values = _values(arrays)
    name = str(arrays['network'])
    code = str(arrays.get('depth_code', 'linear'))
    scaling = np.reshape(
      arrays.get('normalisation', normalisation.read(network)), (2, 3)
    )
  except (OSError, KeyError, ValueError) as error:
    raise ValueError(
      f'{path} cannot be read as weights ({failures.reason(error)}). Give an '
      '.npz file of pretrained/.'
    ) from error
  shapes = [tuple(variable.shape) for variable in network.variables]
  if shapes != [value.shape for value in values]:
    raise ValueError(
      f'{path} contains the weights of {name} ({len(values)} variables), which '
      f'do not fit {network.name} ({len(shapes)}). Change the network or its '
      'options in the gin file, or the weights.'
    )
  for variable, value in zip(network.variables, values, strict=True):
    variable.assign(value)
  normalisation.write(network, scaling)
  finite_check.check(network, path)
  depth_recoding.recode(network, code)


def _scale(kernel: np.ndarray) -> np.ndarray:
  """Returns the scale of each output channel, broadcastable to the kernel."""
  # A depthwise kernel [k, k, C, 1] has its channels on the last axis but one.
  channels = kernel.ndim - (1 if kernel.shape[-1] > 1 else 2)
  others = tuple(axis for axis in range(kernel.ndim) if axis != channels)
  largest = np.abs(kernel).max(axis=others, keepdims=True)
  return np.where(largest > 0, largest / _LEVELS, 1).astype(np.float32)


def _values(arrays: Mapping[str, np.ndarray]) -> list[np.ndarray]:
  values: list[np.ndarray] = []
  while (key := f'{len(values):04d}') in arrays:
    value = arrays[key]
    if f'{key}_scale' in arrays:
      value = value.astype(np.float32) * arrays[f'{key}_scale']
    if value.dtype.kind not in 'biuf':
      raise ValueError(f'{key} has the type {value.dtype}')
    values.append(value)
  return values
