# SPDX-License-Identifier: Apache-2.0
"""Writes and reads .npz files with a checksum.

The member `sha256` covers names, shapes, types and values of all other arrays.
NumPy alone can read a file; here nothing in it is ever unpickled.
"""

from collections.abc import Mapping
import hashlib
import os
from typing import Any
import zipfile

import numpy as np

from depth_mai.files import atomic
from depth_mai.files import failures
from depth_mai.files import regular_files

_CHECKSUM = 'sha256'


class DamagedError(ValueError):
  """A file that is empty, cut off or changed; the message says which and how.

  Attributes:
    what: what is wrong, without the name of the file.
  """

  def __init__(self, path: str | os.PathLike[str], what: str):
    """Makes the message of the file and of what is wrong with it."""
    super().__init__(f'{os.fspath(path)} is damaged ({what})')
    self.what = what


def save(
  path: str | os.PathLike[str],
  arrays: Mapping[str, np.ndarray],
  compressed: bool = False,
) -> None:
  """Writes arrays and their checksum atomically.

  Args:
    path: the .npz file.
    arrays: arrays by name; none holds Python objects, or is called sha256.
    compressed: whether to compress them.

  Raises:
    OSError: the file cannot be written.
  """
  members: dict[str, Any] = {**arrays, _CHECKSUM: _checksum(arrays)}
  write = np.savez_compressed if compressed else np.savez
  with atomic.atomic_path(path) as temporary:
    write(temporary, **members)


def load(path: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray], bool]:
  """Reads all arrays of a file and compares them with its checksum.

  Args:
    path: the .npz file.

  Returns:
    The arrays by name, and whether the file had a checksum: files of older
    versions have none.

  Raises:
    DamagedError: (a ValueError) the file is not whole.
    FileNotFoundError: there is no such file.
    PermissionError: the file may not be read.
  """
  try:
    regular_files.check(path)
  except IsADirectoryError as error:
    raise DamagedError(path, 'a folder in place of a file') from error
  except (FileNotFoundError, PermissionError):
    raise
  except OSError as error:
    raise DamagedError(path, failures.reason(error)) from error
  if not os.path.getsize(path):
    raise DamagedError(path, 'an empty file')
  try:
    with np.load(path, allow_pickle=False) as members:
      if not isinstance(members, np.lib.npyio.NpzFile):
        raise DamagedError(path, 'not an .npz file')
      arrays = {name: members[name] for name in members.files}
  except (DamagedError, FileNotFoundError, PermissionError):
    raise
  except Exception as error:  # Damaged bytes raise errors of many types.
    raise DamagedError(path, _reason(error)) from error
  # A damaged member may be read as its raw bytes.
  if not all(isinstance(value, np.ndarray) for value in arrays.values()):
    raise DamagedError(path, 'a member is not an array')
  stored = arrays.pop(_CHECKSUM, None)
  if stored is not None and str(stored) != _checksum(arrays):
    raise DamagedError(path, 'its checksum does not match its content')
  return arrays, stored is not None


def _reason(error: Exception) -> str:
  # NumPy takes what is no archive for a pickle, and advises to allow these.
  if 'pickle' in str(error) or isinstance(error, zipfile.BadZipFile):
    return 'cut off, or not an .npz file'
  return str(error).rstrip('.') or type(error).__name__


def _checksum(arrays: Mapping[str, np.ndarray]) -> str:
  digest = hashlib.sha256()
  for name in sorted(arrays):
    value = np.asarray(arrays[name])
    digest.update(f'{name}\0{value.dtype.str}\0{value.shape}\0'.encode())
    digest.update(np.ascontiguousarray(value).tobytes())
  return digest.hexdigest()
