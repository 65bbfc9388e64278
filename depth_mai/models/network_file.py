# SPDX-License-Identifier: Apache-2.0
"""Loads and saves networks as .keras files."""

import importlib
import os
import pkgutil

import keras

from depth_mai import layers
from depth_mai.files import atomic


def load_network(path: str | os.PathLike[str]) -> keras.Model:
  """Loads a .keras file for inference.

  Args:
    path: the file.

  Returns:
    The network.

  Raises:
    ValueError: if the file is missing or is no network of this project.
  """
  # A layer can be loaded once the module that registers it is imported.
  for module in pkgutil.iter_modules(layers.__path__, f'{layers.__name__}.'):
    importlib.import_module(module.name)
  if not os.path.isfile(path):
    raise ValueError(
      f'There is no network {path}. Give a .keras file of a training: its '
      'folder gets best.keras at the first validation.'
    )
  try:
    network = keras.models.load_model(path, compile=False)
    image_shape, depth_shape = network.input_shape, network.output_shape
  except Exception as error:  # Keras raises nearly everything here.
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
      f'{path} maps {image_shape} to {depth_shape}, which is no depth network: '
      'it must map [B, h, w, 3] of a fixed size to [B, h, w, 1].'
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
