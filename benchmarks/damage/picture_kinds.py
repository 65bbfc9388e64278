# SPDX-License-Identifier: Apache-2.0
"""Pictures, read alone, in pairs, in batches and as a stream."""

import hashlib
import io
import pathlib
import sys
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.damage import containers
from benchmarks.damage import kind as kind_lib
from benchmarks.damage import samples
from depth_mai.challenge_folder import folder
from depth_mai.files import regular_files
from depth_mai.pictures import picture_files
from depth_mai.report import picture
from depth_mai.report import scale
from depth_mai.runtime import batch_prediction
from depth_mai.streaming import frame
from depth_mai.streaming import motion_jpeg

Case = kind_lib.Case
Kind = kind_lib.Kind
Original = kind_lib.Original

_FRAMES = 4
_MOST_FRAMES = 100


def digest(values: np.ndarray) -> str:
  """Returns a short text that differs between different arrays."""
  values = np.ascontiguousarray(values)
  found = hashlib.sha256(f'{values.dtype} {values.shape}'.encode())
  found.update(values.tobytes())
  return found.hexdigest()[:16]


def _build_pictures(root: pathlib.Path) -> list[Original]:
  rgb_uint8 = samples.rgb(1)
  picture_rgb = Image.fromarray(rgb_uint8)
  exif = Image.Exif()
  exif[0x0112] = 6  # Orientation: turn clockwise.
  forms: dict[str, tuple[Image.Image, dict[str, Any]]] = {
    'rgb.png': (picture_rgb, {}),
    'palette.png': (picture_rgb.quantize(64), {}),
    'alpha.png': (picture_rgb.convert('RGBA'), {}),
    'grey16.png': (Image.fromarray(samples.depth_mm(1)), {}),
    'picture.jpg': (picture_rgb, {'quality': 90}),
    'progressive.jpg': (picture_rgb, {'progressive': True}),
    'turned.jpg': (picture_rgb, {'exif': exif.tobytes()}),
    'cmyk.jpg': (picture_rgb.convert('CMYK'), {}),
    'picture.webp': (picture_rgb, {'lossless': True}),
    'picture.bmp': (picture_rgb, {}),
    'picture.tiff': (picture_rgb, {'compression': 'tiff_lzw'}),
    'picture.gif': (picture_rgb.quantize(64), {}),
  }
  found = []
  for name, (form, options) in forms.items():
    place = root / name.replace('.', '_')
    place.mkdir()
    form.save(place / name, **options)
    png, jpeg = name.endswith('.png'), name.endswith('.jpg')
    found.append(
      Original(
        place.name,
        name,
        containers.damaged_png
        if png
        else containers.damaged_jpeg
        if jpeg
        else None,
        truth=digest(rgb_uint8) if name in ('rgb.png', 'picture.bmp') else None,
        checked=png,
        sized=name not in ('picture.gif',),
      )
    )
  return found


def _read_picture(case: Case) -> str:
  return digest(picture_files.read_rgb(case.path))


def _build_pairs(root: pathlib.Path) -> list[Original]:
  found = []
  for suffix in ('.png', '.jpg'):
    name = f'pairs_{suffix[1:]}'
    samples.write_challenge_folder(root / name, {'train': 2}, suffix)
    truth = None
    if suffix == '.png':
      truth = [
        [f'{i}', digest(samples.rgb(i)), digest(samples.depth_mm(i))]
        for i in range(2)
      ]
    for part, damager in (
      (
        f'rgb/1{suffix}',
        containers.damaged_png if suffix == '.png' else containers.damaged_jpeg,
      ),
      ('depth/1.png', containers.damaged_png),
    ):
      found.append(
        Original(
          name,
          f'train/{part}',
          damager,
          truth,
          checked=part.endswith('.png'),
          sized=True,
        )
      )
  return found


def _read_pairs(case: Case) -> list:
  """Checks a folder and reads it, as preparing and evaluating do."""
  problems = folder.find_problems(case.folder)
  pairs = [
    [name, digest(rgb_uint8), digest(depth_mm)]
    for name, rgb_uint8, depth_mm in folder.iterate_pairs(case.folder, 'train')
    if depth_mm is not None
  ]
  if problems:
    raise kind_lib.WrongValueError(
      f'{problems[0]} was not noticed when it was read'
    )
  return pairs


def _build_batch(root: pathlib.Path) -> list[Original]:
  found = []
  for suffix, damager in (
    ('.png', containers.damaged_png),
    ('.jpg', containers.damaged_jpeg),
  ):
    place = root / suffix[1:]
    place.mkdir()
    for number in range(3):
      name = place / f'{number}{suffix}'
      Image.fromarray(samples.rgb(number)).save(name)
    found.append(
      Original(
        place.name, f'1{suffix}', damager, checked=suffix == '.png', sized=True
      )
    )
  return found


class _LevelModel:
  """A network whose depth is a known function of the picture."""

  name = 'level'
  input_size = output_size = (24, 32)
  output_unit = 'mm'

  def predict_mm(self, rgb_uint8: np.ndarray) -> np.ndarray:
    """Returns 1000 mm plus the sum of the channels."""
    return 1000.0 + rgb_uint8.astype(np.float32).sum(axis=-1)


def _predict_batch(case: Case) -> dict[str, str]:
  """Predicts a folder; a damaged picture must not disturb the others."""
  problems = batch_prediction.predict_files(
    _LevelModel(),  # type: ignore[arg-type]
    [case.folder],
    case.output,
    lambda *pair: picture.draw_prediction(scale.ColourRange(), *pair),
  )
  found = {
    path.name: digest(picture_files.read_depth_mm(path))
    for path in sorted(case.output.glob('*_depth.png'))
  }
  for number in (0, 2):
    rgb_uint8 = samples.rgb(number)
    if case.path.suffix == '.png':
      expected = digest(_LevelModel().predict_mm(rgb_uint8).astype(np.uint16))
      if found.get(f'{number}_depth.png') != expected:
        raise kind_lib.WrongValueError(
          f'the depth of picture {number} is wrong or lost'
        )
  for problem in problems:
    print(f'error: {problem}', file=sys.stderr)
  if problems:
    sys.exit(1)
  return found


def _build_stream(root: pathlib.Path) -> list[Original]:
  place = root / 'stream'
  place.mkdir()
  content = b''
  for number in range(_FRAMES):
    stream = io.BytesIO()
    Image.fromarray(samples.rgb(number)).save(stream, 'JPEG')
    content += stream.getvalue()
  (place / 'video.mjpeg').write_bytes(content)
  return [Original('stream', 'video.mjpeg', containers.damaged_jpeg)]


def _read_stream(case: Case) -> list[str]:
  found = []
  with regular_files.open_binary(case.path) as stream:
    source = motion_jpeg.StreamSource(stream, str(case.path), False)
    for one in source.frames():
      try:
        found.append(digest(one.decode()))
      except frame.DamagedFrameError:
        found.append('damaged')
      if len(found) > _MOST_FRAMES:
        raise kind_lib.WrongValueError('more frames than the stream can hold')
  return found


KINDS = (
  Kind('picture', _build_pictures, _read_picture),
  Kind('pair', _build_pairs, _read_pairs),
  Kind('batch', _build_batch, _predict_batch, scans=True),
  Kind('stream', _build_stream, _read_stream),
)
