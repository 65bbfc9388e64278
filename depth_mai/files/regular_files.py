# SPDX-License-Identifier: Apache-2.0
"""Opens files that users name, and refuses what is no file.

Opening a pipe waits for a writer, perhaps for ever, and a device may never end.
So everything that the user names is read through this module; what is opened by
a library is checked first.
"""

import errno
import hashlib
import io
import os
import stat


def open_binary(path: str | os.PathLike[str]) -> io.BufferedReader:
  """Opens a file for reading bytes.

  Args:
    path: the file.

  Raises:
    IsADirectoryError: (an OSError) it is a folder.
    OSError: it is a pipe, a device or a socket, or cannot be opened.
  """
  # Without O_NONBLOCK, opening a pipe would wait; files ignore it.
  flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
  descriptor = os.open(path, flags)
  try:
    _check_mode(path, os.fstat(descriptor).st_mode)
    return open(descriptor, 'rb')
  except BaseException:
    os.close(descriptor)
    raise


def read_bytes(path: str | os.PathLike[str]) -> bytes:
  """Returns the content of a file; raises OSError as `open_binary`."""
  with open_binary(path) as stream:
    return stream.read()


def sha256(path: str | os.PathLike[str]) -> str:
  """Returns the SHA-256 of a file as 64 hexadecimal digits.

  Args:
    path: the file.

  Raises:
    OSError: see `open_binary`.
  """
  with open_binary(path) as stream:
    return hashlib.file_digest(stream, 'sha256').hexdigest()


def read_text(path: str | os.PathLike[str], errors: str = 'strict') -> str:
  r"""Returns the text of a file, its line ends \n.

  Args:
    path: a file in UTF-8.
    errors: what becomes of bytes that are not UTF-8, see `open`.

  Raises:
    UnicodeDecodeError: (a ValueError) the file is not UTF-8.
    OSError: see `open_binary`.
  """
  with (
    open_binary(path) as stream,
    io.TextIOWrapper(stream, encoding='utf-8', errors=errors) as text,
  ):
    return text.read()


def check(path: str | os.PathLike[str]) -> None:
  """Checks that a file is one, before a library opens it.

  Args:
    path: the file.

  Raises:
    OSError: see `open_binary`; or there is none.
  """
  _check_mode(path, os.stat(path).st_mode)


def _check_mode(path: str | os.PathLike[str], mode: int) -> None:
  if stat.S_ISREG(mode):
    return
  if stat.S_ISDIR(mode):
    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
  raise OSError(errno.EINVAL, 'It is a device or a pipe, not a file', path)
