# SPDX-License-Identifier: Apache-2.0
"""Finds folders below the home folder, also where there is none."""

import os
import pathlib


def expanded(path: str | os.PathLike[str], cure: str) -> pathlib.Path:
  """Replaces ~ at the beginning of a path by the home folder.

  Args:
    path: a path.
    cure: a sentence that says how to choose another path.

  Raises:
    ValueError: the home folder is unknown; it names the path and the cure.
  """
  try:
    return pathlib.Path(path).expanduser()
  except RuntimeError as error:
    raise ValueError(
      f'{os.fspath(path)} cannot be found: HOME is not set, and the home '
      f'folder is unknown. {cure}'
    ) from error
