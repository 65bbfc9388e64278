# SPDX-License-Identifier: Apache-2.0
"""Checks that prepared records are complete and undamaged before they are used.

TFRecord files have a checksum of each record, so a bit that a disk or a copy
changed is found when the record is read. Without this check that would be in
the middle of a training.
"""

import os
import pathlib
import re

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from depth_mai.files import failures
from depth_mai.files import regular_files

# Larger splits are not read twice: their damage is found while they are used.
MOST_BYTES = 8 * 2**30
_checked: set[tuple] = set()


class DamagedRecordsError(ValueError):
  """Records that are damaged or not complete."""


def open_builder(
  directory: str | os.PathLike[str],
) -> tfds.core.DatasetBuilder:
  """Opens a prepared tfds directory.

  Args:
    directory: the directory with dataset_info.json.

  Raises:
    DamagedRecordsError: its descriptions cannot be read.
  """
  try:
    for path in pathlib.Path(directory).glob('*.json'):
      regular_files.check(path)
    builder = tfds.builder_from_directory(directory)
    # Parsed on demand.
    for split in builder.info.splits.values():
      _ = split.filepaths, split.num_examples
    _ = builder.info.features.items()
  except Exception as error:  # tfds raises errors of its JSON libraries.
    raise DamagedRecordsError(
      f'The records {directory} cannot be opened: dataset_info.json or '
      f'features.json is damaged ({failures.reason(error)}). {_cure(directory)}'
    ) from error
  return builder


def check_split(
  directory: str | os.PathLike[str], info: tfds.core.SplitInfo
) -> None:
  """Reads all records of a split once per process, without decoding them.

  Args:
    directory: the directory, for messages.
    info: the split.

  Raises:
    DamagedRecordsError: a file is missing or damaged, or records are missing.
  """
  paths = [pathlib.Path(path) for path in info.filepaths]
  lost = [path for path in paths if not path.is_file()]
  if lost:
    raise DamagedRecordsError(
      f'The records {directory} are not complete: {lost[0]} is missing. '
      f'{_cure(directory)}'
    )
  stats = [path.stat() for path in paths]
  state = tuple(
    (path, stat.st_size, stat.st_mtime_ns)
    for path, stat in zip(paths, stats, strict=True)
  )
  is_read = info.file_instructions and all('.tfrecord' in p.name for p in paths)
  size = sum(stat.st_size for stat in stats)
  if not is_read or size > MOST_BYTES or state in _checked:
    return
  for path, expected in zip(paths, info.shard_lengths, strict=True):
    dataset = tf.data.TFRecordDataset(os.fspath(path), buffer_size=2**20)
    try:
      found = dataset.reduce(np.int64(0), lambda count, _: count + 1).numpy()
    except tf.errors.OpError as error:
      raise DamagedRecordsError(
        f'The records {directory} are damaged: {path.name} has a '
        f'{_reason(error)}. {_cure(directory)}'
      ) from error
    if found != expected:
      raise DamagedRecordsError(
        f'The records {directory} are damaged: {path.name} has {found} '
        f'records instead of {expected}. {_cure(directory)}'
      )
  _checked.add(state)


def _reason(error: tf.errors.OpError) -> str:
  """Returns what is wrong, without the names of TensorFlow's operators."""
  return re.sub(r'\{\{.*?\}\}\s*|\s*\[Op:.*', '', failures.reason(error))


def _cure(directory: str | os.PathLike[str]) -> str:
  return f'Remove {directory} and prepare or copy the records again.'
