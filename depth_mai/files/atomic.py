# SPDX-License-Identifier: Apache-2.0
"""Files that are either the old one or the whole new one, never half of it.

A training that is killed or a disk that fills up must not leave half a
checkpoint, picture or table under its final name.
"""

from collections.abc import Iterator
import contextlib
import os
import secrets
import shutil


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[str]:
  """Gives a temporary path to write to; renames it to `path` at the end.

  The temporary path lies in the same directory (so the rename is atomic) and
  ends with the same name (so writers that look at the suffix, as Keras and
  Pillow do, see the real one). Missing parent directories are made. What is
  written may be a file or a directory; a directory cannot replace one that is
  not empty.

  Args:
    path: where the finished file shall be (str or os.PathLike).

  Yields:
    The temporary path, a str. Nothing exists there yet.

  Raises:
    ValueError: nothing was written to the temporary path.
    OSError: the rename failed. After any error the temporary file is removed
      and what was at `path` before is untouched.
  """
  path = os.path.abspath(os.fspath(path))
  directory, name = os.path.split(path)
  os.makedirs(directory, exist_ok=True)
  temporary = os.path.join(directory, f'.tmp-{secrets.token_hex(4)}-{name}')
  try:
    yield temporary
    if not os.path.lexists(temporary):
      raise ValueError(
        f'Nothing was written for {path}: inside atomic_path, write to the '
        'path that it gives, not to the final one.'
      )
    os.replace(temporary, path)
  finally:
    _remove(temporary)


def write_text(path: str | os.PathLike[str], text: str) -> None:
  """Writes `text` to `path` as UTF-8, atomically.

  Args:
    path: the file to write.
    text: its whole content, a str.

  Raises:
    OSError: the file cannot be written.
  """
  with atomic_path(path) as temporary:
    with open(temporary, 'w', encoding='utf-8') as stream:
      stream.write(text)


def _remove(path: str) -> None:
  """Removes a file or directory; no error where there is none."""
  if os.path.isdir(path) and not os.path.islink(path):
    shutil.rmtree(path, ignore_errors=True)
    return
  with contextlib.suppress(OSError):
    os.remove(path)
