# SPDX-License-Identifier: Apache-2.0
import pathlib
import subprocess
import unittest.mock

from absl.testing import absltest
import numpy as np

from depth_mai.devices.tflite_2_5 import child
from depth_mai.devices.tflite_2_5 import target
from tests.devices.tflite_2_5 import old_tflite
from tests.lite import hand_made
from tests.runtime import tiny_model


class ChildTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.installation = old_tflite.open_or_skip(self)

  def _file(self, content):
    path = pathlib.Path(self.create_tempdir().full_path) / 'model.tflite'
    path.write_bytes(content)
    return path

  def test_computes_the_known_result(self):
    path = self._file(tiny_model.float_model(kernel=(1.0, 2.0, 3.0), bias=4.0))
    rgb = np.random.default_rng(0).random((1, 6, 8, 3)).astype(np.float32)
    result = child.run(self.installation, path, [rgb], timing=(1, 3))
    self.assertTrue(result.ran)
    self.assertEqual(result.words, 'loaded and ran in TFLite 2.5.0')
    wanted = rgb @ np.array([1.0, 2.0, 3.0], np.float32) + 4
    np.testing.assert_allclose(result.outputs[0][..., 0], wanted, rtol=1e-6)
    self.assertEqual(result.facts['operators'], ['CONV_2D'])
    self.assertLen(result.facts['times_ms'], 3)
    self.assertGreater(result.facts['peak_mb'], result.facts['before_mb'])

  def test_integers(self):
    path = self._file(
      tiny_model.quantised_model('int8', (6, 8), 1.0, -128, 4.0, -128)
    )
    rgb = np.random.default_rng(0).integers(-128, 128, (1, 6, 8, 3), np.int8)
    result = child.run(self.installation, path, [rgb])
    levels = rgb.astype(int) + 128
    wanted = np.clip((2 * levels[..., 0] + levels[..., 2]) / 4 - 128, -128, 127)
    # A half is rounded up or down.
    self.assertLessEqual(np.abs(result.outputs[0][..., 0] - wanted).max(), 0.5)
    _, compared = target.run_and_compare(self.installation, path)
    self.assertLessEqual(compared['largest_difference'], 1)

  def test_the_runtimes_own_words(self):
    path = self._file(tiny_model.float_model(version=6))
    result, compared = target.run_and_compare(self.installation, path)
    self.assertFalse(result.ran)
    self.assertIsNone(compared)
    self.assertRegex(
      result.words, "Didn't find op for builtin opcode 'CONV_2D'"
    )

  def test_gelu_is_unknown(self):
    path = self._file(hand_made.model(('GELU', 1, ('FLOAT32',))))
    result = child.run(self.installation, path, [])
    self.assertFalse(result.ran)
    self.assertIn('Op builtin_code out of range: 150', result.words)

  def test_a_crash_is_a_result(self):
    path = self._file(tiny_model.float_model())
    with unittest.mock.patch.object(
      child, 'command', return_value=['-c', 'import os; os.abort()']
    ):
      result = child.run(self.installation, path, [])
    self.assertFalse(result.ran)
    self.assertIn('crashed with SIGABRT', result.words)

  def test_too_slow(self):
    path = self._file(tiny_model.float_model())
    with self.assertRaises(subprocess.TimeoutExpired):
      child.run(self.installation, path, [], timeout_s=1e-3)

  def test_unknown_cpus(self):
    path = self._file(tiny_model.float_model())
    result = child.run(
      self.installation, path, [np.zeros((1, 6, 8, 3), np.float32)], cpus=[4095]
    )
    self.assertIn('may not use all of the CPUs [4095]', result.words)


if __name__ == '__main__':
  absltest.main()
