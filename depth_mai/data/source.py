# SPDX-License-Identifier: Apache-2.0
"""Opens data directories for training and evaluation.

A data directory (`--data_dir`) is a folder in the challenge's layout (see
`challenge_folder.folder`) or a directory of records prepared by tfds: those of
mai_depth, procedural_rooms, rgbd_folder, or of another builder with features
that `records.LAYOUTS` lists. `--data_dir=procedural_rooms` stands for a folder
of procedural rooms, which `resolve` writes at its first use.

TensorFlow is imported only where records are read, so that a challenge folder
can be evaluated on a device without it.
"""

from collections.abc import Iterator
from collections.abc import Mapping
import json
import os
import pathlib
import sys
from typing import TYPE_CHECKING
from typing import cast
from typing import overload

import numpy as np

from depth_mai import challenge
from depth_mai.challenge_folder import folder
from depth_mai.files import default_places
from depth_mai.files import failures
from depth_mai.files import regular_files

if TYPE_CHECKING:
  import tensorflow as tf

# What a damaged description of records raises.
_UNREADABLE = (OSError, ValueError, LookupError, TypeError, RecursionError)
ROOMS = 'procedural_rooms'
ROOMS_FOLDER_VARIABLE = 'DEPTH_MAI_ROOMS'
DEFAULT_ROOMS_FOLDER = '~/.cache/depth_mai/procedural_rooms'
ROOMS_COUNTS = {'train': 600, 'validation': 100, 'test': 20}


@overload
def resolve(data_dir: str, counts: Mapping[str, int] | None = None) -> str: ...


@overload
def resolve(
  data_dir: str | None, counts: Mapping[str, int] | None = None
) -> str | None: ...


def resolve(
  data_dir: str | None, counts: Mapping[str, int] | None = None
) -> str | None:
  """Turns the name 'procedural_rooms' into a folder of rooms.

  The folder is $DEPTH_MAI_ROOMS or ~/.cache/depth_mai/procedural_rooms, in the
  challenge's layout. The first use writes it, in a minute or two; existing
  pairs are not written again.

  Args:
    data_dir: the value of --data_dir. Anything but 'procedural_rooms' is
      returned unchanged, so call a local folder of that name
      ./procedural_rooms.
    counts: pairs by split, `ROOMS_COUNTS` if None.

  Returns:
    The folder, or `data_dir`.

  Raises:
    ValueError: if the folder cannot be written.
  """
  if data_dir != ROOMS:
    return data_dir
  # The renderer takes time to import, and few runs need it.
  from depth_mai.datasets.procedural_rooms import folder as rooms_folder

  folder_name = os.environ.get(ROOMS_FOLDER_VARIABLE) or DEFAULT_ROOMS_FOLDER
  cure = f'Set ${ROOMS_FOLDER_VARIABLE} to a folder that can be written.'
  root = default_places.expanded(folder_name, cure)
  print(f'Procedural rooms in {root}', file=sys.stderr, flush=True)
  try:
    rooms_folder.write(root, dict(counts or ROOMS_COUNTS))
  except OSError as error:
    raise ValueError(
      'The procedural rooms cannot be written. '
      f'{failures.explain_os_error(error)} {cure}'
    ) from error
  return str(root)


def split_names(data_dir: str | os.PathLike[str]) -> list[str]:
  """Returns the names of the splits, without TensorFlow.

  Args:
    data_dir: challenge folder or prepared tfds directory.

  Raises:
    ValueError: if `data_dir` is neither, or its description is damaged.
  """
  data_dir = _data_dir(data_dir)
  if folder.is_prepared(data_dir):
    path = data_dir / folder.INFO_FILE
    try:
      info = json.loads(regular_files.read_bytes(path))
      return [split['name'] for split in info['splits']]
    except _UNREADABLE as error:
      raise ValueError(
        f'{path} is damaged ({failures.reason(error)}). Prepare or copy the '
        'records again.'
      ) from error
  return folder.split_names(data_dir)


def open_split(
  data_dir: str | os.PathLike[str],
  split: str,
  records_dir: str | os.PathLike[str] | None = None,
  decode: bool = False,
  on_disk: bool = False,
) -> 'tf.data.Dataset':
  """Opens one split; prepares the records of a challenge folder if needed.

  The order is the same at every call (records are stored in the order of a hash
  of the id), and the cardinality is known.

  Args:
    data_dir: challenge folder or prepared tfds directory.
    split: name of the split.
    records_dir: folder for the records of challenge folders; by default
      `$DEPTH_MAI_RECORDS` or, without it, ~/.cache/depth_mai/records.
    decode: whether to decode the pictures.
    on_disk: whether to keep the decoded pixels in files, see pixel_files.py.

  Returns:
    {'id', 'rgb', 'depth_mm'}: strings, 'rgb' a PNG or JPEG file and 'depth_mm'
    a PNG file; if decoded, as `decode_example` returns them; with `on_disk`
    packed, as `packed.pack` returns them. Sizes may differ between pairs.

  Raises:
    ValueError: if `data_dir` is neither kind of directory, the split does not
      exist, or a file of a challenge folder cannot be used.
  """
  from depth_mai.data import records

  data_dir = _data_dir(data_dir)
  if not folder.is_prepared(data_dir):
    folder.list_pairs(data_dir, split)  # Fails before anything is prepared.
    data_dir = records.prepare(data_dir, records_dir)
  dataset = records.open_records(data_dir, split)
  if decode or on_disk:
    import tensorflow as tf

    dataset = dataset.map(decode_example, num_parallel_calls=tf.data.AUTOTUNE)
  if on_disk:
    from depth_mai.data import pixel_files

    state = records.state(data_dir, split)
    folder_name = records.folder_of_all(records_dir) / pixel_files.FOLDER
    return pixel_files.open_pixels(dataset, folder_name / state)
  return dataset


def decode_example(example: dict[str, 'tf.Tensor']) -> dict[str, 'tf.Tensor']:
  """Decodes an example of `open_split` to the exact values that Pillow reads.

  `tf.io.decode_image`, and `tf.io.decode_jpeg` by default, use a faster inverse
  transform, which is off by 1 grey level on average and by 7 in places.

  Args:
    example: 'id', 'rgb' and 'depth_mm', strings; 'rgb' is a JPEG or PNG file
      (the op reads both), 'depth_mm' a PNG file.

  Returns:
    'id' unchanged, 'rgb' [H, W, 3] uint8, 'depth_mm' [H, W, 1] uint16,
    millimetres, 0 = unknown. 65535 becomes 0: builders that do not know the
    rule of `true_depth` store it.
  """
  import tensorflow as tf

  depth_mm = tf.io.decode_png(example['depth_mm'], channels=1, dtype=tf.uint16)
  unknown = depth_mm == challenge.MAX_DEPTH_MM
  return {
    'id': example['id'],
    'rgb': tf.io.decode_jpeg(
      example['rgb'], channels=3, dct_method='INTEGER_ACCURATE'
    ),
    'depth_mm': tf.where(unknown, tf.zeros_like(depth_mm), depth_mm),
  }


def evaluation_pairs(
  data_dir: str | os.PathLike[str], split: str
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
  """Iterates over one split in NumPy; a challenge folder needs no TensorFlow.

  A challenge folder is read in the order of the ids, records in the order of
  their files.

  Args:
    data_dir: challenge folder or prepared tfds directory.
    split: name of the split.

  Returns:
    An iterator over (id, rgb_uint8 [H, W, 3], depth_mm [H, W] uint16, 0 =
    unknown).

  Raises:
    ValueError: at once, if `data_dir` is neither kind of directory, or the
      split does not exist or has no depth maps; while iterating, if a file
      cannot be used.
  """
  data_dir = _data_dir(data_dir)
  if folder.is_prepared(data_dir):
    from depth_mai.data import records

    return _record_pairs(records.open_records(data_dir, split), data_dir)
  if folder.list_pairs(data_dir, split)[0].depth_path is None:
    raise ValueError(
      f'{data_dir / split} has no depth maps, so nothing can be measured on '
      f'it. Choose another split, or add {data_dir / split}/depth.'
    )
  # A split has a depth map for each picture; only test may have none at all.
  return cast(
    Iterator[tuple[str, np.ndarray, np.ndarray]],
    folder.iterate_pairs(data_dir, split),
  )


def id_text(name: bytes) -> str:
  """Returns an id of records as text; bytes that are not UTF-8 are escaped."""
  return name.decode('utf-8', 'backslashreplace')


def _record_pairs(
  dataset: 'tf.data.Dataset', directory: pathlib.Path
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
  """Yields the decoded pairs of encoded records."""
  import tensorflow as tf

  dataset = dataset.map(decode_example, tf.data.AUTOTUNE, deterministic=True)
  for example in dataset.prefetch(tf.data.AUTOTUNE):
    name = id_text(example['id'].numpy())
    depth_mm = example['depth_mm'].numpy()[..., 0]
    if not depth_mm.any():
      raise ValueError(
        f"The depth of '{name}' in the records {directory} is unknown (0) "
        'everywhere, so nothing can be measured on it. Choose a split with '
        'depth maps.'
      )
    yield name, example['rgb'].numpy(), depth_mm


def _data_dir(data_dir: str | os.PathLike[str]) -> pathlib.Path:
  """Returns the path, or raises if only directories below it have records."""
  data_dir = pathlib.Path(data_dir).expanduser()
  if folder.is_prepared(data_dir) or folder.is_challenge_folder(data_dir):
    return data_dir
  below = [
    str(path.parent)
    for pattern in (f'*/{folder.INFO_FILE}', f'*/*/{folder.INFO_FILE}')
    for path in sorted(data_dir.glob(pattern))
  ]
  if below:
    raise ValueError(
      f'{data_dir} is not a data directory, but there are records below it. '
      f'Point --data_dir at one of: {", ".join(below)}.'
    )
  return data_dir
