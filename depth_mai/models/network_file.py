# SPDX-License-Identifier: Apache-2.0
"""Finds the systems by name; loads and saves networks as .keras files."""

import importlib
import os
import pkgutil
import zipfile

import keras

from depth_mai.files import atomic
from depth_mai.files import failures
from depth_mai.files import printable
from depth_mai.files import regular_files
from depth_mai.models import finite_check
from depth_mai.models import system_base
from depth_mai.models import systems as systems_package
from depth_mai.models import teachers as teachers_package


def systems() -> dict[str, system_base.System]:
  """Returns the systems and teachers that models/ registers, by name."""
  for places, package in (
    (systems_package.__path__, systems_package.__name__),
    (teachers_package.__path__, teachers_package.__name__),
  ):
    for module in pkgutil.iter_modules(places, f'{package}.'):
      importlib.import_module(module.name)
  return dict(sorted(system_base.SYSTEMS.items()))


def damage(path: str | os.PathLike[str]) -> str:
  """Returns what is wrong with the bytes of a .keras file, '' if it is whole.

  Args:
    path: the file; it must exist.

  Raises:
    OSError: if the file cannot be read.
  """
  if os.path.isdir(path):
    return 'it is a folder'
  regular_files.check(path)
  if not os.path.getsize(path):
    return 'it is empty'
  try:
    with zipfile.ZipFile(path) as archive:  # Which .keras files are.
      bad = archive.testzip()
  except OSError:
    raise
  except Exception as error:  # Damaged bytes raise errors of many types.
    return f'cut off, or not a .keras file: {error}'
  return f'the checksum of {bad} is wrong' if bad else ''


def load_network(path: str | os.PathLike[str]) -> keras.Model:
  """Loads a .keras file for inference.

  Args:
    path: the file.

  Returns:
    The network.

  Raises:
    ValueError: if the file is missing or damaged, contains no depth network,
      or has weights that are not finite.
  """
  if not os.path.exists(path):
    raise ValueError(
      f'There is no network {path}. Give the .keras file of a training: its '
      'workdir contains best.keras after the first validation.'
    )
  if os.path.isdir(path):
    raise ValueError(
      f"{path} is a folder. Give a .keras file, such as a training's "
      f'{os.path.join(path, "best.keras")}.'
    )
  found = damage(path)
  if found:
    raise ValueError(
      f'{path} is damaged ({printable.printable(found)}). Copy it again. In a '
      "training's workdir, use last.keras, or run the same training again, "
      'which writes what is missing.'
    )
  try:
    network = keras.models.load_model(path, compile=False)
    image_shape, depth_shape = network.input_shape, network.output_shape
  except Exception as error:  # Keras raises errors of nearly every type.
    raise ValueError(
      f'{path} cannot be loaded as a network ({failures.reason(error)}). It '
      'must be a .keras file written by depth_mai.train.'
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
  finite_check.check(network, path)
  return network


def save_network(network: keras.Model, path: str | os.PathLike[str]) -> None:
  """Writes a .keras file atomically.

  Args:
    network: the network.
    path: the file.

  Raises:
    FloatingPointError: if a weight or statistic is not finite.
    OSError: if the file cannot be written.
  """
  finite_check.check_trained(network, 'saved')
  with atomic.atomic_path(path) as temporary:
    network.save(temporary)
