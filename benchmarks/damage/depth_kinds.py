# SPDX-License-Identifier: Apache-2.0
"""Depth files of recordings, their descriptions, and lists of their frames."""

import pathlib
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.damage import containers
from benchmarks.damage import kind as kind_lib
from benchmarks.damage import picture_kinds
from benchmarks.damage import samples
from benchmarks.damage import texts
from depth_mai.datasets.rgbd_folder import depth_file
from depth_mai.datasets.rgbd_folder import description as description_lib
from depth_mai.datasets.rgbd_folder import pairing
from depth_mai.datasets.rgbd_folder import splits

Case = kind_lib.Case
Kind = kind_lib.Kind
Original = kind_lib.Original


def _build_depth(root: pathlib.Path) -> list[Original]:
  depth_mm = samples.depth_mm(3)
  depth_m = (depth_mm / 1000).astype(np.float32)
  height, width = depth_mm.shape
  pgm = (
    b'P5\n%d %d\n65535\n' % (width, height) + depth_mm.astype('>u2').tobytes()
  )
  pfm = b'Pf\n%d %d\n-1.0\n' % (width, height) + depth_m[::-1].tobytes()
  found = []
  for name, damager, checked, values in (
    ('depth.png', containers.damaged_png, True, depth_mm),
    ('depth.npy', containers.damaged_npy, False, depth_m),
    ('depth.npz', containers.damaged_npz, True, depth_m),
    ('depth.tiff', None, False, depth_mm),
    ('depth.pgm', None, False, depth_mm),
    ('depth.pfm', None, False, depth_m),
  ):
    place = root / name.replace('.', '_')
    place.mkdir()
    path = place / name
    if name.endswith('.npy'):
      np.save(path, values)
    elif name.endswith('.npz'):
      np.savez(path, depth=values)
    elif name.endswith('.pgm'):
      path.write_bytes(pgm)
    elif name.endswith('.pfm'):
      path.write_bytes(pfm)
    else:
      Image.fromarray(values).save(path)
    found.append(
      Original(
        place.name,
        name,
        damager,
        picture_kinds.digest(values),
        checked=checked,
        sized=True,
      )
    )
  return found


def _read_depth(case: Case) -> str:
  values = depth_file.read(case.path)
  return picture_kinds.digest(values)


def _write_recordings(root: pathlib.Path) -> None:
  for sequence in ('hall', 'kitchen', 'office'):
    for kind, values in (
      ('color', samples.rgb(1)),
      ('depth', samples.depth_mm(1)),
    ):
      (root / sequence / kind).mkdir(parents=True)
      for number in range(3):
        path = root / sequence / kind / f'{number:03d}.png'
        Image.fromarray(values).save(path)


_DESCRIPTION = description_lib.Description(
  '{sequence}/color/{id}.png',
  '{sequence}/depth/{id}.png',
  'mm',
  invalid=(65535,),
  min_depth_m=0.1,
  max_depth_m=20.0,
  every=1,
  crop=description_lib.Crop(left=1, bottom=2),
  split=description_lib.Split(validation=('office',)),
)


def _build_layout(root: pathlib.Path) -> list[Original]:
  place = root / 'recordings'
  _write_recordings(place)
  text = description_lib.to_toml(_DESCRIPTION, {})
  (place / 'layout.toml').write_text(text)
  return [Original('recordings', 'layout.toml', texts.damaged_toml)]


def _read_layout(case: Case) -> dict[str, Any]:
  """Reads a description and divides the recordings by it."""
  description = description_lib.read(case.path)
  divided = _divide(case.folder, description)
  return {'description': repr(description), 'splits': divided}


def _divide(
  folder: pathlib.Path, description: description_lib.Description
) -> dict[str, list[str]]:
  """Returns the ids of the frames by split."""
  frames = pairing.find_frames(folder, description).frames
  divided = splits.divide(frames, description.split, folder)
  return {name: [one.id for one in found] for name, found in divided.items()}


def _build_list(root: pathlib.Path) -> list[Original]:
  place = root / 'listed'
  _write_recordings(place)
  lines = [f'hall/color/{number:03d}.png' for number in range(3)]
  (place / 'test.txt').write_text('\n'.join([*lines, 'office']) + '\n')
  return [Original('listed', 'test.txt', texts.damaged_list)]


def _read_list(case: Case) -> dict[str, list[str]]:
  """Divides recordings by a list file."""
  description = description_lib.Description(
    '{sequence}/color/{id}.png',
    '{sequence}/depth/{id}.png',
    'mm',
    split=description_lib.Split(validation=0.0, test='test.txt'),
  )
  return _divide(case.folder, description)


KINDS = (
  Kind('depth', _build_depth, _read_depth),
  Kind('layout', _build_layout, _read_layout, shares=(0.25, 0.71, 0.04)),
  Kind('list', _build_list, _read_list, shares=(0.3, 0.66, 0.04)),
)
