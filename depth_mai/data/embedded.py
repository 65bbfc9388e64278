# SPDX-License-Identifier: Apache-2.0
"""The data set for those who have none: procedural rooms, made when asked for.

`--data_dir=procedural_rooms` stands for a folder in the challenge's layout
under ~/.cache/depth_mai (or $DEPTH_MAI_ROOMS), written at its first use in a
minute or two. Pairs that are there already are kept.
"""

from collections.abc import Mapping
import os
import pathlib
import sys

from depth_mai.datasets.procedural_rooms import folder

NAME = 'procedural_rooms'
FOLDER_VARIABLE = 'DEPTH_MAI_ROOMS'
DEFAULT_FOLDER = '~/.cache/depth_mai/procedural_rooms'
COUNTS = {'train': 600, 'validation': 100, 'test': 20}


def resolve(
  data_dir: str | os.PathLike[str] | None,
  counts: Mapping[str, int] | None = None,
) -> str | None:
  """Turns the name of the embedded data set into its folder.

  Args:
    data_dir: what --data_dir says; anything but 'procedural_rooms' is returned
      as it is. A folder of that name here is called ./procedural_rooms.
    counts: pairs by split, `COUNTS` if None.

  Returns:
    A folder, or what was given.

  Raises:
    OSError: if the folder cannot be written.
  """
  if data_dir != NAME:
    return data_dir
  place = os.environ.get(FOLDER_VARIABLE) or DEFAULT_FOLDER
  root = pathlib.Path(place).expanduser()
  print(f'Procedural rooms in {root}', file=sys.stderr, flush=True)
  folder.write(root, dict(counts or COUNTS))
  return str(root)
