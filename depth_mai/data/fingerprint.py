# SPDX-License-Identifier: Apache-2.0
"""Describes the data of a run, so that a later start can tell what changed.

A split is described by its pairs, or by its record files if tfds prepared it;
each has a checksum of its bytes. Sizes and times of change are kept as well:
files in which none differs are not read again. Names and checksums alone
count as the data's identity, so a copy in another folder is the same data.
"""

from collections.abc import Sequence
import hashlib
import os
import pathlib
import sys

from depth_mai.challenge_folder import folder
from depth_mai.files import natural_order
from depth_mai.files import printable
from depth_mai.files import problems
from depth_mai.files import regular_files

_CHECKSUM_DIGITS = 16
_MOST_NAMES = 4
# Reading more takes so long that it is said.
_REPORTED_BYTES = 2e9


def describe(
  data_dir: str | os.PathLike[str],
  splits: Sequence[str],
  earlier: dict | None = None,
) -> dict:
  """Describes splits of a data directory.

  Args:
    data_dir: challenge folder or prepared tfds directory.
    splits: their names.
    earlier: result of a former call, to save time; None without one.

  Returns:
    By split, {'kind': 'pair' or 'record file', 'members': [stamp, checksum] by
    name}; it can be written as JSON.

  Raises:
    ValueError: if a split does not exist or cannot be used.
    OSError: if a file cannot be read.
  """
  description = {}
  for split in splits:
    kind, files = _files(pathlib.Path(data_dir).expanduser(), split)
    known = (earlier or {}).get(split, {}).get('members', {})
    stamps = {x: '+'.join(map(_stamp, paths)) for x, paths in files.items()}
    unknown = {
      name: paths
      for name, paths in files.items()
      if stamps[name] != known.get(name, ('', ''))[0]
    }
    size = sum(path.stat().st_size for p in unknown.values() for path in p)
    if size > _REPORTED_BYTES:
      print(
        f'Reading {size / 1e9:.0f} GB of {split} for their checksums, once ...',
        file=sys.stderr,
        flush=True,
      )
    members = {
      name: [
        stamp,
        _checksum(unknown[name]) if name in unknown else known[name][1],
      ]
      for name, stamp in stamps.items()
    }
    description[split] = {'kind': kind, 'members': members}
  return description


def describe_all(
  data_dirs: Sequence[str | os.PathLike[str]],
  splits: Sequence[str],
  earlier: dict | None = None,
) -> dict:
  """Describes the data of a training on one or several data sets.

  Args:
    data_dirs: the data directories, at least one.
    splits: splits of the first one; of the others only 'train' is used.
    earlier: result of a former call, to save time; None without one.

  Returns:
    As `describe`; the others are splits called 'train of data set 2' and so on.

  Raises:
    ValueError: as `describe`.
    OSError: if a file cannot be read.
  """
  earlier = earlier or {}
  description = describe(data_dirs[0], splits, earlier)
  for number, data_dir in enumerate(data_dirs[1:], start=2):
    name = f'train of data set {number}'
    known = {'train': earlier[name]} if name in earlier else None
    description[name] = describe(data_dir, ['train'], known)['train']
  return description


def is_description(value: object) -> bool:
  """Returns whether an object has the form of the result of `describe`."""
  return isinstance(value, dict) and all(
    isinstance(split, dict)
    and isinstance(split.get('kind'), str)
    and isinstance(split.get('members'), dict)
    and all(
      isinstance(member, list) and len(member) == 2
      for member in split['members'].values()
    )
    for split in value.values()
  )


def difference(before: dict, now: dict) -> str:
  """Returns what changed between two descriptions, '' if nothing did.

  Args:
    before: result of `describe`.
    now: another one.

  Returns:
    Text such as 'train: 6 pairs added (5, 6, 7, 8 and 2 more)'.
  """
  texts = []
  for split in sorted({*before, *now}):
    if split not in now or split not in before:
      texts.append(f'{split} is {"new" if split in now else "gone"}')
      continue
    old, new = before[split]['members'], now[split]['members']
    changes = {
      'added': new.keys() - old.keys(),
      'removed': old.keys() - new.keys(),
      'changed': {x for x in new.keys() & old.keys() if new[x][1] != old[x][1]},
    }
    for change, names in changes.items():
      if names:
        listed = [
          printable.printable(name, most=60)
          for name in sorted(names, key=natural_order.natural_key)
        ]
        texts.append(
          f'{split}: {problems.count(len(names), now[split]["kind"])} {change} '
          f'({problems.listing(listed, _MOST_NAMES)})'
        )
  return '; '.join(texts)


def _files(
  data_dir: pathlib.Path, split: str
) -> tuple[str, dict[str, list[pathlib.Path]]]:
  """Returns what a split consists of, and its files by name."""
  if folder.is_prepared(data_dir):
    from depth_mai.data import records  # A challenge folder needs no tfds.

    paths = records.files(data_dir, split)
    return 'record file', {path.name: [path] for path in paths}
  pairs = folder.list_pairs(data_dir, split)
  return 'pair', {
    pair.id: [path for path in (pair.rgb_path, pair.depth_path) if path]
    for pair in pairs
  }


def _stamp(path: pathlib.Path) -> str:
  stat = path.stat()
  # Programs can set back the time of the content, but not that of the inode.
  return f'{stat.st_size}-{stat.st_mtime_ns}-{stat.st_ctime_ns}'


def _checksum(paths: Sequence[pathlib.Path]) -> str:
  digest = hashlib.sha256()
  for path in paths:
    with regular_files.open_binary(path) as stream:
      digest.update(hashlib.file_digest(stream, 'sha256').digest())
  return digest.hexdigest()[:_CHECKSUM_DIGITS]
