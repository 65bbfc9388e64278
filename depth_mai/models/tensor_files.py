# SPDX-License-Identifier: Apache-2.0
"""Reads files of weights as tensors by name, whoever wrote them.

.npz            NumPy's np.savez
.safetensors    the library safetensors ("pip install safetensors")
.pth, .pt, .bin PyTorch's torch.save, read without PyTorch
.h5             Keras' save_weights: Keras 2's names, or layers/<name>/vars/<n>
"""

from collections.abc import Callable
import os
import pathlib

import h5py
import numpy as np

from depth_mai.files import checked_arrays
from depth_mai.files import failures
from depth_mai.models import torch_checkpoint


def read_tensors(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
  """Reads all tensors of a file.

  Args:
    path: a file with one of the suffixes above.

  Returns:
    The tensors by name, in the order of the file.

  Raises:
    ValueError: the file is missing, damaged or of another format, or its
      package is not installed.
  """
  path = pathlib.Path(path)
  if path.suffix not in _READERS:
    raise ValueError(
      f'{path} has none of the suffixes of weights that can be read: '
      f'{", ".join(_READERS)}.'
    )
  if not path.is_file():
    raise ValueError(f'There is no file of weights {path}.')
  try:
    tensors = _READERS[path.suffix](path)
    if not tensors:
      raise ValueError('it contains no tensor')
  except torch_checkpoint.UnreadableError:
    raise
  except ModuleNotFoundError as error:
    raise ValueError(
      f'{path} cannot be read as weights without the package {error.name}. Run '
      f'pip install {error.name}.'
    ) from error
  except Exception as error:  # Each library has its own errors.
    what = getattr(error, 'what', None) or failures.reason(error)
    raise ValueError(
      f'{path} cannot be read as weights ({what}). Fetch or write the file '
      'again.'
    ) from error
  return tensors


def _read_npz(path: pathlib.Path) -> dict[str, np.ndarray]:
  return checked_arrays.load(path)[0]


def _read_safetensors(path: pathlib.Path) -> dict[str, np.ndarray]:
  # Imported here: most people never meet such a file.
  from safetensors import numpy as safetensors_numpy

  return safetensors_numpy.load_file(path)


def _read_h5(path: pathlib.Path) -> dict[str, np.ndarray]:
  tensors = {}

  def add(name: str, item: h5py.Group | h5py.Dataset) -> None:
    if isinstance(item, h5py.Dataset):
      # Keras 2 repeats the layer: conv/conv/kernel:0.
      tensors[name.removesuffix(':0')] = item[()]

  with h5py.File(path, 'r') as content:
    content.visititems(add)
  return tensors


_READERS: dict[str, Callable[[pathlib.Path], dict[str, np.ndarray]]] = {
  '.npz': _read_npz,
  '.safetensors': _read_safetensors,
  '.pth': torch_checkpoint.read_tensors,
  '.pt': torch_checkpoint.read_tensors,
  '.bin': torch_checkpoint.read_tensors,
  '.h5': _read_h5,
}
