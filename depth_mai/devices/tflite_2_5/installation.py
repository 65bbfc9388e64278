# SPDX-License-Identifier: Apache-2.0
"""Defines what the set-up of TFLite 2.5.0 consists of, and finds it.

site/       the interpreter of the wheel of TensorFlow, and NumPy
stamp.json  the versions and the Python; written last

The rest of TensorFlow is left out: the interpreter needs two libraries only,
which load in a quarter of a second. Its Python is one of this machine.
"""

import dataclasses
import functools
import hashlib
import json
import os

from depth_mai.files import default_places

RELEASE = '2.5.0'
RUNTIME = 'tensorflow-cpu'
# NumPy is the version with which TensorFlow 2.5 was built.
WHEELS = (f'{RUNTIME}=={RELEASE}', 'numpy==1.19.5')
WHEEL_PLATFORM = 'manylinux2010_x86_64'
# The newest first. PyPI has wheels of TensorFlow 2.5 for older ones, too, which
# nobody installs any more.
PYTHON_VERSIONS = ('3.9', '3.8')
INTERPRETER = (
  'tensorflow/lite/python/interpreter_wrapper/'
  '_pywrap_tensorflow_interpreter_wrapper.so'
)
FRAMEWORK = 'tensorflow/libtensorflow_framework.so.2'
# Folders of the wheels, or files in them, that are unpacked.
UNPACKED = (INTERPRETER, FRAMEWORK, 'numpy/', 'numpy.libs/')

# Environment variable with another folder than the default one.
VARIABLE = 'DEPTH_MAI_TFLITE_2_5'
SETUP = 'python -m depth_mai.devices.tflite_2_5.setup'
STAMP, SITE = 'stamp.json', 'site'


@dataclasses.dataclass(frozen=True)
class Installation:
  """Paths of a set-up.

  Attributes:
    root: its folder.
    python: the Python that runs it.
    versions: dict from the names of its parts to their versions.
  """

  root: str
  python: str
  versions: dict[str, str]

  @property
  def site(self) -> str:
    """The folder of its Python packages."""
    return os.path.join(self.root, SITE)

  @property
  def needed_files(self) -> tuple[str, ...]:
    """The files without which it does not run."""
    names = (INTERPRETER, FRAMEWORK, 'numpy/__init__.py')
    return (self.python, *(os.path.join(self.site, name) for name in names))


def default_root() -> str:
  """Returns $DEPTH_MAI_TFLITE_2_5, or a folder under ~/.cache/depth_mai."""
  place = os.environ.get(VARIABLE) or '~/.cache/depth_mai/tflite_2_5'
  cure = f'Name its folder in ${VARIABLE}.'
  return os.path.abspath(default_places.expanded(place, cure))


def open_installation(root: str | None = None) -> Installation:
  """Opens a set-up that `setup` made.

  Args:
    root: its folder; None for the default.

  Returns:
    The installation; it is complete and of this version.

  Raises:
    ValueError: there is none, it is of another version, or it is damaged.
  """
  root = os.path.abspath(root or default_root())
  cure = f'Run "{SETUP} --dir={root}"'
  stamp_path = os.path.join(root, STAMP)
  try:
    with open(stamp_path, encoding='utf-8') as stream:
      stamp = json.load(stream)
    found = Installation(root, str(stamp['python']), dict(stamp['versions']))
    same = stamp['fingerprint'] == fingerprint()
  except FileNotFoundError as error:
    raise ValueError(
      f'TFLite {RELEASE} is not set up in {root}. {cure} (half a minute, 180 '
      f'MB of downloads, no root), or name its folder in ${VARIABLE}.'
    ) from error
  except (OSError, ValueError, KeyError, TypeError) as error:
    raise ValueError(
      f'{stamp_path} cannot be read ({error}). {cure}.'
    ) from error
  if not same:
    raise ValueError(
      f'TFLite {RELEASE} in {root} was set up by another version of depth_mai. '
      f'{cure} to update it.'
    )
  for path in found.needed_files:
    if not os.path.exists(path):
      raise ValueError(f'{path} is missing. Remove {stamp_path}. Then {cure}.')
  return found


def find_installation() -> Installation | None:
  """Returns the default set-up, or None where there is none to use."""
  try:
    return open_installation()
  except ValueError:
    return None


@functools.cache
def fingerprint() -> str:
  """Returns a hash of what is downloaded and unpacked."""
  parts = [*WHEELS, WHEEL_PLATFORM, *UNPACKED]
  return hashlib.sha256('\n'.join(parts).encode()).hexdigest()
