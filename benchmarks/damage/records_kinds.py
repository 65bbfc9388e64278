# SPDX-License-Identifier: Apache-2.0
"""Prepared records: their examples, and the files that describe them."""

import pathlib

from benchmarks.damage import kind as kind_lib
from benchmarks.damage import picture_kinds
from benchmarks.damage import samples
from benchmarks.damage import texts
from depth_mai.data import records
from depth_mai.data import source

Case = kind_lib.Case
Kind = kind_lib.Kind
Original = kind_lib.Original

_PAIRS = 3


def _build(root: pathlib.Path) -> list[Original]:
  samples.write_challenge_folder(
    root / 'data', {'train': 2, 'validation': _PAIRS}
  )
  directory = records.prepare(root / 'data', root / 'records')
  folder = str(directory.relative_to(root))
  truth = sorted(
    [
      f'{number}',
      picture_kinds.digest(samples.rgb(number)),
      picture_kinds.digest(samples.depth_mm(number)),
    ]
    for number in range(_PAIRS)
  )
  (shard,) = directory.glob('*validation.tfrecord*')
  return [
    Original(folder, shard.name, None, truth, checked=True, sized=True),
    # The records themselves say how many pairs there are, and what they hold.
    Original(
      folder, 'dataset_info.json', texts.damaged_json, truth, checked=True
    ),
    Original(folder, 'features.json', texts.damaged_json, truth, checked=True),
  ]


def _read(case: Case) -> list:
  """Reads all pairs of a split, as evaluating does."""
  source.split_names(case.folder)
  return sorted(
    [name, picture_kinds.digest(rgb_uint8), picture_kinds.digest(depth_mm)]
    for name, rgb_uint8, depth_mm in source.evaluation_pairs(
      case.folder, 'validation'
    )
  )


KINDS = (
  Kind('records', _build, _read, limit_s=60.0, shares=(0.6, 0.36, 0.04)),
)
