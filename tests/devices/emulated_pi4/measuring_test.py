# SPDX-License-Identifier: Apache-2.0
import pathlib

from absl.testing import absltest
import numpy as np

from depth_mai.devices.emulated_pi4 import measuring
from tests.devices.emulated_pi4 import emulator
from tests.runtime import tiny_model

_SIZE = (180, 240)


class MeasuringTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.installation = emulator.open_or_skip(self)
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def _run(self, content, inputs, **changes):
    path = self.folder / 'model.tflite'
    path.write_bytes(content)
    work = self.create_tempdir().full_path
    arguments = {
      'xnnpack': True,
      'inferences': 1,
      'operators': False,
      'cache_model': False,
      'timeout_s': 300.0,
    }
    return measuring.run_probe(
      self.installation, str(path), inputs, work, **(arguments | changes)
    )

  def test_multiplications_are_counted(self):
    content = tiny_model.float_model(_SIZE, (1.0, 2.0, 3.0), outputs=8)
    values = np.random.default_rng(0).random((1, *_SIZE, 3), np.float32)
    run = self._run(content, [values], cache_model=True)
    np.testing.assert_allclose(
      run.outputs[0][..., 3],
      values @ np.array([1.0, 2.0, 3.0], np.float32),
      rtol=1e-5,
    )
    self.assertIsNone(run.marked)
    # Four at a time; the kernel's tiles fit 8 channels and 180 * 240 pixels.
    macs = _SIZE[0] * _SIZE[1] * 3 * 8
    self.assertEqual(run.counters['float_multiply_add_128'], macs // 4)
    # What is written is the output, and registers that are saved; what is read
    # is the image at least.
    written = _SIZE[0] * _SIZE[1] * 8 * 4
    self.assertBetween(run.counters['store_bytes'], written, 2 * written)
    self.assertGreater(run.counters['load_bytes'], values.nbytes)
    # Every line of the image and of the output is missed once, in both: they
    # do not fit.
    lines = (values.nbytes + written) / 64
    self.assertBetween(run.counters['l1d_misses'], 0.98 * lines, 1.3 * lines)
    self.assertBetween(run.counters['l2_misses'], 0.9 * lines, 1.1 * lines)

  def test_failures_are_told(self):
    with self.assertRaisesRegex(ValueError, 'exit code 1.*is not a .tflite'):
      self._run(b'no model', [])
    content = tiny_model.float_model()
    with self.assertRaisesRegex(ValueError, 'more than 0.2 s.*--timeout_s'):
      self._run(content, [np.zeros((1, 6, 8, 3), 'f4')], timeout_s=0.2)


if __name__ == '__main__':
  absltest.main()
