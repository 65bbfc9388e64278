# SPDX-License-Identifier: Apache-2.0
"""What goes to a board: the modules that measure, and the packages they need.

Not the whole of depth_mai: only what `runtime.configuration` imports, a few
dozen kilobytes. It is known by the hash of its content, as the virtual
environment is by that of its requirements, so each is made once.
"""

import ast
import hashlib
import json
import pathlib

from depth_mai.runtime import configuration

_ROOT = pathlib.Path(configuration.__file__).resolve().parent.parent.parent

# As in setup.cfg. The last wheels for 32-bit ARM are tflite-runtime's.
_64_BIT = ('ai-edge-litert>=2.3,<3', 'numpy>=1.24,<3')
_32_BIT_ARM = ('tflite-runtime==2.14.0', 'numpy>=1.24,<2')
_32_BIT_PYTHON = '3.11.'

# Of the virtual environment, pip included, with some room for unpacking.
NEEDED_BYTES = 300e6


def package_files() -> dict[str, str]:
  """Returns the modules that measure: dict from path to text.

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
  """Returns what pip shall install on a board.

  Args:
    facts: of the board, see `agent.facts`.

  Raises:
    ValueError: there are no packages for it; says what would do.
  """
  machine, bits = facts['machine'], facts['bits']
  what = f'a {bits}-bit Python {facts["python"]} on {machine}'
  if facts['system'] != 'Linux' or not facts['libc'].startswith('glibc'):
    raise ValueError(
      f'LiteRT has wheels for Linux with glibc only, not for {what}, '
      f'{facts["system"]}, {facts["libc"] or "another C library"}. Put '
      'Raspberry Pi OS (64-bit) on the board.'
    )
  if bits == 64 and machine in ('aarch64', 'x86_64'):
    return list(_64_BIT)
  # A 64-bit kernel under a 32-bit system calls the machine aarch64.
  if bits == 32 and machine in ('aarch64', 'armv7l', 'armv8l'):
    if facts['python'].startswith(_32_BIT_PYTHON):
      return list(_32_BIT_ARM)
    raise ValueError(
      f'tflite-runtime, the last with wheels for 32-bit ARM, has none for '
      f'{what}, only for Python 3.11. Put Raspberry Pi OS (64-bit) on the '
      'board, or the 32-bit one of Bookworm (12).'
    )
  raise ValueError(
    f'LiteRT has no wheels for {what}. Put Raspberry Pi OS (64-bit) on a '
    'Raspberry Pi 3 or newer.'
  )


def key(content: object) -> str:
  """Returns a name for something: the hash of it.

  Args:
    content: anything that json takes.
  """
  text = json.dumps(content, sort_keys=True)
  return hashlib.sha256(text.encode()).hexdigest()[:16]


def _path(module: str) -> str | None:
  """Returns the file of one of our modules; None for anything else."""
  if module.split('.')[0] != 'depth_mai':
    return None
  path = module.replace('.', '/')
  for name in (f'{path}.py', f'{path}/__init__.py'):
    if (_ROOT / name).is_file():
      return name
  return None
