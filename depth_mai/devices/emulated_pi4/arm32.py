# SPDX-License-Identifier: Apache-2.0
"""The 32-bit system of the emulated Raspberry Pi 4, with TFLite 2.5.0.

The challenge timed files with TFLite 2.5.0. PyPI has that release for 32-bit
ARM only, the system of most Raspberry Pis of that time. Its wheel contains the
built-in kernels without XNNPACK.
"""

import dataclasses
import os
from typing import ClassVar

from depth_mai.devices.emulated_pi4 import installation as installation_lib

RUNTIME = installation_lib.RUNTIME_32
RELEASE = '2.5.0'
# The value of runtime= in --device.
NAME = 'tflite_2_5'
_LIBRARY = (
  f'tflite_runtime-{RELEASE}.data/purelib/tflite_runtime/'
  '_pywrap_tensorflow_interpreter_wrapper.cpython-38-arm-linux-gnueabihf.so'
)


@dataclasses.dataclass(frozen=True)
class Arm32(installation_lib.Installation):
  """Paths of the 32-bit system; see Installation."""

  cpu: ClassVar[str] = installation_lib.CPU_32
  emulator: ClassVar[str] = 'qemu-arm'
  suffix: ClassVar[str] = '_32'

  @property
  def library(self) -> str:
    """The library of the runtime."""
    return os.path.join(self.site, _LIBRARY)

  @property
  def needed_files(self) -> tuple[str, ...]:
    """The files without which there would be wrong counts, or none."""
    return (*super().needed_files, self.library)


def of(installation: installation_lib.Installation) -> Arm32:
  """Returns the 32-bit system of an emulated Raspberry Pi 4.

  Args:
    installation: the emulated Raspberry Pi 4.

  Raises:
    ValueError: it has none, or files are missing.
  """
  system = Arm32(installation.root, installation.versions)
  cure = (
    f'Run "{installation_lib.FOLDER.command} --{NAME} '
    f'--dir={installation.root}"'
  )
  if RUNTIME not in installation.versions:
    raise ValueError(
      f'The emulated Raspberry Pi 4 in {installation.root} was set up without '
      f'TFLite {RELEASE}. {cure} to add it.'
    )
  for needed in system.needed_files:
    if not os.path.exists(needed):
      part = os.path.relpath(needed, system.root).split(os.sep)[0]
      path = os.path.join(system.root, part)
      raise ValueError(f'{needed} is missing. Remove {path}. {cure}.')
  return system
