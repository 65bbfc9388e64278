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
import os

from depth_mai.devices import set_up_folder

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

SITE = 'site'


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


@functools.cache
def fingerprint() -> str:
  """Returns a hash of what is downloaded and unpacked."""
  parts = [*WHEELS, WHEEL_PLATFORM, *UNPACKED]
  return hashlib.sha256('\n'.join(parts).encode()).hexdigest()


FOLDER = set_up_folder.SetUpFolder(
  name=f'TFLite {RELEASE}',
  command='python -m depth_mai.devices.tflite_2_5.setup',
  cost='half a minute, 180 MB of downloads, no root',
  variable='DEPTH_MAI_TFLITE_2_5',
  default='~/.cache/depth_mai/tflite_2_5',
  fingerprint=fingerprint,
)


def open_installation(root: str | None = None) -> Installation:
  """Opens a set-up that `setup` made; see SetUpFolder.open."""
  return FOLDER.open(
    root,
    lambda folder, stamp: Installation(
      folder, str(stamp['python']), dict(stamp['versions'])
    ),
  )


def find_installation() -> Installation | None:
  """Returns the default set-up, or None where there is none to use."""
  try:
    return open_installation()
  except ValueError:
    return None
