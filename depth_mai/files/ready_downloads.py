# SPDX-License-Identifier: Apache-2.0
"""Fetches ready weights that an installation lacks, and checks their SHA-256.

A plain installation contains few networks, so that it stays small. The others
are in the checkout's folder pretrained/, and on any server that has a copy of
it.
"""

import hashlib
import os
import pathlib
import sys

from depth_mai.files import atomic
from depth_mai.files import default_places
from depth_mai.files import failures

# Address of a copy of pretrained/; empty until there is a public one. The
# environment variable wins.
BASE_URL = ''
URL_VARIABLE = 'DEPTH_MAI_READY_URL'
# What is downloaded, or copied by hand, is kept here.
FOLDER = '~/.cache/depth_mai/pretrained'
_TIMEOUT_S = 30.0


def fetched(file: str, sha256: str) -> pathlib.Path:
  """Returns a ready file in FOLDER, which is downloaded if it is not there.

  Args:
    file: its path in pretrained/, such as 'tcl/tcl_fp16.tflite'.
    sha256: its SHA-256, hexadecimal.

  Raises:
    ValueError: no address is known, the download fails, or the server's file is
      another one; the message says what to do.
    OSError: the file cannot be written.
  """
  cure = f'Copy pretrained/{file} of the checkout to {FOLDER}/{file}'
  target = default_places.expanded(FOLDER, 'Set HOME.') / file
  if target.is_file() and _sha256(target.read_bytes()) == sha256:
    return target
  base = os.environ.get(URL_VARIABLE) or BASE_URL
  if not base:
    raise ValueError(
      f'{file} is not part of this installation. {cure}, or give the address '
      f'of a copy of pretrained/ in ${URL_VARIABLE}.'
    )
  url = f'{base.rstrip("/")}/{file}'
  print(f'Downloading {url} to {target}', file=sys.stderr)
  content = _read(url, cure)
  if _sha256(content) != sha256:
    raise ValueError(
      f'{url} is not the file that this version of depth_mai knows: its '
      f'SHA-256 is {_sha256(content)}, not {sha256}. {cure}, or check '
      f'${URL_VARIABLE}.'
    )
  with atomic.atomic_path(target) as temporary:
    pathlib.Path(temporary).write_bytes(content)
  return target


def _read(url: str, cure: str) -> bytes:
  """Returns the content of an address, or raises ValueError."""
  # They take as long to import as NumPy.
  from http import client
  from urllib import request

  try:
    with request.urlopen(url, timeout=_TIMEOUT_S) as stream:
      return stream.read()
  # ValueError: the address is none, such as 'server/pretrained'.
  except (OSError, ValueError, client.HTTPException) as error:
    raise ValueError(
      f'{url} cannot be downloaded ({failures.reason(error)}). Check the '
      f'network and ${URL_VARIABLE}. Or do without: {cure}.'
    ) from error


def _sha256(content: bytes) -> str:
  return hashlib.sha256(content).hexdigest()
