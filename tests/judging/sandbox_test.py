# SPDX-License-Identifier: Apache-2.0
"""Tests of the sandbox with files that attack it."""

import time

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.judging import interface_check
from depth_mai.judging import launcher as launcher_lib
from depth_mai.judging import lockdown
from depth_mai.judging import request
from depth_mai.judging import verdict
from tests.judging import hostile_graphs
from tests.lite import hand_made
from tests.runtime import tiny_model

_LIMITS = request.Limits(memory_mb=256, load_s=3, image_s=0.5, time_s=6)


class SandboxTest(parameterized.TestCase):
  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.launcher = launcher_lib.Launcher()

  @classmethod
  def tearDownClass(cls):
    cls.launcher.close()
    super().tearDownClass()

  def open(self, threads=1, time_s=6.0, limits=_LIMITS):
    return self.launcher.launch(limits, time.monotonic() + time_s, threads)

  def run_all(self, content):
    """Loads and runs a file without checking it first."""
    with self.open() as one:
      one.take(content)
      reading = interface_check.read(one.load(), {})
      return one.run(bytes(reading.input.bytes), reading.output.bytes)

  @parameterized.parameters(1, 2)
  def test_runs_a_network(self, threads):
    kernel, bias = (2.0, 3.0, 5.0), 7.0
    content = tiny_model.float_model((6, 8), kernel, bias)
    rgb = np.random.default_rng(0).random((1, 6, 8, 3)).astype('<f4')
    with self.open(threads) as one:
      one.take(content)
      self.assertEqual(one.check('2.5.0')['problems'], [])
      for xnnpack in (True, False):
        answer = one.load(xnnpack)
        self.assertEqual(answer['inputs'][0]['shape'], [1, 6, 8, 3])
        got = np.frombuffer(one.run(rgb.tobytes(), 4 * 48), '<f4')
        np.testing.assert_allclose(
          got, (rgb @ kernel + bias).ravel(), rtol=1e-5
        )
      answer, times = one.time(1, 5)
      self.assertEqual(answer['partitions'], 0)
      self.assertTrue((np.frombuffer(times, '<f8') > 0).all())
      self.assertEqual(one.protection['system call filter'], lockdown.IN_FORCE)

  def test_kernels_are_those_of_a_process_without_sandbox(self):
    # A locked process cannot inspect the CPU; its parent must have done it.
    with self.open() as one:
      one.take(tiny_model.split_model((8, 8)))
      one.load(xnnpack=True)
      answer, _ = one.time(1, 1)
    self.assertEqual(answer['partitions'], 2)

  def test_endless_loop(self):
    start = time.monotonic()
    with self.assertRaisesRegex(
      verdict.FileFaultError, r'more than 0.5 s \(--image_s\) and was'
    ):
      self.run_all(hostile_graphs.endless_loop())
    self.assertLess(time.monotonic() - start, 3)

  def test_time_limit(self):
    with self.assertRaisesRegex(verdict.FileFaultError, '--time_s'):
      with self.open(time_s=0.3, limits=request.Limits(time_s=0.3)) as one:
        one.take(hostile_graphs.endless_loop())
        one.load()
        one.run(bytes(4 * 3 * 24 * 32), 4 * 24 * 32)

  def test_a_sandbox_that_does_not_start_is_no_fault_of_the_file(self):
    limits = request.Limits(load_s=1e-6)
    with self.assertRaisesRegex(ValueError, 'before it has a file: .*--load_s'):
      # It may start within the shortest wait, a millisecond.
      for _ in range(100):
        with self.open(limits=limits):
          pass

  def test_a_file_larger_than_the_memory(self):
    with self.assertRaisesRegex(
      verdict.FileFaultError, '--memory_mb'
    ) as caught:
      with self.open(limits=request.Limits(memory_mb=1)) as one:
        one.take(bytes(64 << 20))
    self.assertNotIn('.py', str(caught.exception))

  def test_crash(self):
    # A SPLIT without its inputs: XNNPACK reads out of bounds.
    with self.assertRaisesRegex(verdict.FileFaultError, 'crashed the runtime'):
      self.run_all(hand_made.model(('SPLIT', 1, ('FLOAT32', 'INT32'))))
    self.assertLen(self.run_all(tiny_model.float_model((6, 8))), 4 * 48)

  def test_memory(self):
    graph = tiny_model.float_model((1 << 13, 1 << 13))
    with self.assertRaisesRegex(verdict.FileFaultError, '256 MB of memory'):
      self.run_all(graph)

  def test_output_of_another_size(self):
    with self.open() as one:
      one.take(tiny_model.float_model((6, 8)))
      one.load()
      for size in (4 * 48 - 4, 4 * 48 + 4):
        with self.subTest(size=size), self.assertRaises(verdict.FileFaultError):
          with self.open() as other:
            other.take(tiny_model.float_model((6, 8)))
            other.load()
            other.run(bytes(4 * 144), size)

  def test_error_texts_are_printable(self):
    content = b'\0\0\0\0\x1b[2J' + bytes(100)
    with self.open() as one:
      one.take(content)
      with self.assertRaises(verdict.FileFaultError) as caught:
        one.load()
    self.assertTrue(str(caught.exception).isprintable())
    self.assertIn(
      'The file (108 bytes) is not a .tflite', str(caught.exception)
    )

  def test_every_hostile_graph_is_contained(self):
    # Without the check of operators, which would reject most of them.
    slowest = 0.0
    for name, content in hostile_graphs.all_graphs():
      with self.subTest(name=name):
        start = time.monotonic()
        try:
          self.run_all(content)
        except verdict.FileFaultError:
          pass
        slowest = max(slowest, time.monotonic() - start)
    self.assertLess(slowest, _LIMITS.time_s + 2)


if __name__ == '__main__':
  absltest.main()
