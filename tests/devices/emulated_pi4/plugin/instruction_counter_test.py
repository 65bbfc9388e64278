# SPDX-License-Identifier: Apache-2.0
import os

from absl.testing import absltest

from depth_mai.devices.emulated_pi4 import guest
from depth_mai.devices.emulated_pi4 import marks
from tests.devices.emulated_pi4 import emulator

# Writes a loop of three instructions into memory and runs it between two
# snapshots: ldr x3, [x1]; subs x0, x0, #1; b.ne -8; then ret.
_PROGRAM = """
import ctypes, mmap, struct
code = mmap.mmap(-1, 4096, prot=7)
code.write(struct.pack('<4I', 0xF9400023, 0xF1000400, 0x54FFFFC1, 0xD65F03C0))
start = ctypes.addressof(ctypes.c_char.from_buffer(code))
loop = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_long, ctypes.c_void_p)(start)
libc = ctypes.CDLL(None)
for times in (1, 1, 100000, 300000):
  libc.syscall(0x5150)
  loop(times, start)
  libc.syscall(0x5151, 7)
"""


_NO_CLASS = (
  'instructions',
  'load_bytes',
  'store_bytes',
  'l1d_misses',
  'l2_misses',
)


class InstructionCounterTest(absltest.TestCase):
  def test_a_loop_is_counted_exactly(self):
    installation = emulator.open_or_skip(self)
    path = os.path.join(self.create_tempdir().full_path, 'counts')
    done = guest.run_guest(
      installation,
      ['-c', _PROGRAM],
      timeout_s=120,
      plugin_options=[f'out={path}', 'cache=on'],
    )
    self.assertEqual(done.returncode, 0, done.stderr)
    snapshots = marks.read_snapshots(path)
    self.assertEqual(snapshots[1].arguments[0], 7)
    # The calls around the loop cost the same every time except the first.
    _, once, short, long = [
      marks.counted(one) for one in marks.inferences(snapshots)
    ]
    for name, each in (
      ('instructions', 3),
      ('scalar_load', 1),
      ('branch', 1),
      ('other_scalar', 1),
      ('load_bytes', 8),
      ('store_bytes', 0),
    ):
      self.assertAlmostEqual(long[name] - short[name], each * 200000, delta=99)
      self.assertAlmostEqual(short[name] - once[name], each * 99999, delta=2999)
    self.assertEqual(
      sum(long[name] for name in long if name not in _NO_CLASS),
      long['instructions'],
    )
    # The loop always reads the same line.
    self.assertLess(long['l1d_misses'], 2000)

  def test_the_plugin_needs_a_file(self):
    installation = emulator.open_or_skip(self)
    done = guest.run_guest(
      installation, ['-c', ''], timeout_s=60, plugin_options=[]
    )
    self.assertNotEqual(done.returncode, 0)
    self.assertIn('cannot write out=', done.stderr)


if __name__ == '__main__':
  absltest.main()
