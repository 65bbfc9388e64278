# SPDX-License-Identifier: Apache-2.0
"""The split on which files are measured, identified by its files' content.

Errors measured on a split stay valid while the split is the same, wherever it
is stored: its ids and the bytes of its files are compared, not its path.
"""

import hashlib
import os
import pathlib

from depth_mai.evaluation import evaluation
from depth_mai.files import folder
from depth_mai.runtime import model_file


def describe(
  data_dir: str | os.PathLike[str], split: str, limit: int | None = None
) -> dict:
  """Describes a split.

  Args:
    data_dir: challenge folder or prepared tfds directory.
    split: name of the split.
    limit: measure the first N images only; None for all.

  Returns:
    dict: data_dir_name, the name of the folder; split; images, how many are
    measured; fingerprint, 64 hexadecimal digits.

  Raises:
    ValueError: if there is no such split, or limit is below 1.
  """
  if limit is not None and limit < 1:
    raise ValueError(f'limit must be at least 1, got {limit}. Change --limit.')
  data_dir = pathlib.Path(data_dir).expanduser()
  ids = evaluation.split_ids(data_dir, split)[:limit]
  digest = hashlib.sha256()
  for line in (*ids, *_file_lines(data_dir, split, limit)):
    digest.update(f'{line}\n'.encode())
  return {
    'data_dir_name': data_dir.resolve().name,
    'split': split,
    'images': len(ids),
    'fingerprint': digest.hexdigest(),
  }


def _file_lines(
  data_dir: pathlib.Path, split: str, limit: int | None
) -> list[str]:
  """Returns the SHA-256 of every file that is read."""
  if folder.is_prepared(data_dir):
    # The records of all images are in the same few files.
    paths = sorted(data_dir.glob(f'*-{split}.*'))
  else:
    paths = [
      path
      for pair in folder.list_pairs(data_dir, split)[:limit]
      for path in (pair.rgb_path, pair.depth_path)
      if path is not None
    ]
  return [model_file.file_sha256(path) for path in paths]
