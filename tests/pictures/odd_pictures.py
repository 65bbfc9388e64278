# SPDX-License-Identifier: Apache-2.0
"""Pictures of many kinds, each with the pixels that a viewer shows.

The files are written as the standards say, and the pixels follow from that.
"""

from collections.abc import Iterator
import io
import struct
import zlib

import numpy as np
from PIL import Image

SIZE = 24, 40

# EXIF 2.3, tag 274: turns the upright picture into the stored one.
STORED = {
  1: lambda upright: upright,
  2: lambda upright: upright[:, ::-1],
  3: lambda upright: upright[::-1, ::-1],
  4: lambda upright: upright[::-1],
  5: lambda upright: upright.swapaxes(0, 1),
  6: lambda upright: np.rot90(upright, 1),
  7: lambda upright: upright[::-1, ::-1].swapaxes(0, 1),
  8: lambda upright: np.rot90(upright, -1),
}
# By the colour type of PNG.
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def noise(channels: int = 3, largest: int = 255) -> np.ndarray:
  """Returns random samples [H, W, channels]; 0 and `largest` are among them."""
  rng = np.random.default_rng(channels)
  samples = rng.integers(0, largest + 1, (*SIZE, channels))
  samples[0, 0], samples[0, 1] = 0, largest
  return samples


def png(
  samples: np.ndarray,
  bits: int,
  colour_type: int,
  chunks: tuple[tuple[bytes, bytes], ...] = (),
) -> bytes:
  """Encodes samples according to the PNG standard.

  Args:
    samples: [H, W, channels].
    bits: 8 or 16.
    colour_type: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA.
    chunks: (name, content) of chunks before the pixels.
  """

  def chunk(name: bytes, content: bytes) -> bytes:
    checksum = struct.pack('>I', zlib.crc32(name + content))
    return struct.pack('>I', len(content)) + name + content + checksum

  height, width = samples.shape[:2]
  dtype = {8: 'u1', 16: '>u2'}[bits]
  rows = b''.join(b'\0' + row.astype(dtype).tobytes() for row in samples)
  header = struct.pack('>IIBBBBB', width, height, bits, colour_type, 0, 0, 0)
  return (
    b'\x89PNG\r\n\x1a\n'
    + chunk(b'IHDR', header)
    + b''.join(chunk(*named) for named in chunks)
    + chunk(b'IDAT', zlib.compress(rows))
    + chunk(b'IEND', b'')
  )


def saved(picture: np.ndarray | Image.Image, kind: str, **options) -> bytes:
  """Returns the file that Pillow writes."""
  if isinstance(picture, np.ndarray):
    picture = Image.fromarray(np.ascontiguousarray(picture))
  file = io.BytesIO()
  picture.save(file, kind, **options)
  return file.getvalue()


def over_white(rgba: np.ndarray) -> np.ndarray:
  """Lays [H, W, 4] with alpha of 0, 51 (a fifth) or 255 over white."""
  alpha = rgba[..., 3:] / 255
  return np.rint(rgba[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)


def exactly() -> Iterator[tuple[str, bytes, np.ndarray]]:
  """Yields (name, file, RGB [H, W, 3] uint8) of files without loss."""
  rgb = noise().astype(np.uint8)
  grey, bits16 = rgb[..., :1], noise(3, 65535)
  yield 'plain', saved(rgb, 'PNG'), rgb
  yield 'grey', png(grey, 8, 0), grey.repeat(3, -1)
  for kind in ('PNG', 'WEBP', 'TIFF'):
    for number, stored in STORED.items():
      exif = Image.Exif()
      exif[274] = number
      options = {'lossless': True} if kind == 'WEBP' else {}
      file = saved(stored(rgb), kind, exif=exif, **options)
      yield f'orientation_{number}_{kind}', file, rgb
  bad_exif = saved(rgb, 'PNG', exif=b'Exif\0\0rubbish, not a TIFF header')
  yield 'damaged_exif', bad_exif, rgb

  rgba = noise(4).astype(np.uint8)
  rgba[..., 3] = np.array([0, 51, 255])[rgba[..., 3] % 3]
  yield 'rgba', png(rgba, 8, 6), over_white(rgba)
  yield (
    'rgba_webp',
    saved(rgba, 'WEBP', lossless=True, exact=True),
    over_white(rgba),
  )
  grey_alpha = rgba[..., [0, 3]]
  yield (
    'grey_alpha',
    png(grey_alpha, 8, 4),
    over_white(rgba[..., [0, 0, 0, 3]]),
  )
  palette = np.random.default_rng(1).integers(0, 256, (256, 3), np.uint8)
  chunks = ((b'PLTE', palette.tobytes()),)
  yield 'palette', png(grey, 8, 3, chunks), palette[grey[..., 0]]
  alphas = np.full(256, 255, np.uint8)
  alphas[100:200], alphas[7] = 51, 0
  seen = np.concatenate((palette, alphas[:, None]), -1)[grey[..., 0]]
  chunks = (*chunks, (b'tRNS', alphas.tobytes()))
  yield 'palette_alpha', png(grey, 8, 3, chunks), over_white(seen)
  keyed = rgb.copy()
  keyed[(rgb == rgb[3, 3]).all(-1)] = 255
  key = struct.pack('>3H', *rgb[3, 3])
  yield 'colour_key', png(rgb, 8, 2, ((b'tRNS', key),)), keyed
  keyed = np.where(grey == grey[3, 3], 255, grey).astype(np.uint8)
  key = struct.pack('>H', *grey[3, 3])
  yield 'grey_key', png(grey, 8, 0, ((b'tRNS', key),)), keyed.repeat(3, -1)
  yield 'gif', saved(Image.fromarray(grey[..., 0]), 'GIF'), grey.repeat(3, -1)
  black_and_white = 255 * (grey > 127).astype(np.uint8)
  yield (
    'one_bit',
    saved(Image.fromarray(grey[..., 0] > 127), 'PNG'),
    black_and_white.repeat(3, -1),
  )
  for kind in ('BMP', 'PPM', 'TGA', 'QOI'):
    yield kind.lower(), saved(rgb, kind), rgb
  first = Image.fromarray(rgb)
  others = {'save_all': True, 'append_images': [first.rotate(180)]}
  yield 'animation', saved(first, 'PNG', **others), rgb

  for bits in (8, 10, 12, 16):
    samples, white = noise(1, 2**bits - 1), 2**bits - 1
    expected = np.rint(samples * 255 / white).astype(np.uint8).repeat(3, -1)
    tiff = saved(samples[..., 0].astype(np.uint16), 'TIFF')
    yield f'grey_{bits}_bits_tiff', tiff, expected
    yield f'grey_{bits}_bits', png(samples, 16, 0), expected
    colours = noise(3, white)
    yield (
      f'rgb_{bits}_bits',
      png(colours, 16, 2),
      np.rint(colours * 255 / white).astype(np.uint8),
    )
  reduced = np.rint(bits16 / 257).astype(np.uint8)
  alpha = 257 * np.array([0, 51, 255])[noise(1, 65535) % 3]
  yield (
    'rgba_16_bits',
    png(np.concatenate((bits16, alpha), -1), 16, 6),
    over_white(np.concatenate((reduced, alpha // 257), -1)),
  )
  yield (
    'grey_alpha_16_bits',
    png(np.concatenate((bits16[..., :1], alpha), -1), 16, 4),
    over_white(np.concatenate((reduced[..., [0, 0, 0]], alpha // 257), -1)),
  )
  keyed = reduced.copy()
  keyed[3, 3] = 255
  key = struct.pack('>3H', *bits16[3, 3])
  yield 'colour_key_16_bits', png(bits16, 16, 2, ((b'tRNS', key),)), keyed
  dark = noise(1, 300)
  yield (
    'declared_12_bits',
    png(dark, 16, 0, ((b'sBIT', b'\x0c'),)),
    np.rint(dark * 255 / 4095).astype(np.uint8).repeat(3, -1),
  )
  yield (
    'declared_16_bits',
    png(dark, 16, 0, ((b'sBIT', b'\x10'),)),
    np.rint(dark * 255 / 65535).astype(np.uint8).repeat(3, -1),
  )
  yield (
    'declared_14_bits_tiff',
    saved(dark[..., 0].astype(np.uint16), 'TIFF', tiffinfo={281: 16383}),
    np.rint(dark * 255 / 16383).astype(np.uint8).repeat(3, -1),
  )


def roughly() -> Iterator[tuple[str, bytes, np.ndarray]]:
  """Yields (name, file, RGB [H, W, 3] uint8) of files with a small loss."""
  colours = {
    'red': (255, 0, 0),
    'teal': (0, 128, 128),
    'pale': (230, 220, 210),
  }
  for name, colour in colours.items():
    picture = Image.new('RGB', SIZE[::-1], colour)
    seen = np.asarray(picture)
    yield f'{name}_jpeg', saved(picture, 'JPEG', quality=95), seen
    cmyk = picture.convert('CMYK')
    yield f'{name}_cmyk_jpeg', saved(cmyk, 'JPEG', quality=95), seen
    yield f'{name}_cmyk_tiff', saved(cmyk, 'TIFF'), seen
    both = {'save_all': True, 'append_images': [Image.new('RGB', SIZE)]}
    yield f'{name}_mpo', saved(picture, 'MPO', **both), seen
  # CIE L*a*b* of sRGB's red is (53.2, 80.1, 67.2); Pillow adds 128 to a and b.
  lab = Image.new('LAB', SIZE[::-1], (136, 208, 195))
  yield (
    'lab',
    saved(lab, 'TIFF'),
    np.asarray(Image.new('RGB', SIZE[::-1], (255, 0, 0))),
  )
  upright = np.zeros((*SIZE, 3), np.uint8)
  upright[:8], upright[8:, :16] = (255, 0, 0), (0, 0, 255)
  for number, stored in STORED.items():
    exif = Image.Exif()
    exif[274] = number
    options = {'quality': 95, 'subsampling': 0, 'exif': exif}
    file = saved(stored(upright), 'JPEG', **options)
    yield f'orientation_{number}_jpeg', file, upright
