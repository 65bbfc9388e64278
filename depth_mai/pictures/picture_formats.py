# SPDX-License-Identifier: Apache-2.0
"""Knows which picture files can be read, and what helps for the others.

This module also runs on the device, so it needs only NumPy and Pillow.
"""

import functools
import importlib
import os
import pathlib

from PIL import Image
from PIL import features

# What nearly all pictures are; Pillow's other decoders take time to load.
USUAL = ('PNG', 'JPEG')
# These are no pictures, need another program (Ghostscript), or are recognised
# without being read.
_NO_PICTURES = frozenset(
  'BUFR EPS FITS GRIB HDF5 IPTC MCIDAS MPEG PDF SPIDER WMF XVTHUMB'.split()
)
_RAW_SUFFIXES = frozenset(
  '.3fr .arw .cr2 .cr3 .crw .dcr .dng .erf .iiq .kdc .mef .mrw .nef .nrw .orf '
  '.pef .raf .raw .rw2 .rwl .sr2 .srf .srw .x3f'.split()
)
_VIDEO_SUFFIXES = frozenset(
  '.3gp .avi .m4v .mjpeg .mjpg .mkv .mov .mp4 .mpeg .mpg .mts .webm'.split()
)
_KINDS_BY_SUFFIX = {
  '.avif': 'AVIF',
  '.avifs': 'AVIF',
  '.heic': 'HEIC',
  '.heif': 'HEIC',
  '.hif': 'HEIC',
  '.jxl': 'JPEG XL',
  **dict.fromkeys(_RAW_SUFFIXES, 'raw'),
  **dict.fromkeys(_VIDEO_SUFFIXES, 'video'),
}
_HEIC_BRANDS = frozenset(b'heic heix heim heis hevc hevx mif1 msf1'.split())
_MOST_START = 100
_NO_PICTURES_BY_START = {
  b'version https://git-lfs': (
    'a Git LFS pointer, not the file itself (git lfs pull)'
  ),
  b'<!doctype html': 'a web page',
  b'<html': 'a web page',
}
_JPEG_XL_STARTS = (b'\xff\x0a', b'\0\0\0\x0cJXL ')
# What is wrong with a file of a kind, and the cure; they complete "this is".
_CURES = {
  'AVIF': (
    'an AVIF picture, which this Pillow cannot read',
    "pip install 'pillow>=11.3', or convert it to JPEG",
  ),
  'HEIC': (
    'an HEIC picture, which Pillow alone cannot read',
    'pip install pillow-heif, or convert it to JPEG',
  ),
  'JPEG XL': ('a JPEG XL picture, which is not read', 'convert it to JPEG'),
  'raw': (
    "a camera's raw file, which has to be developed first",
    "convert it to JPEG or TIFF (with the camera's program, darktable or "
    'dcraw -T)',
  ),
  'video': ('a video', 'give it to predict with --video=FILE'),
}
# TIFF tags: of a picture that only previews another one, and of DNG.
_SUBFILE_TYPE_TAG, _DNG_VERSION_TAG = 254, 50706


@functools.cache
def formats() -> tuple[str, ...]:
  """Returns Pillow's names of the formats that are read as pictures.

  HEIC is among them if the package pillow_heif is installed.
  """
  Image.init()
  try:
    importlib.import_module('pillow_heif').register_heif_opener()
  except ImportError:
    pass
  # Pillow names this format even where it was built without its library.
  lacking = (
    {'AVIF'} if 'avif' not in features.get_supported_modules() else set()
  )
  others = sorted(set(Image.OPEN) - _NO_PICTURES - set(USUAL) - lacking)
  return (*USUAL, *others)


@functools.cache
def suffixes() -> frozenset[str]:
  """Returns the suffixes, in lower case, of the files that are read."""
  known = (*formats(), 'MPO')  # Pillow opens MPO as JPEG.
  found = Image.registered_extensions().items()
  return frozenset(suffix for suffix, name in found if name in known)


def kind(path: str | os.PathLike[str]) -> str | None:
  """Returns the kind of a file that cannot be read, by its suffix.

  Args:
    path: a file.

  Returns:
    'AVIF', 'HEIC', 'JPEG XL', 'raw' (of a camera) or 'video'; None for a file
    that can be read, and for one that is neither a picture nor a video.
  """
  suffix = pathlib.PurePath(path).suffix.lower()
  return None if suffix in suffixes() else _KINDS_BY_SUFFIX.get(suffix)


def is_raw(path: str | os.PathLike[str], picture: Image.Image) -> bool:
  """Returns whether an open picture is only the preview in a raw file."""
  if picture.format != 'TIFF':
    return False
  tags = getattr(picture, 'tag_v2', {})
  return (
    kind(path) == 'raw'
    or _DNG_VERSION_TAG in tags
    or tags.get(_SUBFILE_TYPE_TAG, 0) == 1
  )


def explain(
  path: str | os.PathLike[str], encoded: bytes = b''
) -> tuple[str, str]:
  """Returns why a file cannot be read as a picture, and the cure.

  Args:
    path: the file; its suffix is used.
    encoded: its content; the beginning is used.
  """
  if encoded[4:8] == b'ftyp':
    brands = encoded[8 : int.from_bytes(encoded[:4], 'big')][:200]
    found = 'AVIF' if b'avi' in brands else None
    if not found and not _HEIC_BRANDS.isdisjoint(
      brands[at : at + 4] for at in range(0, len(brands), 4)
    ):
      found = 'HEIC'
  else:
    found = 'JPEG XL' if encoded.startswith(_JPEG_XL_STARTS) else None
  known = {'AVIF', 'HEIF'} & set(formats())
  for start, what in _NO_PICTURES_BY_START.items():
    if encoded[:_MOST_START].lstrip().lower().startswith(start):
      return f'this is {what}', 'fetch the picture itself again'
  found = found or kind(path)
  if found in _CURES and found.replace('HEIC', 'HEIF') not in known:
    what, its_cure = _CURES[found]
    return f'this is {what}', its_cure
  return (
    f'this is not a picture that can be read ({len(encoded)} bytes)',
    'copy or convert it again, or leave it out',
  )


def explain_raw() -> tuple[str, str]:
  """Returns why a raw file is not read, and the cure."""
  what, its_cure = _CURES['raw']
  return f'this is {what}', its_cure


def cure(kind_of_file: str) -> str:
  """Returns what helps for a kind of file that cannot be read, see `kind`."""
  return _CURES[kind_of_file][1]
