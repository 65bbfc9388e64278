# SPDX-License-Identifier: Apache-2.0
"""Keeps the decoded pixels of a split in files that are mapped into memory.

Decoding a pair takes longer than making an example of it. These files are
written once for all trainings on a split; the operating system reads what is
needed and forgets it when memory is short. A folder has

    rgb.bin      the packed pixels (packed.py) of one pair after the other
    depth.bin    the same for depth, uint16, millimetres
    pairs.npz    ids, sizes, and where the pixels of each pair begin

and gets its name when it is complete.
"""

from collections.abc import Iterator
import contextlib
import os
import pathlib
import sys
from typing import Any
from typing import BinaryIO

import numpy as np
import tensorflow as tf

from depth_mai.data import packed
from depth_mai.files import atomic
from depth_mai.files import failures

FOLDER = 'decoded'
# Pixels of a pair begin at a multiple of it, so that TensorFlow uses them where
# they are instead of copying them.
_ROW_BYTES = 64
_RGB, _DEPTH, _PAIRS = 'rgb.bin', 'depth.bin', 'pairs.npz'
_KINDS = {'rgb': (_RGB, tf.uint8, 3), 'depth_mm': (_DEPTH, tf.uint16, 1)}
_CURE = (
  'Free some space, choose another folder with $DEPTH_MAI_RECORDS, or set '
  "train.cache to 'decoded' or 'encoded' in the gin file."
)


def open_pixels(
  decoded: tf.data.Dataset, directory: str | os.PathLike[str]
) -> tf.data.Dataset:
  """Opens the pixel files of a split; writes them if they are absent.

  Args:
    decoded: the decoded pairs of the split, see `packed.pack`; read only if the
      files are absent or damaged.
    directory: the folder of the files.

  Returns:
    The packed pairs, in the same order, with a known cardinality. They are
    views of the files: the dataset needs hardly any memory.

  Raises:
    ValueError: the files cannot be written.
  """
  directory = pathlib.Path(directory)
  pairs = _read_index(directory)
  if pairs is None:
    try:
      atomic.discard(directory)  # If it is damaged.
    except OSError as error:
      raise _unwritable(directory, error) from error
    print(
      f'Writing the decoded pixels to {directory} (once per state of the '
      'split) ...',
      file=sys.stderr,
      flush=True,
    )
    try:
      with atomic.atomic_path(directory) as temporary:
        _write(decoded, pathlib.Path(temporary))
    except OSError as error:
      if _read_index(directory) is None:  # Another process may be faster.
        raise _unwritable(directory, error) from error
    pairs = _read_index(directory)
    assert pairs is not None
  return _dataset(directory, pairs)


def _unwritable(directory: pathlib.Path, error: OSError) -> ValueError:
  return ValueError(
    f'The decoded pixels cannot be written to {directory}. '
    f'{failures.explain_os_error(error)} {_CURE}'
  )


def _write(decoded: tf.data.Dataset, directory: pathlib.Path) -> None:
  directory.mkdir(parents=True)
  columns: dict[str, list] = {}
  with contextlib.ExitStack() as stack:
    streams = {
      kind: stack.enter_context(open(directory / name, 'wb'))
      for kind, (name, _, _) in _KINDS.items()
    }
    for pair in _packed_pairs(decoded):
      for kind, stream in streams.items():
        first, count = _append(stream, pair[kind])
        pair |= {f'{kind}_row': first, f'{kind}_count': count}
        del pair[kind]
      for name, value in pair.items():
        columns.setdefault(name, []).append(value)
  # Object arrays would need pickle.
  columns['ids'] = [name.hex() for name in columns.pop('id')]
  arrays: dict[str, Any] = {x: np.array(y) for x, y in columns.items()}
  np.savez(directory / _PAIRS, **arrays)


def _packed_pairs(decoded: tf.data.Dataset) -> Iterator[dict]:
  dataset = decoded.map(packed.pack, tf.data.AUTOTUNE, deterministic=True)
  yield from dataset.prefetch(tf.data.AUTOTUNE).as_numpy_iterator()


def _append(stream: BinaryIO, pixels: np.ndarray) -> tuple[int, int]:
  """Appends pixels; returns their first row in the file and their number."""
  first = stream.tell() // _ROW_BYTES
  content = pixels.tobytes()
  stream.write(content)
  stream.write(b'\0' * (-len(content) % _ROW_BYTES))
  return first, len(pixels)


def _read_index(directory: pathlib.Path) -> dict[str, np.ndarray] | None:
  """Returns the columns of pairs.npz; None if the files are not complete."""
  try:
    with np.load(directory / _PAIRS) as stored:
      pairs = dict(stored)
    pairs['id'] = np.array(
      [bytes.fromhex(x) for x in pairs.pop('ids')], dtype=object
    )
    for kind, (name, dtype, channels) in _KINDS.items():
      end = pairs[f'{kind}_row'][-1] + _rows(
        pairs[f'{kind}_count'][-1], dtype, channels
      )
      if (directory / name).stat().st_size != end * _ROW_BYTES:
        return None
  # np.load raises errors of zipfile and pickle, too.
  except Exception:  # noqa: BLE001
    return None
  return pairs


def _rows(count: np.ndarray, dtype: tf.DType, channels: int) -> np.ndarray:
  return -(-count * channels * dtype.size // _ROW_BYTES)


def _dataset(
  directory: pathlib.Path, pairs: dict[str, np.ndarray]
) -> tf.data.Dataset:
  mapped = {
    kind: tf.raw_ops.ImmutableConst(
      dtype=dtype,
      shape=[
        (directory / name).stat().st_size // _ROW_BYTES,
        _ROW_BYTES // dtype.size,
      ],
      memory_region_name=os.fspath(directory / name),
    )
    for kind, (name, dtype, _) in _KINDS.items()
  }
  columns = {
    name: tf.constant(list(values) if name == 'id' else values)
    for name, values in pairs.items()
  }

  @tf.autograph.experimental.do_not_convert
  def view(pair):
    result = {name: pair[name] for name in ('id', 'rgb_size', 'depth_size')}
    for kind, (_, dtype, channels) in _KINDS.items():
      first, count = pair[f'{kind}_row'], pair[f'{kind}_count']
      rows = mapped[kind][first : first + _rows(count, dtype, channels)]
      values = tf.reshape(rows, (-1,))[: count * channels]
      result[kind] = tf.reshape(values, (-1, channels))
    return result

  return tf.data.Dataset.from_tensor_slices(columns).map(view)
