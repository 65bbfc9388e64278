# SPDX-License-Identifier: Apache-2.0
"""Turns the pixels of any picture into 8-bit RGB.

Transparent parts are laid over white, as viewers show them on a page.

Samples of more than 8 bits are scaled so that white becomes 255. Cameras store
10 or 12 bits in files of 16 bits and rarely say so. So white is, in this order:
what the file declares (sBIT in PNG, BitsPerSample and MaxSampleValue in TIFF),
unless a sample is larger; otherwise the smallest of 255, 1023, 4095 and 65535
that no sample exceeds. A picture of 16 bits whose samples all lie below 1/16 of
their range would be black in 8 bits, so reading it as one of 12 bits loses
nothing. A declaration is needed where a camera has 14 bits, or where single
frames of a sequence are too dark to show its bits.
"""

import io
import re
import struct
import sys
import typing

import numpy as np
from PIL import Image

_FULL = 65535
_MOST_HEADER_BYTES = 1000
_NATIVE_LOW = 'B' if sys.byteorder == 'little' else 'L'
# A raw mode of Pillow that keeps the high bytes, and that of the low bytes.
_LOW_BYTES = {'B': 'L', 'L': 'B', 'N': _NATIVE_LOW}
_DEEP_COLOURS = re.compile(r'(RGB|RGBA|RGBX);16([BLN])')
# TIFF tags.
_BITS_TAG, _PHOTOMETRIC_TAG, _MAX_SAMPLE_TAG = 258, 262, 281
_WHITE_IS_ZERO = 0


def to_rgb(picture: Image.Image, encoded: bytes = b'') -> Image.Image:
  """Converts a decoded picture.

  Args:
    picture: of any mode of Pillow.
    encoded: the file that it was decoded from; b'' if it is none.

  Returns:
    The picture in the mode RGB.

  Raises:
    ValueError: its numbers have no known range, or the mode is unknown.
  """
  if picture.mode == 'F':
    raise ValueError(
      'its pixels are floating-point numbers, of which no range is known'
    )
  deep = _deep_samples(picture, encoded)
  if deep is not None:
    picture = _reduced(picture, deep, _declared_bits(picture, encoded))
  if _has_alpha(picture):
    picture = picture.convert('RGBA')
    if not picture.getchannel('A').getbbox():
      raise ValueError('it is transparent everywhere')
    white = Image.new('RGBA', picture.size, (255, 255, 255, 255))
    picture = Image.alpha_composite(white, picture)
  return picture if picture.mode == 'RGB' else picture.convert('RGB')


def _has_alpha(picture: Image.Image) -> bool:
  palette = picture.palette if picture.mode == 'P' else None
  return (
    picture.mode in ('RGBA', 'LA', 'PA', 'RGBa')
    or 'transparency' in picture.info
    or (palette is not None and palette.mode.endswith('A'))
  )


def _deep_samples(picture: Image.Image, encoded: bytes) -> np.ndarray | None:
  """Returns samples [H, W, 1, 3 or 4] of 16 bits; None if they have 8."""
  if picture.mode == 'I' or picture.mode.startswith('I;16'):
    samples = np.asarray(picture)[..., np.newaxis]
    low, high = int(samples.min()), int(samples.max())
    if low < 0 or high > _FULL:
      raise ValueError(
        f'its pixels are numbers from {low} to {high}, of which no range is '
        'known'
      )
    return samples.astype(np.uint16)
  if picture.mode in ('RGB', 'RGBA') and _bits(picture, encoded) == 16:
    return _deep_colours(picture, encoded)
  return None


def _deep_colours(picture: Image.Image, encoded: bytes) -> np.ndarray:
  """Returns samples of 16 bits; Pillow's picture has their high bytes only."""
  high = np.asarray(picture).astype(np.uint16)
  with Image.open(io.BytesIO(encoded), formats=_formats(picture)) as again:
    # A tile is (decoder, box, offset, raw mode or (raw mode, ...)).
    tiles: typing.Any = again.tile
    more = () if isinstance(tiles[0][3], str) else tiles[0][3][1:]
    mode = tiles[0][3][0] if more else tiles[0][3]
    match = _DEEP_COLOURS.fullmatch(mode)
    if mode == 'LA;16B':
      low_mode = 'RGBA'  # The four bytes of grey and alpha.
    elif match:
      low_mode = f'{match[1]};16{_LOW_BYTES[match[2]]}'
    elif mode.startswith('RGBa;16'):
      return high * 257  # Premultiplied by alpha; as close as can be.
    else:  # Pillow decodes separate planes as if they had 8 bits.
      raise ValueError('its channels of 16 bits are stored one by one')
    tiles = [(*t[:3], (low_mode, *more) if more else low_mode) for t in tiles]
    again.tile = tiles
    low = np.asarray(again)
  if match:
    return high * 256 + low
  both = low[..., 0::2].astype(np.uint16) * 256 + low[..., 1::2]
  return both[..., [0, 0, 0, 1]]


def _formats(picture: Image.Image) -> tuple[str, ...]:
  return (picture.format,) if picture.format else ()


def _reduced(
  picture: Image.Image, samples: np.ndarray, declared: int | None
) -> Image.Image:
  """Returns samples of 16 bits as a picture of 8 bits.

  Args:
    picture: where they are from.
    samples: [H, W, 1, 3 or 4] uint16.
    declared: bits of its samples according to the file; None if unknown.
  """
  transparent = picture.info.get('transparency')
  colours, alpha = samples[..., :3], samples[..., 3:]
  reduced = _scaled(colours, declared)
  if getattr(picture, 'tag_v2', {}).get(_PHOTOMETRIC_TAG) == _WHITE_IS_ZERO:
    reduced = 255 - reduced
  if reduced.shape[-1] == 1:
    reduced = reduced.repeat(3, -1)
  if alpha.size:
    reduced = np.concatenate((reduced, _scaled(alpha, None)), -1)
  elif transparent is not None:
    opaque = (colours != np.asarray(transparent)).any(-1, keepdims=True)
    reduced = np.concatenate((reduced, np.uint8(255) * opaque), -1)
  return Image.fromarray(reduced.astype(np.uint8))


def _scaled(samples: np.ndarray, declared: int | None) -> np.ndarray:
  """Returns samples, scaled to 0..255, uint8."""
  largest = int(samples.max())
  bits = (declared,) if declared else ()
  white = next(2**bit - 1 for bit in (*bits, 8, 10, 12, 16) if largest < 2**bit)
  values = np.rint(np.arange(_FULL + 1) * 255 / white)
  return np.minimum(values, 255).astype(np.uint8)[samples]


def _bits(picture: Image.Image, encoded: bytes) -> int:
  """Returns the bits of a sample in the file; 8 where it is not known."""
  if picture.format == 'PNG':
    return encoded[24]
  bits = getattr(picture, 'tag_v2', {}).get(_BITS_TAG, 8)
  return max(bits) if isinstance(bits, tuple) else bits


def _declared_bits(picture: Image.Image, encoded: bytes) -> int | None:
  """Returns how many bits the samples have according to the file, or None."""
  if picture.format == 'PNG':
    return _significant_bits(encoded)
  if picture.format == 'TIFF':
    tags = getattr(picture, 'tag_v2', {})
    most = tags.get(_MAX_SAMPLE_TAG)
    most = max(most) if isinstance(most, tuple) and most else most
    if isinstance(most, int) and 0 < most <= _FULL:
      return most.bit_length()
    bits = _bits(picture, encoded)
    return bits if 8 < bits < 16 else None
  if picture.format == 'PPM':
    header = re.sub(rb'#[^\n]*', b'', encoded[:_MOST_HEADER_BYTES]).split()[:4]
    # Pillow scales any other largest value to 16 bits.
    return 16 if header[3:] != [b'65535'] else None
  return None


def _significant_bits(encoded: bytes) -> int | None:
  """Returns the largest number in the chunk sBIT of a PNG file, or None."""
  at = 8
  while at + 8 <= len(encoded):
    length, name = struct.unpack_from('>I4s', encoded, at)
    if name == b'IDAT':
      return None
    if name == b'sBIT':
      bits = max(encoded[at + 8 : at + 8 + min(length, 3)], default=0)
      return bits if 0 < bits <= 16 else None
    at += length + 12
  return None
