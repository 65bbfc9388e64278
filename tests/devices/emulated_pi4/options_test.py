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

  def test_from_spec(self):
    self.assertEqual(
      options.from_spec('emulated_pi4'), options.EmulationOptions()
    )
    self.assertEqual(
      options.from_spec('emulated_pi4?cache_model=on&calibration=a/b.json'),
      options.EmulationOptions(cache_model=True, calibration='a/b.json'),
    )

  @parameterized.parameters(
    'pi', 'emulated_pi4?x=1', 'emulated_pi4?cache_model=1'
  )
  def test_bad_spec(self, spec):
    with self.assertRaisesRegex(ValueError, 'give root=DIR, calibration='):
      options.from_spec(spec)


if __name__ == '__main__':
  absltest.main()
