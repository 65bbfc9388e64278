# SPDX-License-Identifier: Apache-2.0
"""Keeps a teacher's maps on disk, so that it runs once for each picture.

A folder has `ids.npy`, the names of the examples, and a file of float32 maps
[N, h, w, C] for each term, in the same order. The files are mapped into memory:
a step reads only the maps of its batch.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
import os
import pathlib

import numpy as np
import tensorflow as tf

from depth_mai.files import atomic
from depth_mai.files import lock

_IDS = 'ids.npy'


class Cache:
  """Maps of all examples of a split; call it with an example's id."""

  def __init__(self, folder: str | os.PathLike[str]):
    """Opens the files.

    Args:
      folder: written by `fill`.

    Raises:
      ValueError: if a file is missing or damaged.
    """
    folder = pathlib.Path(folder)
    try:
      ids = np.load(folder / _IDS, allow_pickle=False)
      self._rows = {name: row for row, name in enumerate(ids.tolist())}
      self._maps = [
        np.load(folder / _name(number), mmap_mode='r', allow_pickle=False)
        for number in range(len(list(folder.glob('maps_*.npy'))))
      ]
      if not self._maps or {len(one) for one in self._maps} != {len(ids)}:
        raise ValueError('the files do not have the same number of examples')
    except (EOFError, OSError, ValueError) as error:
      raise ValueError(
        f'{folder} of Distillation.cache_dir is damaged ({error}). Remove it; '
        "the teacher's maps are then computed again."
      ) from error

  def __call__(self, example_id: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Returns the maps [h, w, C] of an example.

    Args:
      example_id: scalar string, the 'id' of an example of the split.
    """

    def read(name: bytes) -> list[np.ndarray]:
      row = self._rows[name]
      return [np.array(one[row]) for one in self._maps]

    maps = tf.numpy_function(read, [example_id], [tf.float32] * len(self._maps))
    return tuple(
      tf.ensure_shape(one, stored.shape[1:])
      for one, stored in zip(maps, self._maps, strict=True)
    )


def open_or_fill(
  folder: str | os.PathLike[str],
  count: int,
  pictures: Iterable[dict],
  teacher_maps: Callable[[tf.Tensor], Sequence[tf.Tensor]],
) -> Cache:
  """Opens the cache in a folder, after filling it if it does not exist.

  Args:
    folder: the folder; its name must identify teacher, layers and pictures.
    count: number of examples.
    pictures: batches {'id' [B], 'rgb' [B, h, w, 3]} of all examples; read only
      if the cache has to be filled.
    teacher_maps: from 'rgb' to float32 maps [B, h, w, C].

  Returns:
    The cache.

  Raises:
    ValueError: if a file of the cache is damaged, or two examples have one id.
    OSError: if the folder cannot be written.
  """
  folder = pathlib.Path(folder)
  folder.parent.mkdir(parents=True, exist_ok=True)
  # Another training may be filling it.
  with lock.locked(folder.parent / '.lock'):
    if not folder.exists():
      print(
        f'Running the teacher on {count} pictures, once; its maps are kept in '
        f'{folder}.',
        flush=True,
      )
      with atomic.atomic_path(folder) as temporary:
        os.mkdir(temporary)
        _fill(pathlib.Path(temporary), count, pictures, teacher_maps)
  return Cache(folder)


def _fill(
  folder: pathlib.Path,
  count: int,
  pictures: Iterable[dict],
  teacher_maps: Callable[[tf.Tensor], Sequence[tf.Tensor]],
) -> None:
  ids: list[bytes] = []
  files: list[np.memmap] = []
  for batch in pictures:
    maps = [one.numpy() for one in teacher_maps(batch['rgb'])]
    if not files:
      files = [
        np.lib.format.open_memmap(
          folder / _name(number), 'w+', np.float32, (count, *one.shape[1:])
        )
        for number, one in enumerate(maps)
      ]
    first = len(ids)
    ids += batch['id'].numpy().tolist()
    for file, one in zip(files, maps, strict=True):
      file[first : len(ids)] = one
  if len(set(ids)) != count:
    raise ValueError(
      f'The training split has {count} examples with {len(set(ids))} ids, so '
      "the teacher's maps cannot be told apart. Remove Distillation.cache_dir."
    )
  for file in files:
    file.flush()
  np.save(folder / _IDS, np.array(ids))


def _name(number: int) -> str:
  return f'maps_{number:02d}.npy'
