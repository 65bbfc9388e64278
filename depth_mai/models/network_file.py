# SPDX-License-Identifier: Apache-2.0
"""Finds the systems by name; loads and saves networks as .keras files."""

from collections.abc import Sequence
import importlib
import os
import pkgutil

import keras

from depth_mai import layers
from depth_mai.files import atomic
from depth_mai.models import system_base
from depth_mai.models import systems as systems_package


def _import_modules(path: Sequence[str], package: str) -> None:
  """Imports all modules of a package, so that they register their contents.

  Args:
    path: `__path__` of the package.
    package: its name.
  """
  for module in pkgutil.iter_modules(path, f'{package}.'):
    importlib.import_module(module.name)


def systems() -> dict[str, system_base.System]:
  """Returns the systems that the modules of models/systems register."""
  _import_modules(systems_package.__path__, systems_package.__name__)
  return dict(sorted(system_base.SYSTEMS.items()))


def load_network(path: str | os.PathLike[str]) -> keras.Model:
  """Loads a .keras file for inference.

  Args:
    path: the file.

  Returns:
    The network.

  Raises:
    ValueError: if the file is missing or contains no depth network.
  """
  # Keras can only load layers whose module has been imported.
  _import_modules(layers.__path__, layers.__name__)
  if not os.path.isfile(path):
    raise ValueError(
      f'There is no network {path}. Give the .keras file of a training: its '
      'workdir contains best.keras after the first validation.'
    )
  try:
    network = keras.models.load_model(path, compile=False)
    image_shape, depth_shape = network.input_shape, network.output_shape
  except Exception as error:  # Keras raises errors of nearly every type.
    raise ValueError(
      f'{path} cannot be loaded as a network ({error}). It must be a .keras '
      'file written by depth_mai.train.'
    ) from error
  if (
    [len(image_shape), len(depth_shape)] != [4, 4]
    or image_shape[-1] != 3
    or depth_shape[-1] != 1
    or None in image_shape[1:]
  ):
    raise ValueError(
      f'{path} maps {image_shape} to {depth_shape}. It is not a depth network, '
      'which maps [B, h, w, 3] of a fixed size to [B, h, w, 1].'
    )
  return network


def save_network(network: keras.Model, path: str | os.PathLike[str]) -> None:
  """Writes a .keras file atomically.

  Args:
    network: the network.
    path: the file.

  Raises:
    OSError: if the file cannot be written.
  """
  with atomic.atomic_path(path) as temporary:
    network.save(temporary)
