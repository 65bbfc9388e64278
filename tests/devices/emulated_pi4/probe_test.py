# SPDX-License-Identifier: Apache-2.0
import json
import pathlib
import subprocess
import sys

from absl.testing import absltest
import numpy as np

from depth_mai.devices.emulated_pi4 import probe
from tests.runtime import tiny_model

_ROOT = pathlib.Path(__file__).resolve().parents[3]


class ProbeTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.values = np.arange(144, dtype=np.float32).reshape(1, 6, 8, 3)
    np.savez(self.folder / 'inputs.npz', self.values)

  def _request(self, content, **changes):
    (self.folder / 'model.tflite').write_bytes(content)
    request = {
      'model': str(self.folder / 'model.tflite'),
      'xnnpack': True,
      'inferences': 2,
      'operators': False,
      'inputs': str(self.folder / 'inputs.npz'),
      'outputs': str(self.folder / 'outputs.npz'),
      'facts': str(self.folder / 'facts.json'),
    }
    return request | changes

  # There is no plugin here, so snapshots have no effect.
  def test_outputs_and_facts(self):
    probe.run(self._request(tiny_model.float_model(kernel=(1.0, 0.0, 2.0))))
    with np.load(self.folder / 'outputs.npz') as outputs:
      np.testing.assert_allclose(
        outputs['arr_0'][..., 0], self.values @ np.array([1.0, 0.0, 2.0])
      )
    facts = json.loads((self.folder / 'facts.json').read_text())
    self.assertEqual(facts['operators'], 1)
    self.assertEqual(facts['partitions'], 1)
    self.assertEqual(facts['delegates'], [1])
    self.assertEqual(facts['operators_outside'], {})
    self.assertEqual(facts['machine']['runtime'], 'ai-edge-litert')

  def test_without_xnnpack(self):
    probe.run(self._request(tiny_model.float_model(), xnnpack=False))
    facts = json.loads((self.folder / 'facts.json').read_text())
    self.assertEqual(facts['partitions'], 0)
    self.assertEqual(facts['delegates'], [])
    self.assertEqual(facts['operators_outside'], {'CONV_2D': 1})

  def test_invalid_model(self):
    path = self.folder / 'request.json'
    path.write_text(json.dumps(self._request(b'not a model')))
    done = subprocess.run(
      [sys.executable, '-m', probe.__name__, str(path)],
      capture_output=True,
      text=True,
      cwd=_ROOT,
    )
    self.assertEqual(done.returncode, 1)
    self.assertIn('is not a .tflite model', done.stderr)


if __name__ == '__main__':
  absltest.main()
