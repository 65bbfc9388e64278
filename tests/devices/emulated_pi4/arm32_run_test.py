# SPDX-License-Identifier: Apache-2.0
import os
import pathlib

from absl.testing import absltest
import numpy as np

from depth_mai.devices.emulated_pi4 import arm32_run
from depth_mai.devices.emulated_pi4 import guest
from depth_mai.devices.emulated_pi4 import marks
from tests.devices.emulated_pi4 import arm32_probe_test
from tests.devices.emulated_pi4 import emulator
from tests.runtime import tiny_model

_SIZE = (60, 80)
# ARM code: subs r0, r0, #1; bne to it; bx lr. It is called between snapshots,
# and its last instruction is watched.
_LOOP = """
import ctypes, mmap, struct
code = mmap.mmap(-1, 4096, prot=7)
code.write(struct.pack('<3I', 0xE2500001, 0x1AFFFFFD, 0xE12FFF1E))
start = ctypes.addressof(ctypes.c_char.from_buffer(code))
loop = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(start)
libc = ctypes.CDLL(None)
libc.syscall(0x5160, start + 8, 7)
for times in (1, 1, 100000, 300000):
  libc.syscall(0x5150)
  loop(times)
  libc.syscall(0x5151)
"""


class Arm32RunTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.system = emulator.open_32_or_skip(self)
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def test_a_loop_is_counted_exactly(self):
    path = os.path.join(self.folder, 'counts')
    done = guest.run_guest(
      self.system,
      ['-c', _LOOP],
      timeout_s=120,
      plugin_options=[f'out={path}'],
    )
    self.assertEqual(done.returncode, 0, done.stderr)
    snapshots = marks.read_snapshots(path)
    _, _, short, long = [
      marks.counted(one) for one in marks.inferences(snapshots)
    ]
    self.assertEqual(list(long), ['instructions'])
    self.assertAlmostEqual(
      long['instructions'] - short['instructions'], 2 * 200000, delta=99
    )
    for inference in marks.inferences(snapshots):
      self.assertEqual(
        [one.tag for one in inference], [marks.BEGIN, marks.START, marks.END]
      )

  def _run(self, content, inputs, **changes):
    path = self.folder / 'model.tflite'
    path.write_bytes(content)
    work = self.create_tempdir().full_path
    arguments = {'inferences': 2, 'operators': False, 'timeout_s': 300.0}
    return arm32_run.run(
      self.system, str(path), inputs, work, **(arguments | changes)
    )

  def test_outputs(self):
    values = np.random.default_rng(0).random((1, *_SIZE, 3), np.float32)
    run = self._run(
      # This release crashes on a file with a signature, without the probe.
      arm32_probe_test.with_signature(
        tiny_model.float_model(_SIZE, (1.0, 2.0, 3.0))
      ),
      [values],
    )
    np.testing.assert_allclose(
      run.outputs[0][..., 0],
      values @ np.array([1.0, 2.0, 3.0], np.float32),
      rtol=1e-5,
    )
    self.assertEqual(run.facts['operators_outside'], {'CONV_2D': 1})
    self.assertIsNone(run.marked)
    # Each pixel is read and written by an instruction at least.
    pixels = _SIZE[0] * _SIZE[1]
    self.assertBetween(run.counters['instructions'], pixels, 100 * pixels)

  def test_operators_begin_one_after_the_other(self):
    values = np.zeros((1, *_SIZE, 3), np.float32)
    run = self._run(tiny_model.split_model(_SIZE), [values], operators=True)
    tags = [one.tag for one in run.marked]
    self.assertEqual(tags, [marks.BEGIN, *[marks.START] * 3, marks.END])

  def test_refused_by_the_runtime(self):
    values = np.zeros((1, *_SIZE, 3), np.float32)
    with self.assertRaisesRegex(ValueError, "opcode 'CONV_2D'.*refuses the"):
      self._run(tiny_model.float_model(_SIZE, version=6), [values])


if __name__ == '__main__':
  absltest.main()
