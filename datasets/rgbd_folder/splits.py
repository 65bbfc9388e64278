# SPDX-License-Identifier: Apache-2.0
"""Decides which frames are for training, validation and test."""

import collections
from collections.abc import Sequence
import fnmatch
import hashlib
import pathlib

from depth_mai.datasets.rgbd_folder import description as description_lib
from depth_mai.datasets.rgbd_folder import pairing
from depth_mai.files import folder
from depth_mai.files import problems as problems_lib

Frame = pairing.Frame
Split = description_lib.Split

DEFAULT_SHARE = 0.1
# What the folders of splits are usually called.
_USUAL_FOLDERS = {
  'train': ('train', 'training'),
  'validation': ('val', 'valid', 'validation'),
  'test': ('test', 'testing'),
}
USUAL_FOLDERS = frozenset(sum(_USUAL_FOLDERS.values(), ()))
_THE_REST = object()
# A share of whole sequences may be this much larger than what was asked for.
_MOST_OVER = 1.5


def divide(
  frames: Sequence[Frame], split: Split, source: pathlib.Path
) -> dict[str, list[Frame]]:
  """Divides frames into splits.

  First come the folders that stand for {split} in the patterns, then lists of
  sequences and list files. A share is taken from what is left for training, in
  whole sequences, so that validation shares no scene with training; of a
  single sequence it is the end.

  Args:
    frames: in the order of `pairing.find_frames`.
    split: the rule.
    source: folder of the recordings, where list files are looked for.

  Returns:
    Frames by the name of their split, in the order of `frames`; without empty
    splits.

  Raises:
    BadInputError: (a ValueError) if a name or a line of a list stands for
      nothing, a frame is in two splits, or none is left for training.
  """
  rules = _rules(frames, split)
  chosen, problems = _by_name(frames, rules, source)
  for name, rule in rules.items():
    if isinstance(rule, int | float) and rule:
      left = [frame for frame in frames if chosen.get(frame.id) == 'train']
      taken = (
        _ends(left, rule)
        if split.divide_sequences or len(_by_sequence(left)) < 2
        else _whole_sequences(left, rule, name)
      )
      chosen.update({frame.id: name for frame in taken})
  result = {
    name: kept
    for name in folder.SPLITS
    if (kept := [frame for frame in frames if chosen.get(frame.id) == name])
  }
  if 'train' not in result and not problems:
    what = f'of {len(frames)} frames none is left for training'
    cure = 'make the shares in [split] smaller, or name fewer sequences'
    problems.append(problems_lib.Problem(source, what, cure))
  if problems:
    raise problems_lib.BadInputError(problems)
  return result


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


def _rules(frames, split):
  """Returns the rule of each split; what is not given gets the usual one."""
  rules = {name: getattr(split, name) for name in folder.SPLITS}
  folders = {frame.folder for frame in frames if frame.folder}
  for name, rule in rules.items():
    if rule is None and folders:
      usual = [f for f in folders if f.lower() in _USUAL_FOLDERS[name]]
      rules[name] = tuple(sorted(usual)) or None
  if rules['validation'] is None and not folders:
    rules['validation'] = DEFAULT_SHARE
  if rules['train'] is None and not folders:
    rules['train'] = _THE_REST
  return rules


def _by_name(frames, rules, source):
  """Returns the split by id of the frames that names and lists stand for."""
  chosen, problems = {}, []
  for name, rule in rules.items():
    if rule is None or rule is _THE_REST or isinstance(rule, int | float):
      continue
    for frame_id in _listed(frames, name, rule, source, problems):
      other = chosen.setdefault(frame_id, name)
      if other != name:
        what = f'the frame {frame_id} is in split.{other} and in split.{name}'
        cure = 'leave it in one of them'
        problems.append(problems_lib.Problem(source, what, cure))
  if rules['train'] is _THE_REST:
    chosen = dict.fromkeys((frame.id for frame in frames), 'train') | chosen
  return chosen, problems


def _listed(frames, name, rule, source, problems):
  """Returns the ids of the frames that a list of names or a file stands for."""
  if isinstance(rule, str):
    return _in_file(frames, name, source / rule, source, problems)
  ids = []
  for wanted in rule:
    found = [
      frame.id
      for frame in frames
      if any(fnmatch.fnmatchcase(n, wanted) for n in _names(frame))
    ]
    ids += found
    if not found:
      names = sorted({name for frame in frames for name in _names(frame)})
      more = f' and {len(names) - 8} more' if len(names) > 8 else ''
      what = f"split.{name}: nothing is called '{wanted}'"
      cure = f'the names are {", ".join(names[:8])}{more}'
      problems.append(problems_lib.Problem(source, what, cure))
  return ids


def _names(frame):
  return [name for name in (frame.folder, frame.sequence) if name]


def _in_file(frames, name, path, source, problems):
  """Returns the ids of the frames that the lines of a file stand for."""
  try:
    lines = path.read_text(encoding='utf-8').splitlines()
  except (OSError, UnicodeDecodeError) as error:
    what = f'split.{name}: the list cannot be read ({error})'
    cure = f'give a text file, its place relative to {source}'
    problems.append(problems_lib.Problem(path, what, cure))
    return []
  by_line = collections.defaultdict(list)
  for frame in frames:
    relative = frame.rgb_path.relative_to(source).as_posix()
    for key in {frame.id, frame.sequence, relative}:
      by_line[key].append(frame.id)
  ids = []
  for number, line in enumerate(lines, 1):
    line = line.strip()
    if line and not line.startswith('#'):
      ids += by_line[line]
      if not by_line[line]:
        what = f"line {number}, '{line}', stands for no frame"
        cure = (
          'give the path of a picture below the source folder, an id such as '
          f'{frames[0].id}, or a sequence'
        )
        problems.append(problems_lib.Problem(path, what, cure))
  return ids


def _by_sequence(frames):
  sequences = collections.defaultdict(list)
  for frame in frames:
    sequences[frame.sequence].append(frame)
  return sequences


def _ends(frames, share):
  """Returns the last frames of each sequence."""
  ends = []
  for sequence in _by_sequence(frames).values():
    count = max(1, round(share * len(sequence))) if len(sequence) > 1 else 0
    ends += sequence[len(sequence) - count :]
  return ends


def _whole_sequences(frames, share, name):
  """Returns whole sequences that are about a share of the frames.

  Their order is that of a hash of the name: a recording that is added later
  does not move those that are there.
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
