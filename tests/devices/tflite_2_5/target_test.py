# SPDX-License-Identifier: Apache-2.0
import os
import unittest.mock

from absl.testing import absltest

from depth_mai.devices.tflite_2_5 import installation
from depth_mai.devices.tflite_2_5 import target
from tests.devices.tflite_2_5 import old_tflite
from tests.runtime import tiny_model


class TargetTest(absltest.TestCase):
  def test_runs_a_file(self):
    old_tflite.open_or_skip(self)
    run = target.find('2.5')
    found = run(tiny_model.float_model())
    self.assertTrue(found.ran)
    self.assertLess(found.relative_difference, 1e-6)
    found = run(tiny_model.float_model(version=6))
    self.assertFalse(found.ran)
    self.assertIn("version '6'", found.words)

  def test_another_release(self):
    self.assertIsNone(target.find('2.9.0'))

  def test_not_set_up(self):
    place = {installation.FOLDER.variable: self.create_tempdir().full_path}
    with unittest.mock.patch.dict(os.environ, place):
      self.assertIsNone(target.find('2.5.0'))


if __name__ == '__main__':
  absltest.main()
