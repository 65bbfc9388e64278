# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.devices.emulated_pi4 import options


class OptionsTest(parameterized.TestCase):
  def test_defaults_compare_processes(self):
    self.assertGreaterEqual(options.EmulationOptions().processes, 2)

  @parameterized.parameters(('processes', 1), ('inferences', 0))
  def test_too_few(self, name, value):
    with self.assertRaisesRegex(ValueError, f'{name} must be at least'):
      options.EmulationOptions(**{name: value})


if __name__ == '__main__':
  absltest.main()
