# SPDX-License-Identifier: Apache-2.0
"""Atomic file writes: write to a temporary path, then rename.

If a training is killed or the disk is full, no incomplete checkpoint, picture
or table is left under its final name.
"""

from collections.abc import Iterator
import contextlib
import json
import os
import secrets
import shutil


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[str]:
  """Yields a temporary path to write to and renames it to `path` at the end.

  The temporary path is in the same directory, so that the rename is atomic, and
  ends with the same name, because Keras and Pillow choose the format by the
  suffix. Missing parent directories are created. The result may be a file or a
  directory; a directory cannot replace one that is not empty.

  Args:
    path: the final path.

  Yields:
    The temporary path, a str. Nothing exists there yet.

  Raises:
    ValueError: nothing was written to the temporary path.
    OSError: the rename failed. After any error the temporary file is removed
      and the old content of `path` is untouched.
  """
  path = os.path.abspath(os.fspath(path))
  directory, name = os.path.split(path)
  os.makedirs(directory, exist_ok=True)
  temporary = os.path.join(directory, f'.tmp-{secrets.token_hex(4)}-{name}')
  try:
    yield temporary
    if not os.path.lexists(temporary):
      raise ValueError(
        f'Nothing was written for {path}. Inside atomic_path, write to the '
        'path that it yields, not to the final path.'
      )
    os.replace(temporary, path)
  finally:
    _remove(temporary)


def write_text(path: str | os.PathLike[str], text: str) -> None:
  """Writes `text` to `path` as UTF-8, atomically.

  Args:
    path: the file to write.
    text: the whole content.

  Raises:
    OSError: the file cannot be written.
  """
  with atomic_path(path) as temporary:
    with open(temporary, 'w', encoding='utf-8') as stream:
      stream.write(text)


def write_json(path: str | os.PathLike[str], content: object) -> None:
  """Writes an object as indented JSON, atomically.

  Args:
    path: the file to write.
    content: dicts, lists, strings, numbers, booleans and None.

  Raises:
    ValueError: a number is NaN or infinite, which JSON cannot express.
    OSError: the file cannot be written.
  """
  write_text(path, json.dumps(content, indent=2, allow_nan=False) + '\n')


def _remove(path: str) -> None:
  """Removes a file or directory if it exists."""
  if os.path.isdir(path) and not os.path.islink(path):
    shutil.rmtree(path, ignore_errors=True)
    return
  with contextlib.suppress(OSError):
    os.remove(path)
