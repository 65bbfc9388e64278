# SPDX-License-Identifier: Apache-2.0
"""Divides frames into training, validation and test."""

import collections
from collections.abc import Mapping
from collections.abc import Sequence
import fnmatch
import hashlib
import pathlib
from typing import Any

from depth_mai.challenge_folder import folder
from depth_mai.datasets.rgbd_folder import description as description_lib
from depth_mai.datasets.rgbd_folder import pairing
from depth_mai.datasets.rgbd_folder import split_list
from depth_mai.files import problems as problems_lib

Frame = pairing.Frame
Problem = problems_lib.Problem
Split = description_lib.Split

DEFAULT_SHARE = 0.1
# The usual names of the folders of splits.
_USUAL_FOLDERS = {
  'train': ('train', 'training'),
  'validation': ('val', 'valid', 'validation'),
  'test': ('test', 'testing'),
}
USUAL_FOLDERS = frozenset(sum(_USUAL_FOLDERS.values(), ()))
_THE_REST = object()
# Whole sequences may exceed the requested share by this factor.
_MOST_OVER = 1.5


def divide(
  frames: Sequence[Frame],
  split: Split,
  source: pathlib.Path,
  notes: list[str] | None = None,
) -> dict[str, list[Frame]]:
  """Divides frames into splits.

  Folders for {split} in the patterns, lists of sequences and list files come
  first. A share is then taken from the remaining training frames, in whole
  sequences, so that validation shares no scene with training; a share of a
  single sequence is its end.

  Args:
    frames: in the order of `pairing.find_frames`.
    split: the rule.
    source: folder of the recordings; paths of list files are relative to it.
    notes: gets findings in list files that are no problems.

  Returns:
    Frames by the name of their split, in the order of `frames`; without empty
    splits.

  Raises:
    BadInputError: (a ValueError) if a name or a line of a list matches nothing,
      a frame is in two splits, or none is left for training.
  """
  rules = _rules(frames, split)
  chosen, problems = _by_name(
    frames, rules, source, [] if notes is None else notes
  )
  for name, rule in rules.items():
    if isinstance(rule, int | float) and rule:
      left = [frame for frame in frames if chosen.get(frame.id) == 'train']
      taken = (
        _ends(left, rule)
        if split.divide_sequences or len(_by_sequence(left)) < 2
        else _whole_sequences(left, rule, name)
      )
      chosen.update({frame.id: name for frame in taken})
  result = collections.defaultdict(list, {name: [] for name in folder.SPLITS})
  for frame in frames:
    result[chosen.get(frame.id)].append(frame)
  if not result['train'] and not problems:
    what = f'none of {len(frames)} frames is left for training'
    cure = 'make the shares in [split] smaller, or name fewer sequences'
    problems.append(Problem(source, what, cure))
  problems_lib.check(problems)
  return {name: result[name] for name in result if name and result[name]}


def list_files(split: Split) -> set[str]:
  """Returns the list files of a rule, as relative paths with '/'."""
  rules = (getattr(split, name) for name in folder.SPLITS)
  return {
    pathlib.PurePath(rule).as_posix() for rule in rules if isinstance(rule, str)
  }


def sequences_in_two(splits: dict[str, list[Frame]]) -> list[str]:
  """Returns the sequences that training shares with another split."""
  trained = {frame.sequence for frame in splits.get('train', ())}
  other = {
    frame.sequence
    for name, frames in splits.items()
    for frame in frames
    if name != 'train'
  }
  return sorted(trained & other)


def _rules(frames: Sequence[Frame], split: Split) -> dict[str, Any]:
  """Returns the rule of each split; the default where none is given."""
  rules = {name: getattr(split, name) for name in folder.SPLITS}
  folders = {frame.folder for frame in frames if frame.folder}
  if not folders:
    defaults = {'train': _THE_REST, 'validation': DEFAULT_SHARE, 'test': None}
  else:
    defaults = {
      name: tuple(sorted(f for f in folders if f.lower() in usual)) or None
      for name, usual in _USUAL_FOLDERS.items()
    }
  return {
    name: defaults[name] if rule is None else rule
    for name, rule in rules.items()
  }


def _by_name(
  frames: Sequence[Frame],
  rules: Mapping[str, Any],
  source: pathlib.Path,
  notes: list[str],
) -> tuple[dict[str, str], list[Problem]]:
  """Returns the splits that names and lists give to ids, and problems."""
  chosen, problems = {}, []
  for name, rule in rules.items():
    if rule is None or rule is _THE_REST or isinstance(rule, int | float):
      continue
    if isinstance(rule, str):
      path = source / rule
      ids = split_list.read(path, name, frames, source, problems, notes)
    else:
      ids = _with_names(frames, name, rule, source, problems)
    for frame_id in ids:
      other = chosen.setdefault(frame_id, name)
      if other != name:
        what = f'the frame {frame_id} is in split.{other} and in split.{name}'
        problems.append(Problem(source, what, 'keep it in one of them'))
  if rules['train'] is _THE_REST:
    chosen = dict.fromkeys((frame.id for frame in frames), 'train') | chosen
  return chosen, problems


def _with_names(
  frames: Sequence[Frame],
  name: str,
  patterns: Sequence[str],
  source: pathlib.Path,
  problems: list[Problem],
) -> list[str]:
  """Returns the ids of the frames in folders or sequences."""
  by_name = collections.defaultdict(list)
  for frame in frames:
    for part in {frame.folder, frame.sequence} - {''}:
      by_name[part].append(frame.id)
  ids = []
  for wanted in patterns:
    matching = [n for n in by_name if fnmatch.fnmatchcase(n, wanted)]
    ids += [frame_id for n in matching for frame_id in by_name[n]]
    if not matching:
      what = f"split.{name}: no folder or sequence matches '{wanted}'"
      cure = f'the names are {problems_lib.listing(sorted(by_name))}'
      problems.append(Problem(source, what, cure))
  return ids


def _by_sequence(frames: Sequence[Frame]) -> dict[str, list[Frame]]:
  sequences = collections.defaultdict(list)
  for frame in frames:
    sequences[frame.sequence].append(frame)
  return sequences


def _ends(frames: Sequence[Frame], share: float) -> list[Frame]:
  """Returns the last frames of each sequence."""
  ends = []
  for sequence in _by_sequence(frames).values():
    count = max(1, round(share * len(sequence))) if len(sequence) > 1 else 0
    ends += sequence[len(sequence) - count :]
  return ends


def _whole_sequences(
  frames: Sequence[Frame], share: float, name: str
) -> list[Frame]:
  """Returns whole sequences with about a share of the frames.

  They are taken in the order of a hash of their name, so that recordings added
  later do not move the others.
  """
  sequences = _by_sequence(frames)
  order = sorted(
    sequences,
    key=lambda key: hashlib.sha256(f'{name}/{key}'.encode()).digest(),
  )
  wanted, taken = share * len(frames), []
  for key in order:
    if len(taken) + len(sequences[key]) <= _MOST_OVER * wanted:
      taken += sequences[key]
    if len(taken) >= wanted:
      break
  return taken or min(sequences.values(), key=len)
