# SPDX-License-Identifier: Apache-2.0
"""Atomic, durable file writes: write to a temporary path, then rename.

If a training is killed, the power fails or the disk is full, no incomplete
checkpoint, picture or table is left under its final name.
"""

from collections.abc import Iterator
import contextlib
import errno
import hashlib
import json
import os
import pathlib
import platform
import re
import secrets
import shutil
import tempfile

from depth_mai.files import printable

# Temporary names: .tmp-<machine>-<process>-<random>-<final name><suffixes>. The
# machine and the final name are hashed, so that the name is never too long.
_PREFIX = '.tmp-'
_MOST_SUFFIX_BYTES = 32


@contextlib.contextmanager
def atomic_path(
  path: str | os.PathLike[str], among_many: bool = False
) -> Iterator[str]:
  """Yields a temporary path to write to and renames it to `path` at the end.

  The temporary path is in the same directory, so that the rename is atomic, and
  has the same suffixes, because Keras and Pillow choose the format by the
  suffix. Missing parent directories are created. The result may be a file or a
  directory; a directory cannot replace one that is not empty. The content is on
  the disk before the rename, and the rename before this returns.

  Temporary files of writers of the same path that were killed are removed.

  Args:
    path: the final path.
    among_many: whether the writer of many files in this directory has called
      `remove_leftovers` once, as searching the directory each time is slow.

  Yields:
    The temporary path, a str. Nothing exists there yet.

  Raises:
    ValueError: nothing was written to the temporary path.
    OSError: `path` is a device or a pipe, or the rename failed. After any error
      the temporary file is removed and the old content of `path` is untouched.
  """
  path = os.path.abspath(os.fspath(path))
  directory, name = os.path.split(path)
  _check_is_replaceable(path)
  os.makedirs(directory, exist_ok=True)
  if not among_many:
    remove_leftovers(directory, name)
  temporary = _temporary(directory, name)
  try:
    yield temporary
    if not os.path.lexists(temporary):
      raise ValueError(
        f'Nothing was written for {path}. Inside atomic_path, write to the '
        'path that it yields, not to the final path.'
      )
    _sync(temporary)
    os.replace(temporary, path)
    _sync_folder(directory)
  except OSError as error:
    if error.errno is None or error.filename not in (None, temporary):
      raise
    # A full disk names no file, and a rename the temporary one.
    raise OSError(error.errno, error.strerror, path) from error
  finally:
    _remove(temporary)


def remove_leftovers(
  directory: str | os.PathLike[str], name: str | None = None
) -> None:
  """Removes the temporary files of killed writers from a directory.

  Files of a writer that still runs, or that ran on another machine, stay.

  Args:
    directory: the directory; its subdirectories are not searched.
    name: only the temporary files of this final name; None for all.
  """
  pattern = re.compile(
    rf'{re.escape(_PREFIX)}{_machine()}-(\d+)-[0-9a-f]{{8}}-(.*)', re.DOTALL
  )
  with contextlib.suppress(OSError):
    for found in os.listdir(directory):
      match = pattern.fullmatch(found)
      if match is None or _is_running(int(match[1])):
        continue
      if name is None or match[2] == _ending(name):
        _remove(os.path.join(directory, found))


def discard(path: str | os.PathLike[str]) -> None:
  """Removes a file or folder, of which no part stays under its name.

  If it is interrupted, `remove_leftovers` removes the rest.

  Args:
    path: another process may have removed it already.

  Raises:
    OSError: it cannot be renamed.
  """
  temporary = _temporary(*os.path.split(os.path.abspath(os.fspath(path))))
  with contextlib.suppress(FileNotFoundError):
    os.rename(path, temporary)
  _remove(temporary)


def set_aside(path: str | os.PathLike[str]) -> pathlib.Path:
  """Renames a damaged file or folder, so that its name is free again.

  Args:
    path: it stays in its directory, as damaged_<number>_<name>.

  Returns:
    The new path.

  Raises:
    OSError: it cannot be renamed.
  """
  path = pathlib.Path(path)
  number = 1
  while (aside := path.with_name(f'damaged_{number}_{path.name}')).exists():
    number += 1
  return path.rename(aside)


def check_writable(path: str | os.PathLike[str], append: bool = False) -> None:
  """Checks that a file can be written, before the work that leads to it starts.

  Nothing is created, not even missing parent directories.

  Args:
    path: the file that will be written.
    append: whether it will be written to; otherwise it will be replaced.

  Raises:
    OSError: names the file or the directory that cannot be written.
  """
  path = os.path.abspath(os.fspath(path))
  if os.path.isdir(path):
    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
  _check_is_replaceable(path)
  _check_name(path)
  if append and os.path.isfile(path):
    os.close(os.open(path, os.O_WRONLY | os.O_APPEND))
  else:
    check_writable_folder(os.path.dirname(path))


def check_writable_folder(path: str | os.PathLike[str]) -> None:
  """Checks that files can be written in a folder, or that it can be created.

  Nothing is created.

  Args:
    path: the folder.

  Raises:
    OSError: names the directory that cannot be written.
  """
  path = os.path.abspath(os.fspath(path))
  _check_name(path)
  while not os.path.lexists(path) and os.path.dirname(path) != path:
    path = os.path.dirname(path)
  if not os.path.isdir(path):
    raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
  try:
    with tempfile.TemporaryFile(dir=path) as stream:
      stream.write(bytes(4096))
      stream.flush()
  except FileNotFoundError as error:  # Such as /proc.
    reason = 'No file can be created there'
    raise OSError(errno.EACCES, reason, path) from error
  except OSError as error:
    raise OSError(error.errno, error.strerror, path) from error


def write_text(path: str | os.PathLike[str], text: str) -> None:
  """Writes `text` to `path` as UTF-8, atomically.

  What UTF-8 cannot express, such as the bytes of an old file name, is escaped.

  Args:
    path: the file to write.
    text: the whole content.

  Raises:
    OSError: the file cannot be written.
  """
  with atomic_path(path) as temporary:
    with open(
      temporary, 'w', encoding='utf-8', errors='backslashreplace'
    ) as stream:
      stream.write(text)


def write_json(path: str | os.PathLike[str], content: object) -> None:
  """Writes an object as indented JSON, atomically, its texts made printable.

  Args:
    path: the file to write.
    content: dicts, lists, strings, numbers, booleans and None.

  Raises:
    ValueError: a number is NaN or infinite, which JSON cannot express.
    OSError: the file cannot be written.
  """
  safe = printable.printable_content(content)
  write_text(path, json.dumps(safe, indent=2, allow_nan=False) + '\n')


def _check_is_replaceable(path: str) -> None:
  """Refuses devices, pipes and sockets: the rename would remove them."""
  if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
    raise OSError(errno.EINVAL, 'It is a device or a pipe, not a file', path)


def _check_name(path: str) -> None:
  """Raises OSError for a path with a part that is too long."""
  with contextlib.suppress(FileNotFoundError, NotADirectoryError):
    os.lstat(path)


def _machine() -> str:
  """Returns a short text that differs between machines and containers."""
  return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _temporary(directory: str, name: str) -> str:
  """Returns a new temporary path for a final name."""
  writer = f'{_machine()}-{os.getpid()}-{secrets.token_hex(4)}'
  return os.path.join(directory, f'{_PREFIX}{writer}-{_ending(name)}')


def _ending(name: str) -> str:
  """Returns the end of the temporary names for a final name."""
  digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:12]
  suffixes = ''.join(pathlib.PurePath(name).suffixes[-2:])
  if len(os.fsencode(suffixes)) > _MOST_SUFFIX_BYTES:
    suffixes = pathlib.PurePath(name).suffix
  return digest + suffixes


def _is_running(process: int) -> bool:
  """Returns whether a process of this machine is running."""
  try:
    os.kill(process, 0)
  except (ProcessLookupError, OverflowError):
    return False
  except PermissionError:
    pass
  return True


def _sync(path: str) -> None:
  """Waits until a file, or all of a directory, is on the disk."""
  if os.path.isdir(path) and not os.path.islink(path):
    for directory, _, names in os.walk(path):
      for name in names:
        _sync_file(os.path.join(directory, name))
      _sync_folder(directory)
  else:
    _sync_file(path)


def _sync_file(path: str) -> None:
  descriptor = os.open(path, os.O_RDONLY)
  try:
    os.fsync(descriptor)
  finally:
    os.close(descriptor)


def _sync_folder(path: str) -> None:
  # Some file systems, and Windows, have no fsync of a directory.
  with contextlib.suppress(OSError):
    _sync_file(path)


def _remove(path: str) -> None:
  """Removes a file or directory if it exists."""
  if os.path.isdir(path) and not os.path.islink(path):
    shutil.rmtree(path, ignore_errors=True)
    return
  with contextlib.suppress(OSError):
    os.remove(path)
