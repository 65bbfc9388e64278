# SPDX-License-Identifier: Apache-2.0
"""What the emulated Raspberry Pi 4 is made of, by version.

Another QEMU, C library or LiteRT runs other instructions, so counts compare
only within one set of versions.
"""

DEBIAN_RELEASE = 'bookworm'
# 10.0 of the same release's backports has no plugins any more.
QEMU_VERSION = '7.2'
HOST_PACKAGES = ('qemu-user',)
GUEST_PACKAGES = (
  'python3.11-minimal',
  'libpython3.11-stdlib',
  'libstdc++6',
)
PYTHON_VERSION = '3.11'
RUNTIME = 'ai-edge-litert'
WHEELS = (
  'ai-edge-litert==2.3.0',
  'backports-strenum==1.2.8',
  'flatbuffers==25.12.19',
  'ml-dtypes==0.6.0',
  'numpy==2.3.5',
  'protobuf==7.36.2',
  'tqdm==4.70.1',
  'typing-extensions==4.16.0',
  # What depth_mai needs on a device beside the runtime.
  'absl-py==2.5.1',
  'pillow==13.0.0',
)
# In which the wheels above are published.
WHEEL_PLATFORMS = (
  'manylinux_2_28_aarch64',
  'manylinux_2_27_aarch64',
  'manylinux_2_17_aarch64',
  'manylinux2014_aarch64',
)
CPU = 'cortex-a72'


def pinned_version(name: str) -> str:
  """Returns the version of a wheel.

  Args:
    name: its pip name.

  Raises:
    KeyError: if it is not among the wheels.
  """
  return dict(wheel.split('==') for wheel in WHEELS)[name]
