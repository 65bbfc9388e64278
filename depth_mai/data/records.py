# SPDX-License-Identifier: Apache-2.0
"""Records of a challenge folder: prepared once, complete or not there.

    <records_dir>/<fingerprint of the folder>/mai_depth/<version>/

The fingerprint covers the folder's place and the name, size and time of each of
its files. So two folders never share records, and a folder that has changed
gets new ones. Records are written under another name in `records_dir`, one that
ends in `.partial`, and renamed when they are complete: a run that was stopped
leaves nothing that a later one would take for records, and of two processes
that prepare the same folder at once, the second to finish takes the first's.
"""

from collections.abc import Iterator
import contextlib
import hashlib
import io
import os
import pathlib
import shutil
import sys
import threading
import time
import uuid

from absl import logging
import tensorflow as tf
import tensorflow_datasets as tfds

from depth_mai.data import folder
from depth_mai.datasets.mai_depth import mai_depth_dataset_builder

RECORDS_DIR_VARIABLE = 'DEPTH_MAI_RECORDS'
DEFAULT_RECORDS_DIR = '~/.cache/depth_mai/records'

_FEATURES = ('depth', 'id', 'rgb')
_MAX_SHARD_BYTES = 256 * 2**20
_WRITING = threading.Lock()


def fingerprint(root: str | os.PathLike[str]) -> str:
  """Returns 16 hexadecimal digits that stand for a folder as it is now.

  Args:
    root: folder in the challenge's layout.

  Raises:
    ValueError: if `root` is no folder or holds no split.
  """
  root = pathlib.Path(root).expanduser().resolve()
  digest = hashlib.sha256()
  digest.update(f'{mai_depth_dataset_builder.Builder.VERSION}\0'.encode())
  digest.update(os.fsencode(root) + b'\0')
  for split in folder.split_names(root):
    for path in sorted((root / split).glob('*/*')):
      stat = path.stat()
      digest.update(os.fsencode(path.relative_to(root)))
      digest.update(f'\0{stat.st_size}\0{stat.st_mtime_ns}\0'.encode())
  return digest.hexdigest()[:16]


def prepare(
  root: str | os.PathLike[str],
  records_dir: str | os.PathLike[str] | None = None,
) -> pathlib.Path:
  """Makes the records of a folder, unless they are there, and says so.

  Args:
    root: folder in the challenge's layout.
    records_dir: where records are kept, for all folders. If None, that is
      `$DEPTH_MAI_RECORDS`, and without it `DEFAULT_RECORDS_DIR`.

  Returns:
    The prepared tfds directory (it holds dataset_info.json).

  Raises:
    ValueError: if anything in the folder is bad (`BadInputError`, with every
      problem), `records_dir` cannot be written, or the folder changes while
      it is read.
  """
  if records_dir is None:
    records_dir = os.environ.get(RECORDS_DIR_VARIABLE) or DEFAULT_RECORDS_DIR
  root = pathlib.Path(root).expanduser().resolve()
  records_dir = pathlib.Path(records_dir).expanduser().resolve()
  name = fingerprint(root)
  builder_cls = mai_depth_dataset_builder.Builder
  place = pathlib.Path(builder_cls.name) / str(builder_cls.VERSION)
  final = records_dir / name
  if is_prepared(final / place):
    return final / place

  started_s = time.monotonic()
  _say(f'Preparing records of {root} (once for this folder as it is) ...')
  partial = records_dir / f'{name}.{uuid.uuid4().hex[:8]}.partial'
  try:
    partial.mkdir(parents=True)
  except OSError as error:
    raise ValueError(
      f'Records cannot be written to {records_dir} ({error.strerror}). Choose '
      f'another folder with --records_dir or ${RECORDS_DIR_VARIABLE}.'
    ) from error
  try:
    with _WRITING, _quiet():
      _write(root, partial)
    if fingerprint(root) != name:
      raise ValueError(
        f'{root} has changed while its records were prepared, which were '
        'thrown away. Run again when no other program writes there.'
      )
    try:
      partial.rename(final)
    except OSError:
      if not is_prepared(final / place):  # Else another process was faster.
        raise
  finally:
    shutil.rmtree(partial, ignore_errors=True)
  counts = ', '.join(f'{n} {split}' for split, n in counts_in(final / place))
  elapsed_s = time.monotonic() - started_s
  _say(f'Prepared {counts} pairs in {elapsed_s:.1f} s: {final / place}')
  return final / place


def is_prepared(directory: str | os.PathLike[str]) -> bool:
  """Whether a directory is one that tfds has prepared."""
  return pathlib.Path(directory, 'dataset_info.json').is_file()


def counts_in(directory: str | os.PathLike[str]) -> list[tuple[str, int]]:
  """Returns (split, number of pairs) of a prepared directory."""
  splits = tfds.builder_from_directory(directory).info.splits
  return [(name, info.num_examples) for name, info in splits.items()]


def open_records(
  directory: str | os.PathLike[str], split: str
) -> tf.data.Dataset:
  """Opens a split of a prepared directory, in the order of its files.

  Args:
    directory: prepared tfds directory with the features rgb, depth and id.
    split: name of a split in it.

  Returns:
    {'id', 'rgb', 'depth_mm'}, all strings, the pictures still encoded; with a
    known cardinality.

  Raises:
    ValueError: if the split, a feature or a file is not there.
  """
  builder = tfds.builder_from_directory(directory)
  splits, features = builder.info.splits, builder.info.features
  if split not in splits:
    raise ValueError(
      f"The records {directory} have no split '{split}'; they have "
      f'{", ".join(splits)}. Choose one of these.'
    )
  missing = [name for name in _FEATURES if name not in features]
  if missing:
    raise ValueError(
      f'The records {directory} have no feature {", ".join(missing)}; they '
      f'have {", ".join(sorted(features))}. Point --data_dir at records of '
      'mai_depth or procedural_rooms.'
    )
  lost = [p for p in splits[split].filepaths if not pathlib.Path(p).is_file()]
  if lost:
    raise ValueError(
      f'The records {directory} are not complete: {lost[0]} is missing. '
      'Remove that folder and prepare or copy it again.'
    )
  encoded = tfds.decode.SkipDecoding()
  dataset = builder.as_dataset(
    split=split,
    decoders={'rgb': encoded, 'depth': encoded},
    shuffle_files=False,
    read_config=tfds.ReadConfig(
      interleave_cycle_length=1,  # One file after the other.
      try_autocache=False,  # The pipeline decides what to keep in memory.
    ),
  )
  return dataset.map(
    lambda example: {
      'id': example['id'],
      'rgb': example['rgb'],
      'depth_mm': example['depth'],
    }
  )


def decode(example: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
  """Decodes the pictures of an example, to the very values that Pillow reads.

  `tf.io.decode_image`, and the default of `tf.io.decode_jpeg`, use a faster
  inverse transform, which is off by 1 grey level in the mean, by 7 in places.

  Args:
    example: 'id', 'rgb' and 'depth_mm' as strings; 'rgb' holds a JPEG or PNG
      file (the op reads both), 'depth_mm' a PNG file.

  Returns:
    'id' as it was, 'rgb' [H, W, 3] uint8, 'depth_mm' [H, W, 1] uint16.
  """
  return {
    'id': example['id'],
    'rgb': tf.io.decode_jpeg(
      example['rgb'], channels=3, dct_method='INTEGER_ACCURATE'
    ),
    'depth_mm': tf.io.decode_png(
      example['depth_mm'], channels=1, dtype=tf.uint16
    ),
  }


def _write(root: pathlib.Path, tfds_data_dir: pathlib.Path) -> None:
  """Writes the records below a directory, as tfds lays them out."""
  downloads = tfds_data_dir / 'downloads'  # tfds makes it; it stays empty.
  builder = mai_depth_dataset_builder.Builder(data_dir=tfds_data_dir)
  builder.download_and_prepare(
    download_dir=downloads,
    download_config=tfds.download.DownloadConfig(
      manual_dir=root,
      try_download_gcs=False,
      max_shard_size=_MAX_SHARD_BYTES,
    ),
  )
  shutil.rmtree(downloads, ignore_errors=True)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
  """Silences tfds, which names the folder that is about to be renamed."""
  tfds.disable_progress_bar()
  verbosity = logging.get_verbosity()
  logging.set_verbosity(logging.WARNING)
  try:
    with contextlib.redirect_stdout(io.StringIO()):
      yield
  finally:
    logging.set_verbosity(verbosity)


def _say(message: str) -> None:
  print(message, file=sys.stderr, flush=True)
