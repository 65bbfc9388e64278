# SPDX-License-Identifier: Apache-2.0
import hashlib

from absl.testing import absltest

from depth_mai.devices import description
from depth_mai.devices import settings as settings_lib
from tests.runtime import tiny_model

_MACHINE = {
  'device': 'Raspberry Pi 4 Model B Rev 1.4',
  'is_raspberry_pi': True,
  'cpu_count': 4,
  'cpu_max_mhz': 1800.0,
  'architecture': 'aarch64',
  'os': 'Linux-6.12',
  'python': '3.11.2',
  'runtime': 'ai-edge-litert',
  'runtime_version': '2.3.0',
}


class DescriptionTest(absltest.TestCase):
  def test_describe(self):
    settings = settings_lib.Settings(threads=(1, 4), warmup=3, runs=7)
    self.assertEqual(
      description.describe('ssh', _MACHINE, settings, 'A note.'),
      {
        'kind': 'ssh',
        'name': 'Raspberry Pi 4 Model B Rev 1.4',
        'architecture': 'aarch64',
        'cpu_count': 4,
        'os': 'Linux-6.12',
        'is_raspberry_pi': True,
        'runtime': 'ai-edge-litert',
        'runtime_version': '2.3.0',
        'threads': [1, 4],
        'warmup': 3,
        'runs': 7,
        'note': 'A note.',
      },
    )

  def test_time_key(self):
    def key(machine=(), **settings):
      return description.time_key(
        'ssh://pi',
        {**_MACHINE, **dict(machine)},
        settings_lib.Settings(**settings),
      )

    for changed in (
      key(runs=7),
      key(warmup=3),
      key(cpus=(1,)),
      key({'runtime_version': '2.4.0'}),
      key({'device': 'Raspberry Pi 5'}),
    ):
      self.assertNotEqual(changed, key())
    # A row is kept for each number of threads; an update is no other machine.
    self.assertEqual(key(threads=(4,)), key())
    self.assertEqual(key({'os': 'Linux-6.13', 'python': '3.11.9'}), key())

  def test_model(self):
    content = tiny_model.float_model(metadata={'system': 'tcl'})
    path = self.create_tempfile('m.tflite', content).full_path
    self.assertEqual(
      description.describe_model(path),
      {
        'file': 'm.tflite',
        'bytes': len(content),
        'sha256': hashlib.sha256(content).hexdigest(),
        'metadata': {'system': 'tcl'},
      },
    )
    with self.assertRaisesRegex(ValueError, 'no model file /no/such'):
      description.describe_model('/no/such')


if __name__ == '__main__':
  absltest.main()
