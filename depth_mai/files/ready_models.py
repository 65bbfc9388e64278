# SPDX-License-Identifier: Apache-2.0
"""Finds the ready weights in pretrained/ by the name of a system.

A folder pretrained/<system> contains .tflite files for prediction, <system>.npz
to continue training from, and README.md, the model card. pretrained/SHA256SUMS
lists all files. A plain installation, such as a device's, contains the list,
the INT8 files and the network that is used by default; others are downloaded.
Where there are several .tflite files, the name stands for the INT8 file, which
every installation has. gin_configs/<system>.gin configures the network and its
INT8 file.
"""

from collections.abc import Iterable
import pathlib

from depth_mai.files import config_files as config_files_lib
from depth_mai.files import near_names
from depth_mai.files import ready_downloads

# What `predict` and `depth_mai.load` use if they are given no name.
DEFAULT = 'ours_m'
# The folder is next to the package in a checkout, inside it if installed.
_PACKAGE = pathlib.Path(__file__).resolve().parents[1]
_FOLDERS = (_PACKAGE.parent / 'pretrained', _PACKAGE / 'pretrained')


def names() -> list[str]:
  """Returns the systems that have ready weights, here or as a download."""
  here = (x.parent.name for f in _FOLDERS for x in f.glob('*/*.tflite'))
  listed = (x.split('/')[0] for x in _listed() if x.endswith('.tflite'))
  return sorted({*here, *listed})


def model_path(model: str) -> str:
  """Returns the .tflite file of a system; a path is returned unchanged.

  Args:
    model: a path, or the name of a system, such as 'tcl'.

  Raises:
    ValueError: if it is neither, and the message names the available systems;
      or if the file is not installed and cannot be downloaded.
    OSError: the file cannot be downloaded because it cannot be written.
  """
  return _find(model, '.tflite')


def weights_path(weights: str) -> str:
  """Returns the weights to continue training from.

  Args:
    weights: a path, or the name of a system, such as 'tcl'.

  Raises:
    ValueError: as `model_path`.
    OSError: as `model_path`.
  """
  return _find(weights, '.npz')


def config_files(model: str | None) -> list[str]:
  """Returns the gin file of a system's ready weights, in a list.

  Args:
    model: the name of a system; the list is empty for a path or None.

  Raises:
    ValueError: if there is no such system.
  """
  if model is None or _is_path(model):
    return []
  return [config_files_lib.system_config(_system(model))]


def _find(name: str, suffix: str) -> str:
  """Returns the path of a system's file, or the name if it is a path."""
  if _is_path(name):
    return name
  system = _system(name)
  for folder in _FOLDERS:
    for path in _best_first((folder / system).glob(f'*{suffix}')):
      return path
  for file, sha256 in _listed().items():
    if file.startswith(f'{system}/') and file.endswith(suffix):
      return str(ready_downloads.fetched(file, sha256))
  raise ValueError(f'pretrained/{system} has no {suffix} file.')


def _is_path(name: str) -> bool:
  return bool(pathlib.PurePath(name).suffix) or pathlib.Path(name).exists()


def _system(name: str) -> str:
  """Returns the name of a system in its usual spelling."""
  system = name.replace('-', '_')
  if system not in names():
    hint = near_names.hint(name, names())
    raise ValueError(
      f'{name!r} is neither a file nor a system in pretrained/; the available '
      f'systems are {", ".join(names()) or "none"}. {hint}'.rstrip()
    )
  return system


def _best_first(files: Iterable[pathlib.PurePath]) -> list[str]:
  """Returns the paths of files, INT8 files first."""
  best = sorted(files, key=lambda x: (not x.stem.endswith('_int8'), str(x)))
  return [str(file) for file in best]


def _listed() -> dict[str, str]:
  """Returns the SHA-256 of each file of pretrained/, the best ones first."""
  for folder in _FOLDERS:
    sums = folder / 'SHA256SUMS'
    if sums.is_file():
      lines = sums.read_text(encoding='utf-8').splitlines()
      found = {file: sha256 for sha256, file in map(str.split, lines)}
      best = _best_first(map(pathlib.PurePosixPath, found))
      return {file: found[file] for file in best}
  return {}
