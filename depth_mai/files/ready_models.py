# SPDX-License-Identifier: Apache-2.0
"""Finds the ready weights in pretrained/ by the name of a system.

A folder pretrained/<system> contains one .tflite file for prediction,
<system>.npz to continue training from, and README.md, the model card. A plain
installation, such as a device's, contains the .tflite files only.
gin_configs/<system>.gin configures the network and its INT8 file.
"""

import pathlib

from depth_mai.files import config_files as config_files_lib

# What `predict` and `depth_mai.load` use if they are given no name.
DEFAULT = 'miaigo'
# The folder is next to the package in a checkout, inside it if installed.
_PACKAGE = pathlib.Path(__file__).resolve().parents[1]
_FOLDERS = (_PACKAGE.parent / 'pretrained', _PACKAGE / 'pretrained')


def names() -> list[str]:
  """Returns the systems that have ready weights."""
  return sorted({x.parent.name for f in _FOLDERS for x in f.glob('*/*.tflite')})


def model_path(model: str) -> str:
  """Returns the .tflite file of a system; a path is returned unchanged.

  Args:
    model: a path, or the name of a system, such as 'tcl'.

  Raises:
    ValueError: if it is neither; the message names the available systems.
  """
  return _find(model, '.tflite')


def weights_path(weights: str) -> str:
  """Returns the weights to continue training from.

  Args:
    weights: a path, or the name of a system, such as 'tcl'.

  Raises:
    ValueError: if it is neither, or if the .npz files are not installed.
  """
  try:
    return _find(weights, '.npz')
  except ValueError as error:
    if weights not in names():
      raise
    raise ValueError(
      f'{weights}.npz, the weights of {weights!r} to continue training from, '
      'is not installed; only the checkout contains it. Train there after '
      '"pip install -e .[train]", or give the path of the file '
      f'pretrained/{weights}/{weights}.npz.'
    ) from error


def config_files(model: str | None) -> list[str]:
  """Returns the gin file of a system's ready weights, in a list.

  Args:
    model: the name of a system; the list is empty for a path or None.

  Raises:
    ValueError: as `weights_path`.
  """
  if model is None or weights_path(model) == model:
    return []
  return [config_files_lib.system_config(model)]


def _find(name: str, suffix: str) -> str:
  if pathlib.PurePath(name).suffix or pathlib.Path(name).exists():
    return name
  for folder in _FOLDERS:
    for path in sorted((folder / name).glob(f'*{suffix}')):
      return str(path)
  raise ValueError(
    f'{name!r} is neither a file nor a system with a {suffix} file in '
    f'pretrained/; the available systems are {", ".join(names()) or "none"}.'
  )
