# SPDX-License-Identifier: Apache-2.0
"""Descriptions of well-known data sets, and of a description file's text."""

import dataclasses
import json

from depth_mai.datasets.rgbd_folder import description as description_lib

Description = description_lib.Description

LAYOUTS = {
  # Shotton et al., CVPR 2013: <scene>/seq-01/frame-000000.color.png. A scene
  # is never divided between training and validation.
  '7scenes': Description(
    rgb='{sequence}/{video}/frame-{id}.color.png',
    depth='{sequence}/{video}/frame-{id}.depth.png',
    depth_unit='mm',
    invalid=(65535,),
  ),
  # Sturm et al., IROS 2012: <recording>/rgb/1305031102.175304.png, taken at
  # other times than the depth maps; 0.02 s is their own tolerance.
  'tum': Description(
    rgb='{sequence}/rgb/{id}.png',
    depth='{sequence}/depth/{id}.png',
    depth_unit='tum',
    pairing='timestamp',
    tolerance_s=0.02,
  ),
  # Uhrig et al., 3DV 2017: data_depth_annotated (train/ and val/) beside the
  # raw drives, in one folder. Both cameras of a drive see one scene.
  'kitti': Description(
    rgb='**/{sequence}/image_{camera}/data/{id}.*',
    depth='{split}/{sequence}/proj_depth/groundtruth/image_{camera}/{id}.png',
    depth_unit='kitti',
  ),
  # Vasiljevic et al., arXiv 1908.00463: train/ and val/ of the depth archive.
  'diode': Description(
    rgb='{split}/{place}/{sequence}/{scan}/{id}.png',
    depth='{split}/{place}/{sequence}/{scan}/{id}_depth.npy',
    mask='{split}/{place}/{sequence}/{scan}/{id}_depth_mask.npy',
    depth_unit='m',
  ),
}


def to_toml(description: Description, remarks: dict[str, str]) -> str:
  """Writes a description out as a file to start from.

  Args:
    description: what it says.
    remarks: a comment for some of the keys.

  Returns:
    The text: keys that differ from their default, the rest as comments.
  """
  lines = ['# How recordings are laid out; docs/own_data.md explains the keys.']
  tables = []
  for field in dataclasses.fields(description):
    value = getattr(description, field.name)
    if dataclasses.is_dataclass(value):
      tables += ['', f'[{field.name}]', *_lines(value, {})]
    else:
      lines += _lines(description, remarks, [field])
  return '\n'.join([*lines, *tables]) + '\n'


def _lines(values, remarks, fields=None):
  """Yields a line for each field; those at their default are comments."""
  for field in fields or dataclasses.fields(values):
    value = getattr(values, field.name)
    if field.name in remarks:
      yield f'# {remarks[field.name]}'
    if value is None:
      example = '["name", "other_*"]' if field.name == 'train' else 0.1
      yield f'# {field.name} = {example}'
      continue
    # JSON writes these strings, numbers, lists and booleans as TOML does.
    line = f'{field.name} = {json.dumps(value, ensure_ascii=False)}'
    yield line if value != field.default else f'# {line}'
