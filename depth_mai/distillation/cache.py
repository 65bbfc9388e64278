# SPDX-License-Identifier: Apache-2.0
"""Keeps a teacher's maps on disk, so that it runs once for each picture.

A folder has a file of float32 maps [N, h, w, C] for each term, and `index.npz`:
the names of the examples, in the same order, and the checksums of the files.
These are compared when the folder is opened. Then the files are mapped into
memory: a step reads only the maps of its batch.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
import contextlib
import os
import pathlib
from typing import BinaryIO

import numpy as np
import tensorflow as tf

from depth_mai.files import atomic
from depth_mai.files import checked_arrays
from depth_mai.files import failures
from depth_mai.files import lock
from depth_mai.files import regular_files

_INDEX = 'index.npz'
_TYPE = '<f4'


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
      index, _ = checked_arrays.load(folder / _INDEX)
      self._rows = {name: row for row, name in enumerate(index['ids'].tolist())}
      self._maps = [
        _open_maps(folder / _name(number), checksum)
        for number, checksum in enumerate(index['checksums'].tolist())
      ]
    except (KeyError, OSError, ValueError) as error:
      raise ValueError(
        f'{folder} of Distillation.cache_dir is damaged '
        f"({failures.reason(error)}). Remove it; the teacher's maps are then "
        'computed again.'
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
  paths: list[pathlib.Path] = []
  # Not mapped into memory: on a full disk, that would end the process.
  with contextlib.ExitStack() as stack:
    streams: list[BinaryIO] = []
    for batch in pictures:
      maps = [one.numpy() for one in teacher_maps(batch['rgb'])]
      if not streams:
        paths = [folder / _name(number) for number in range(len(maps))]
        streams = [stack.enter_context(open(path, 'wb')) for path in paths]
        for stream, one in zip(streams, maps, strict=True):
          _write_header(stream, (count, *one.shape[1:]))
      ids += batch['id'].numpy().tolist()
      for stream, one in zip(streams, maps, strict=True):
        stream.write(one.astype(_TYPE).tobytes())
  if len(set(ids)) != count:
    raise ValueError(
      f'The training split has {count} examples with {len(set(ids))} ids, so '
      "the teacher's maps cannot be told apart. Remove Distillation.cache_dir."
    )
  checksums = [regular_files.sha256(path) for path in paths]
  checked_arrays.save(
    folder / _INDEX, {'ids': np.array(ids), 'checksums': np.array(checksums)}
  )


def _write_header(stream: BinaryIO, shape: tuple[int, ...]) -> None:
  """Writes what stands before the numbers in an .npy file."""
  np.lib.format.write_array_header_1_0(
    stream, {'descr': _TYPE, 'fortran_order': False, 'shape': shape}
  )


def _open_maps(path: pathlib.Path, checksum: str) -> np.ndarray:
  if regular_files.sha256(path) != checksum:
    raise ValueError(f'the checksum of {path.name} is wrong')
  return np.load(path, mmap_mode='r', allow_pickle=False)


def _name(number: int) -> str:
  return f'maps_{number:02d}.npy'
