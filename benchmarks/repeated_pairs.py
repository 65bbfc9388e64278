# SPDX-License-Identifier: Apache-2.0
"""Makes a large data set of a small one, without copies."""

import os
import pathlib

from depth_mai.files import atomic

_KINDS = ('rgb', 'depth')


def repeat(rooms: pathlib.Path, target: pathlib.Path, count: int) -> None:
  """Links the pairs of a folder again and again, under new names.

  Args:
    rooms: folder with a split train in the challenge's layout.
    target: folder to write; it is complete if it exists.
    count: number of pairs.
  """
  if target.exists():
    return
  with atomic.atomic_path(target) as temporary:
    for kind in _KINDS:
      folder = pathlib.Path(temporary, 'train', kind)
      folder.mkdir(parents=True)
      files = sorted((rooms / 'train' / kind).iterdir())
      for number in range(count):
        file = files[number % len(files)]
        os.link(file, folder / f'{number:07d}{file.suffix}')
