# SPDX-License-Identifier: Apache-2.0
"""The scaling of a network's input, which belongs to its weights.

system_base.rgb_input scales RGB 0..255 to -1..1. Published weights of an
encoder may need another scaling, by channels. It is part of a .keras file, but
it is no variable.
"""

from collections.abc import Sequence
import dataclasses

import keras
import numpy as np

_LAYER = 'normalise'


@dataclasses.dataclass(frozen=True)
class Normalisation:
  """Scales RGB 0..255 for a network: (rgb / 255 - mean) / std.

  Attributes:
    mean: a number for each channel.
    std: a number for each channel, positive.
  """

  mean: tuple[float, ...]
  std: tuple[float, ...]

  @property
  def scale(self) -> list[float]:
    """The factors in rgb * scale + offset."""
    return [1 / (255 * std) for std in self.std]

  @property
  def offset(self) -> list[float]:
    """The addends in rgb * scale + offset."""
    return [-m / s for m, s in zip(self.mean, self.std, strict=True)]

  def divided_by(self, divisors: Sequence[float]) -> 'Normalisation':
    """Returns a normalisation whose result is divided by a number a channel."""
    stds = zip(self.std, divisors, strict=True)
    return Normalisation(self.mean, tuple(std * by for std, by in stds))


# (rgb - 127.5) / 127.5, which TensorFlow's own weights were trained with.
PLUS_MINUS_ONE = Normalisation((0.5,) * 3, (0.5,) * 3)
# The statistics of ImageNet, which PyTorch's weights were trained with.
IMAGENET = Normalisation((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def layer(normalisation: Normalisation) -> keras.Layer:
  """Returns the layer that scales a network's input.

  Args:
    normalisation: what it does.
  """
  scale, offset = (
    _number_or_list(np.array(values))
    for values in (normalisation.scale, normalisation.offset)
  )
  return keras.layers.Rescaling(scale, offset, name=_LAYER, dtype='float32')


def _layer(network: keras.Model) -> keras.Layer | None:
  return next((x for x in network.layers if x.name == _LAYER), None)


def read(network: keras.Model) -> np.ndarray:
  """Returns [2, 3] float64: scale and offset of each channel.

  Args:
    network: a network; one without the layer counts as unscaled.
  """
  found = _layer(network)
  scaling = (1.0, 0.0) if found is None else (found.scale, found.offset)
  return np.stack([np.broadcast_to(np.float64(x), 3) for x in scaling])


def of(network: keras.Model) -> Normalisation | None:
  """Returns the normalisation of a network of this project.

  Args:
    network: any network; None for one without the layer.
  """
  if _layer(network) is None:
    return None
  scale, offset = read(network)
  std = 1 / (255 * scale)
  return Normalisation(tuple((-offset * std).tolist()), tuple(std.tolist()))


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
  found = _layer(network)
  if found is None:
    raise ValueError(
      f'{network.name} has no layer {_LAYER!r}, so its input cannot be scaled '
      f'by {np.asarray(scaling).tolist()}. Build its input with rgb_input of '
      'models/system_base.py.'
    )
  found.scale, found.offset = (_number_or_list(x) for x in scaling)


def _number_or_list(values: np.ndarray) -> float | list[float]:
  """Returns one number if all are equal: export folds it more often."""
  numbers = [float(x) for x in values]
  return numbers[0] if len(set(numbers)) == 1 else numbers
