# SPDX-License-Identifier: Apache-2.0
"""Opens a data directory, of either kind, for training or for evaluation.

A data directory (`--data_dir`) is a folder in the challenge's layout
(`depth_mai.files.folder`), or a directory that tfds has prepared, which holds a
dataset_info.json: records of mai_depth, procedural_rooms, rgbd_folder, or of
another builder whose features `records.LAYOUTS` lists.

TensorFlow is imported only where records are read, so that a challenge folder
can be evaluated on a device without it.
"""

from collections.abc import Iterator
import json
import os
import pathlib
from typing import TYPE_CHECKING

import numpy as np

from depth_mai.files import folder

if TYPE_CHECKING:
  import tensorflow as tf

_INFO_FILE = 'dataset_info.json'


def split_names(data_dir: str | os.PathLike[str]) -> list[str]:
  """Returns the names of the splits; needs no TensorFlow for either kind.

  Args:
    data_dir: challenge folder or prepared tfds directory.

  Raises:
    ValueError: if `data_dir` is of neither kind.
  """
  data_dir = _data_dir(data_dir)
  if (data_dir / _INFO_FILE).is_file():
    info = json.loads((data_dir / _INFO_FILE).read_text())
    return [split['name'] for split in info['splits']]
  return folder.split_names(data_dir)


def open_split(
  data_dir: str | os.PathLike[str],
  split: str,
  records_dir: str | os.PathLike[str] | None = None,
  decode: bool = False,
) -> 'tf.data.Dataset':
  """Opens one split; records of a challenge folder are prepared if need be.

  The order is the same at every call (records are stored in the order of a hash
  of the id), and the cardinality is known.

  Args:
    data_dir: challenge folder or prepared tfds directory.
    split: name of the split.
    records_dir: where the records of challenge folders are kept; by default
      `$DEPTH_MAI_RECORDS`, or else ~/.cache/depth_mai/records.
    decode: whether to decode the pictures.

  Returns:
    {'id', 'rgb', 'depth_mm'}: strings, 'rgb' a PNG or JPEG file and 'depth_mm'
    a PNG file; if decoded, 'rgb' [H, W, 3] uint8 and 'depth_mm' [H, W, 1]
    uint16, millimetres, 0 = unknown. H and W may differ between pairs.

  Raises:
    ValueError: if `data_dir` is of neither kind, the split is not there, or a
      file of a challenge folder cannot be used.
  """
  from depth_mai.data import records

  data_dir = _data_dir(data_dir)
  if not records.is_prepared(data_dir):
    folder.list_pairs(data_dir, split)  # Refuses before all is prepared.
    data_dir = records.prepare(data_dir, records_dir)
  dataset = records.open_records(data_dir, split)
  if decode:
    import tensorflow as tf

    dataset = dataset.map(records.decode, num_parallel_calls=tf.data.AUTOTUNE)
  return dataset


def decode_example(example: dict[str, 'tf.Tensor']) -> dict[str, 'tf.Tensor']:
  """Decodes an element of `open_split(..., decode=False)`.

  Args:
    example: 'id', 'rgb' and 'depth_mm', strings.

  Returns:
    'id', 'rgb' [H, W, 3] uint8, 'depth_mm' [H, W, 1] uint16, millimetres; the
    same values that `folder.read_rgb` and `folder.read_depth_mm` give.
  """
  from depth_mai.data import records

  return records.decode(example)


def evaluation_pairs(
  data_dir: str | os.PathLike[str], split: str
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
  """Iterates over one split in NumPy; a challenge folder needs no TensorFlow.

  The order is that of the ids in a challenge folder, that of the files in
  records.

  Args:
    data_dir: challenge folder or prepared tfds directory.
    split: name of the split.

  Returns:
    An iterator over (id, rgb_uint8 [H, W, 3], depth_mm [H, W] uint16, 0 =
    unknown).

  Raises:
    ValueError: now, if `data_dir` is of neither kind or the split is not there
      or has no depth maps; while iterating, if a file cannot be used.
  """
  data_dir = _data_dir(data_dir)
  if (data_dir / _INFO_FILE).is_file():
    from depth_mai.data import records

    return _record_pairs(records.open_records(data_dir, split), data_dir)
  if folder.list_pairs(data_dir, split)[0].depth_path is None:
    raise ValueError(
      f'{data_dir / split} has no depth maps, so nothing can be measured on '
      f'it. Choose another split, or add {data_dir / split}/depth.'
    )
  return folder.iterate_pairs(data_dir, split)


def _record_pairs(
  dataset: 'tf.data.Dataset', directory: pathlib.Path
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
  """Yields the decoded pairs of encoded records."""
  for example in dataset.map(decode_example):
    name = example['id'].numpy().decode()
    depth_mm = example['depth_mm'].numpy()[..., 0]
    if not depth_mm.any():
      raise ValueError(
        f"The depth of '{name}' in the records {directory} is unknown (0) "
        'everywhere, so nothing can be measured on it. Choose a split that '
        'has depth maps.'
      )
    yield name, example['rgb'].numpy(), depth_mm


def _data_dir(data_dir: str | os.PathLike[str]) -> pathlib.Path:
  """Returns the path, or says which directory below it was probably meant."""
  data_dir = pathlib.Path(data_dir).expanduser()
  is_records = (data_dir / _INFO_FILE).is_file()
  if is_records or any((data_dir / name).is_dir() for name in folder.SPLITS):
    return data_dir
  below = [
    str(path.parent)
    for pattern in (f'*/{_INFO_FILE}', f'*/*/{_INFO_FILE}')
    for path in sorted(data_dir.glob(pattern))
  ]
  if below:
    raise ValueError(
      f'{data_dir} is not a data directory, but there are records below it. '
      f'Point --data_dir at one of: {", ".join(below)}.'
    )
  return data_dir
