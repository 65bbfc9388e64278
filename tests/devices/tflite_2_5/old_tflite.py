# SPDX-License-Identifier: Apache-2.0
"""Opens TFLite 2.5.0 for tests, where it is set up."""

from absl.testing import absltest

from depth_mai.devices.tflite_2_5 import installation


def open_or_skip(test: absltest.TestCase) -> installation.Installation:
  """Returns the installation; skips the test if there is none."""
  try:
    return installation.open_installation()
  except ValueError as error:
    test.skipTest(str(error))
