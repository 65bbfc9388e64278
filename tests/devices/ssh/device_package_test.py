# SPDX-License-Identifier: Apache-2.0
import configparser
import json
import os
import pathlib
import subprocess
import sys

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.devices.ssh import device_package
from tests.runtime import tiny_model

_SETUP = pathlib.Path(__file__).resolve().parents[3] / 'setup.cfg'


def _facts(machine='aarch64', bits=64, python='3.11.2', **others):
  return {
    'machine': machine,
    'bits': bits,
    'python': python,
    'system': 'Linux',
    'libc': 'glibc 2.36',
    **others,
  }


class PackageTest(absltest.TestCase):
  def test_measures_without_the_rest(self):
    root = pathlib.Path(self.create_tempdir().full_path)
    files = device_package.package_files()
    for path, text in files.items():
      target = root / path
      target.parent.mkdir(parents=True, exist_ok=True)
      target.write_text(text, encoding='utf-8')
    (root / 'm.tflite').write_bytes(tiny_model.float_model())
    request = {
      'path': str(root / 'm.tflite'),
      'num_threads': 1,
      'xnnpack': True,
      'warmup': 1,
      'runs': 1,
      'cpus': [],
    }
    # The checkout is neither the folder it runs in nor on its path.
    done = subprocess.run(
      [sys.executable, '-m', 'depth_mai.runtime.configuration']
      + [json.dumps(request)],
      cwd=root,
      env={**os.environ, 'PYTHONPATH': str(root)},
      capture_output=True,
      text=True,
    )
    self.assertIn('"median_ms"', done.stdout, done.stderr)
    self.assertIn('depth_mai/__init__.py', files)
    # A few modules, not the whole package.
    self.assertLess(sum(map(len, files.values())), 100_000)
    self.assertTrue(all(path.startswith('depth_mai/') for path in files))

  def test_key_is_that_of_the_content(self):
    files = device_package.package_files()
    self.assertEqual(
      device_package.key(files),
      device_package.key(dict(reversed(files.items()))),
    )
    changed = {**files, 'depth_mai/__init__.py': 'changed'}
    self.assertNotEqual(device_package.key(files), device_package.key(changed))


class RequirementsTest(parameterized.TestCase):
  @parameterized.parameters(
    ('aarch64', 64), ('x86_64', 64), ('armv7l', 32), ('aarch64', 32)
  )
  def test_is_what_setup_installs(self, machine, bits):
    if not _SETUP.exists():
      self.skipTest('setup.cfg is not here')
    setup = configparser.ConfigParser()
    setup.read(_SETUP)
    lines = setup['options']['install_requires'].splitlines()
    wanted = device_package.requirements(_facts(machine, bits))
    self.assertContainsSubset(
      wanted, [line.partition(';')[0].strip() for line in lines]
    )
    # The interpreter and NumPy; no picture is read there.
    self.assertLen(wanted, 2)

  def test_32_bit_has_what_it_can(self):
    # Built before NumPy 2, as its last release is.
    wanted = device_package.requirements(_facts('armv7l', 32))
    self.assertStartsWith(wanted[0], 'tflite-runtime==')
    self.assertEndsWith(wanted[1], '<2')

  @parameterized.parameters(
    (_facts('armv7l', 32, '3.13.5'), 'only for Python 3.11.*64-bit'),
    (_facts('armv6l', 32), 'no wheels for a 32-bit Python 3.11.2 on armv6l'),
    (_facts('riscv64'), 'no wheels for a 64-bit Python 3.11.2 on riscv64'),
    (_facts(libc=''), 'with glibc, not.*another C library'),
    (_facts(system='Darwin'), 'only for Linux with glibc.*Darwin'),
  )
  def test_no_wheels(self, facts, message):
    with self.assertRaisesRegex(ValueError, message):
      device_package.requirements(facts)


if __name__ == '__main__':
  absltest.main()
