# SPDX-License-Identifier: Apache-2.0
"""Finds a Python that is old enough for TensorFlow 2.5."""

from collections.abc import Iterator
import glob
import os
import shutil
import subprocess

from depth_mai.devices.tflite_2_5 import installation

_ASK = (
  'import platform, struct, sys; print(platform.python_implementation(), '
  '"%d.%d" % sys.version_info[:2], struct.calcsize("P") * 8)'
)
_PATIENCE_S = 30
_WANTED = ' or '.join(reversed(installation.PYTHON_VERSIONS))


def find(given: str | None = None) -> tuple[str, str]:
  """Finds a Python.

  Args:
    given: the value of --python, a program; None to look on PATH, and among the
      versions of pyenv and uv.

  Returns:
    (absolute path, version such as '3.9')

  Raises:
    ValueError: there is none, or the given one is not of a right version.
  """
  if given is not None:
    path = shutil.which(os.path.expanduser(given))
    version = path and version_of(path)
    if not (path and version):
      raise ValueError(
        f'--python={given} is not a 64-bit CPython {_WANTED}, which the wheels '
        f'of TensorFlow {installation.RELEASE} need.'
      )
    return os.path.abspath(path), version
  for path in _candidates():
    version = version_of(path)
    if version:
      return os.path.abspath(path), version
  raise ValueError(
    f'No Python {_WANTED} was found on PATH or among those of pyenv and uv, '
    f'and TensorFlow {installation.RELEASE} has no wheel for newer ones. '
    'Install one ("uv python install 3.9", "pyenv install 3.9"), or name it '
    'with --python.'
  )


def version_of(path: str) -> str | None:
  """Returns a Python's version, or None if it cannot be used.

  Args:
    path: a program.
  """
  try:
    done = subprocess.run(
      [path, '-I', '-S', '-c', _ASK],
      capture_output=True,
      text=True,
      timeout=_PATIENCE_S,
      check=False,
    )
    implementation, version, bits = done.stdout.split()
  except (OSError, ValueError, subprocess.SubprocessError):
    return None
  usable = version in installation.PYTHON_VERSIONS
  return version if usable and (implementation, bits) == _CPYTHON else None


_CPYTHON = ('CPython', '64')


def _candidates() -> Iterator[str]:
  """Yields programs that may be such a Python, the newest version first."""
  data = os.environ.get('XDG_DATA_HOME') or '~/.local/share'
  pyenv = os.environ.get('PYENV_ROOT') or '~/.pyenv'
  uv = os.environ.get('UV_PYTHON_INSTALL_DIR') or f'{data}/uv/python'
  for version in installation.PYTHON_VERSIONS:
    on_path = shutil.which(f'python{version}')
    if on_path:
      yield on_path
    for pattern in (
      f'{pyenv}/versions/{version}.*/bin/python',
      f'{uv}/cpython-{version}.*/bin/python{version}',
    ):
      yield from sorted(glob.glob(os.path.expanduser(pattern)))
