# SPDX-License-Identifier: Apache-2.0
"""Opens the emulator for tests, where it is set up."""

from absl.testing import absltest

from depth_mai.devices.emulated_pi4 import arm32
from depth_mai.devices.emulated_pi4 import installation


def open_or_skip(test: absltest.TestCase) -> installation.Installation:
  """Returns the installation; skips the test if there is none."""
  try:
    return installation.open_installation()
  except ValueError as error:
    test.skipTest(str(error))


def open_32_or_skip(test: absltest.TestCase) -> arm32.Arm32:
  """Returns the 32-bit system; skips the test if there is none."""
  try:
    return arm32.of(installation.open_installation())
  except ValueError as error:
    test.skipTest(str(error))
