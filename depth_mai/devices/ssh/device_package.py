# SPDX-License-Identifier: Apache-2.0
"""Selects the modules that a board needs to measure, and their requirements.

The modules are those that `runtime.configuration` imports, a few dozen
kilobytes. On the board, they and the virtual environment are named after the
hash of their content and of their requirements, so that each is made once.
"""

import ast
import hashlib
import json
import pathlib

from depth_mai.runtime import configuration
from depth_mai.runtime import environment

_ROOT = pathlib.Path(environment.package_root())

# The same as in setup.cfg. tflite-runtime was the last with wheels for 32-bit
# ARM.
_64_BIT = ('ai-edge-litert>=2.3,<3', 'numpy>=1.24,<3')
_32_BIT_ARM = ('tflite-runtime==2.14.0', 'numpy>=1.24,<2')
_32_BIT_PYTHON = '3.11.'

# Size of the virtual environment with pip, and some space for unpacking.
NEEDED_BYTES = 300e6


def package_files() -> dict[str, str]:
  """Returns the modules that measure, a dict from paths to texts.

  Raises:
    OSError: a module cannot be read.
  """
  files, wanted = {}, [configuration.__name__]
  while wanted:
    path = _path(wanted.pop())
    if path is None or path in files:
      continue
    files[path] = (_ROOT / path).read_text(encoding='utf-8')
    parts = pathlib.PurePosixPath(path).parts[:-1]
    wanted += ['.'.join(parts[:end]) for end in range(1, len(parts) + 1)]
    for node in ast.walk(ast.parse(files[path])):
      if isinstance(node, ast.ImportFrom) and node.module:
        wanted += [f'{node.module}.{alias.name}' for alias in node.names]
  return dict(sorted(files.items()))


def requirements(facts: dict) -> list[str]:
  """Returns the requirements that pip installs on a board.

  Args:
    facts: facts about the board, see `agent.facts`.

  Raises:
    ValueError: there are no packages for this board; says which board or system
      has them.
  """
  machine, bits = facts['machine'], facts['bits']
  what = f'a {bits}-bit Python {facts["python"]} on {machine}'
  if facts['system'] != 'Linux' or not facts['libc'].startswith('glibc'):
    raise ValueError(
      f'LiteRT has wheels only for Linux with glibc, not for {what}, '
      f'{facts["system"]}, {facts["libc"] or "another C library"}. Put '
      'Raspberry Pi OS (64-bit) on the board.'
    )
  if bits == 64 and machine in ('aarch64', 'x86_64'):
    return list(_64_BIT)
  # A 32-bit system with a 64-bit kernel reports the machine aarch64.
  if bits == 32 and machine in ('aarch64', 'armv7l', 'armv8l'):
    if facts['python'].startswith(_32_BIT_PYTHON):
      return list(_32_BIT_ARM)
    raise ValueError(
      'tflite-runtime is the last runtime with wheels for 32-bit ARM, but only '
      f'for Python 3.11, not for {what}. Put Raspberry Pi OS (64-bit) on the '
      'board, or the 32-bit one of Bookworm (12).'
    )
  raise ValueError(
    f'LiteRT has no wheels for {what}. Put Raspberry Pi OS (64-bit) on a '
    'Raspberry Pi 3 or newer.'
  )


def key(content: object) -> str:
  """Returns the hash of a content, which serves as its name on the board.

  Args:
    content: anything that json can write.
  """
  text = json.dumps(content, sort_keys=True)
  return hashlib.sha256(text.encode()).hexdigest()[:16]


def _path(module: str) -> str | None:
  """Returns the path of a module of depth_mai; None for any other module."""
  if module.split('.')[0] != 'depth_mai':
    return None
  path = module.replace('.', '/')
  for name in (f'{path}.py', f'{path}/__init__.py'):
    if (_ROOT / name).is_file():
      return name
  return None
