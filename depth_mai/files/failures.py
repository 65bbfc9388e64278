# SPDX-License-Identifier: Apache-2.0
"""Says in one sentence why a program cannot go on, and what to do.

Bad input raises a ValueError, whose text is already such a sentence. This
module explains the errors of the system: disks, memory, names, packages.
"""

from __future__ import annotations

import errno
import os
import re
from typing import Any

from depth_mai.files import printable

# Errors of TensorFlow's runtime, by name: a device has no TensorFlow. The text
# says what failed.
_TENSORFLOW_ERRORS = {
  'DataLossError': 'Records are damaged. Prepare or copy them again, and give '
  'the new folder to --data_dir; those of a plain folder are under '
  '$DEPTH_MAI_RECORDS or ~/.cache/depth_mai/records.',
  'ResourceExhaustedError': 'The memory or the disk is full. Choose a smaller '
  'batch (train.batch_size), or free some space.',
  'PermissionDeniedError': 'A file cannot be written or read. Check the '
  'permissions, or choose another folder.',
}
_MOST_REASON = 200
# Package that the base installation lacks -> the extra that installs it.
_EXTRAS = {
  **dict.fromkeys(
    (
      'gin',
      'importlib_resources',
      'keras',
      'keras_cv',
      'tensorflow',
      'tensorflow_datasets',
    ),
    'train',
  ),
  **dict.fromkeys(('jinja2', 'matplotlib'), 'report'),
  **dict.fromkeys(('flask', 'waitress'), 'judge'),
  'av': 'camera',
}
_TRACED = 'in user code:'
_SPACE = 'Free some space, or choose a folder on another disk.'
_PERMISSION = 'Check the permissions, or choose another path.'
_CURES = {
  errno.ENOSPC: _SPACE,
  errno.EDQUOT: _SPACE,
  errno.EFBIG: _SPACE,
  errno.EROFS: _PERMISSION,
  errno.EACCES: _PERMISSION,
  errno.EPERM: _PERMISSION,
  errno.ENOENT: 'Check the spelling of the path.',
  errno.ENOTDIR: 'Check the path: one of its folders is a file.',
  errno.EISDIR: 'Give a file, not a folder.',
  errno.ENAMETOOLONG: 'Choose a shorter name.',
  errno.EMFILE: 'Allow more open files with ulimit -n.',
  errno.EIO: 'The disk or its connection may be damaged.',
}


def own_text(error: BaseException) -> str:
  """Returns the text of an error without what gin and TensorFlow add to it.

  gin appends the functions that were called; TensorFlow puts the lines of the
  source first when it traces a function.

  Args:
    error: any exception.
  """
  text = re.split(r'\n\s*In call to configurable ', str(error))[0].rstrip()
  return re.sub(rf'\A{_TRACED}.*\n\s+\w+: ', '', text, flags=re.DOTALL)


def traced_value_error(error: BaseException) -> str | None:
  """Returns the text of a ValueError that TensorFlow met while it traced.

  Args:
    error: TensorFlow may have replaced the ValueError by this one.
  """
  text = str(error)
  is_one = re.search(r'\n\s+ValueError: [^\n]*(\n\s*(In call .*)?)*\Z', text)
  return own_text(error) if text.startswith(_TRACED) and is_one else None


def reason(error: BaseException) -> str:
  """Returns one short line on an error, to be put in brackets.

  Args:
    error: any exception, such as one of a parser. Its text may quote a file.
  """
  if isinstance(error, KeyError) and error.args:
    text = f'{error.args[0]!r} is missing'
  elif isinstance(error, OSError) and error.strerror:
    text = error.strerror
  else:
    text = str(error).rstrip('.') or type(error).__name__
  return printable.printable(' '.join(text.split()), most=_MOST_REASON)


def explain(error: BaseException) -> str | None:
  """Returns a sentence on an error, or None if it looks like a bug.

  Args:
    error: any exception but those of bad input.
  """
  if isinstance(error, OSError):
    return explain_os_error(error)
  if isinstance(error, UnicodeError):
    return (
      f'A name or a text is not valid Unicode ({error}). Rename the file or '
      'store the text as UTF-8.'
    )
  if isinstance(error, MemoryError):
    reason = f' ({error})' if str(error) else ''
    return (
      f'The memory is not sufficient{reason}. Close other programs, or choose '
      'smaller pictures or batches.'
    )
  if isinstance(error, RecursionError):
    return (
      'A configuration or a file is nested too deeply, or includes or names '
      f'itself ({error}). Simplify it.'
    )
  if isinstance(error, ImportError):
    package = (error.name or '').partition('.')[0]
    extra = _EXTRAS.get(package)
    extra = f'[{extra}]' if extra else ''
    return f"{error}. Run pip install '.{extra}' in the checkout."
  if isinstance(error, RuntimeError) and 'home directory' in str(error):
    return (
      'The home folder is unknown, so ~ cannot be replaced. Set HOME, or give '
      'full paths without ~.'
    )
  if isinstance(error, RuntimeError) and error.__cause__ is not None:
    return explain(error.__cause__)  # tfds wraps all errors.
  if type(error).__module__.startswith('tensorflow.'):
    traced = traced_value_error(error)
    if traced is not None:
      return traced
    cure = _TENSORFLOW_ERRORS.get(type(error).__name__)
    return cure and f'{cure} TensorFlow reports: {str(error).splitlines()[0]}'
  return None


def explain_os_error(error: OSError) -> str:
  """Returns a sentence with the file, the reason and what to do."""
  number, reason, *names = (
    _attribute(error, name)
    for name in ('errno', 'strerror', 'filename', 'filename2')
  )
  reason = reason or own_text(error) or type(error).__name__
  if 'temporary directory' in reason:
    return (
      f'{reason}. Set TMPDIR to a folder that can be written and has space.'
    )
  where = ' -> '.join(os.fsdecode(n) for n in names if _is_path(n))
  cure = _CURES.get(number, '')
  return f'{where}{": " if where else ""}{reason}. {cure}'.rstrip()


def _attribute(error: OSError, name: str) -> Any:
  value = getattr(error, name)
  # gin raises a copy whose own attributes are empty.
  original = getattr(type(error), '__getattr__', None)
  return original(error, name) if value is None and original else value


def _is_path(name: object) -> bool:
  return isinstance(name, (str, bytes, os.PathLike))
