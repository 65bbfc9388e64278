# SPDX-License-Identifier: Apache-2.0
"""The scaling of a network's input, which belongs to its weights.

system_base.rgb_input scales RGB 0..255 to -1..1. Published weights of an
encoder may need another scaling, by channels. It is part of a .keras file, but
it is no variable.
"""

import keras
import numpy as np

_LAYER = 'normalise'


def _layer(network: keras.Model) -> keras.Layer | None:
  return next((x for x in network.layers if x.name == _LAYER), None)


def read(network: keras.Model) -> np.ndarray:
  """Returns [2, 3] float64: scale and offset of each channel.

  Args:
    network: a network; one without the layer counts as unscaled.
  """
  layer = _layer(network)
  scaling = (1.0, 0.0) if layer is None else (layer.scale, layer.offset)
  return np.stack([np.broadcast_to(np.float64(x), 3) for x in scaling])


def write(network: keras.Model, scaling: np.ndarray) -> None:
  """Changes the scaling of a network's input.

  Args:
    network: a network.
    scaling: [2, 3], scale and offset of each channel, see `read`.

  Raises:
    ValueError: the network has no such layer, and the scaling differs.
  """
  if np.array_equal(read(network), scaling):
    return
  layer = _layer(network)
  if layer is None:
    raise ValueError(
      f'{network.name} has no layer {_LAYER!r}, so its input cannot be scaled '
      f'by {np.asarray(scaling).tolist()}. Build its input with rgb_input of '
      'models/system_base.py.'
    )
  layer.scale, layer.offset = (_number_or_list(x) for x in scaling)


def _number_or_list(values: np.ndarray) -> float | list[float]:
  """Returns one number if all are equal: export folds it more often."""
  numbers = [float(x) for x in values]
  return numbers[0] if len(set(numbers)) == 1 else numbers
