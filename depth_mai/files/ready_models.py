# SPDX-License-Identifier: Apache-2.0
"""Finds the ready weights in pretrained/ by a system's name.

A folder pretrained/<system> holds one .tflite file to predict with,
<system>.npz to go on training from, and README.md, its model card. A plain
installation, such as a device's, carries the .tflite files only.
gin_configs/<system>.gin is the configuration of its network and INT8 file.
"""

import pathlib

# Next to the package in a checkout, inside it where it is installed.
_PACKAGE = pathlib.Path(__file__).resolve().parents[1]
_FOLDERS = (_PACKAGE.parent / 'pretrained', _PACKAGE / 'pretrained')
_CONFIGS = _PACKAGE.parent / 'gin_configs'


def names() -> list[str]:
  """Returns the systems whose weights are there."""
  return sorted({x.parent.name for f in _FOLDERS for x in f.glob('*/*.tflite')})


def model_path(model: str) -> str:
  """Returns the .tflite file of a system's name; a path is returned as it is.

  Args:
    model: a path, or the name of a system, such as 'tcl'.

  Raises:
    ValueError: if it is neither; names the systems that are there.
  """
  return _find(model, '.tflite')


def weights_path(weights: str) -> str:
  """Returns the weights to go on training from; otherwise as `model_path`."""
  try:
    return _find(weights, '.npz')
  except ValueError as error:
    if weights not in names():
      raise
    raise ValueError(
      f'The weights of {weights!r} to go on training from, {weights}.npz, are '
      'not installed: they are kept in the checkout. Train there after "pip '
      'install -e .[train]", or give the path of the file '
      f'pretrained/{weights}/{weights}.npz.'
    ) from error


def config_files(model: str | None) -> list[str]:
  """Returns the gin file of a system's ready weights, in a list.

  Args:
    model: the name of a system; for a path or None the list is empty.

  Raises:
    ValueError: as `weights_path`.
  """
  if model is None or weights_path(model) == model:
    return []
  return [str(_CONFIGS / f'{model}.gin')]


def _find(name: str, suffix: str) -> str:
  if pathlib.PurePath(name).suffix or pathlib.Path(name).exists():
    return name
  for folder in _FOLDERS:
    for path in sorted((folder / name).glob(f'*{suffix}')):
      return str(path)
  raise ValueError(
    f'{name!r} is neither a file nor a system with a {suffix} file in '
    f'pretrained/; there are {", ".join(names()) or "none"}.'
  )
