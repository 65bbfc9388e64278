# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest

from depth_mai.devices.tflite_2_5 import runner
from tests.devices.tflite_2_5 import old_python


class RunnerTest(absltest.TestCase):
  def test_python_3_8_can_read_what_it_imports(self):
    old_python.check_imports(self, runner)


if __name__ == '__main__':
  absltest.main()
