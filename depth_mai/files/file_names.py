# SPDX-License-Identifier: Apache-2.0
"""Compares names of files that people and systems spell differently."""

import collections
from collections.abc import Iterable
import pathlib
import re
import unicodedata

from depth_mai.files import printable

# Suffixes with the same meaning.
_SAME_SUFFIX = {'.jpeg': '.jpg', '.tiff': '.tif'}
_ZEROS = re.compile(r'(?<!\d)0+(?=\d)')


def canonical(name: str) -> str:
  """Returns a name in the form of Unicode that keyboards type (NFC).

  macOS and some archives store 'u' and its two dots as two characters.
  """
  return unicodedata.normalize('NFC', name)


def suffix(name: str) -> str:
  """Returns the suffix in lower case; '.jpg' for .JPEG, '.tif' for .TIFF."""
  found = pathlib.PurePath(name).suffix.lower()
  return _SAME_SUFFIX.get(found, found)


def unstorable(name: str) -> str | None:
  """Returns why a name cannot be an id, in words; None if it can be one."""
  try:
    name.encode('utf-8')
  except UnicodeEncodeError:
    return 'its name has bytes that are not UTF-8'
  if any(unicodedata.category(character) == 'Cc' for character in name):
    return 'its name has a line end or another control character'
  return None


def twins(names: Iterable[str], others: Iterable[str]) -> dict[str, str]:
  """Returns the names that differ from one other name only in their spelling.

  Args:
    names: names without a partner among `others`.
    others: names without a partner among `names`.

  Returns:
    Name -> the other name; they are equal apart from upper and lower case,
    spaces at the ends and leading zeros of numbers, and no third one is.
  """
  groups = _by_loose_name(names), _by_loose_name(others)
  return {
    found[0]: groups[1][key][0]
    for key, found in groups[0].items()
    if len(found) == 1 and len(groups[1].get(key, ())) == 1
  }


def _by_loose_name(names: Iterable[str]) -> dict[str, list[str]]:
  groups = collections.defaultdict(list)
  for name in names:
    loose = canonical(name).casefold().strip()
    groups[_ZEROS.sub('', loose)].append(name)
  return groups


def by_suffix(paths: Iterable[str]) -> str:
  """Counts files by their suffix, in words: '3 .heic, 1 .txt (first: a.heic)'.

  Args:
    paths: paths of files, at least one; the most frequent suffix comes first.
  """
  paths = list(paths)
  counts = collections.Counter(
    pathlib.PurePath(path).suffix or 'without a suffix' for path in paths
  )
  texts = [f'{count} {kind}' for kind, count in counts.most_common()]
  return printable.printable(f'{", ".join(texts)} (first: {paths[0]})')
