# SPDX-License-Identifier: Apache-2.0
"""Tests of measuring in a fresh process."""

import json
import os

from absl.testing import absltest

from depth_mai.runtime import configuration
from tests.runtime import tiny_model


def _measure(*arguments, timeout_s=None, **options):
  return configuration.measure_in_child(
    configuration.Request(*arguments, **options), timeout_s
  )


class MeasureInChildTest(absltest.TestCase):
  def test_all_figures_come_back(self):
    path = self.create_tempfile(
      'm.tflite', tiny_model.split_model((32, 32))
    ).full_path
    measured = _measure(path, 2, True, warmup=2, runs=5)
    self.assertEqual(measured['threads'], 2)
    self.assertIs(measured['xnnpack'], True)
    self.assertEqual(measured['runs'], 5)
    self.assertEqual(measured['partitions'], 2)
    self.assertEqual(
      measured['operators_outside'], {'RESIZE_NEAREST_NEIGHBOR': 1}
    )
    self.assertGreater(measured['median_ms'], 0)
    self.assertLessEqual(measured['p10_ms'], measured['median_ms'])
    self.assertLessEqual(measured['median_ms'], measured['p90_ms'])
    self.assertEqual(measured['runtime'], 'ai-edge-litert')
    self.assertEqual(json.loads(json.dumps(measured)), measured)

  def test_memory_is_that_of_the_child(self):
    if not os.path.exists('/proc/self/status'):
      self.skipTest('memory is read from Linux /proc')
    # This process is large; the measuring one must not inherit its memory.
    ballast = b'x' * (250 * 2**20)
    grown_mb = []
    for name, size in (('small', (8, 8)), ('large', (900, 1200))):
      path = self.create_tempfile(
        f'{name}.tflite', tiny_model.float_model(size)
      ).full_path
      measured = _measure(path, 1, True, 1, 1)
      self.assertLess(measured['peak_rss_mb'], 200)
      grown_mb.append(measured['model_memory_mb'])
    del ballast
    # 1.08 M pixels: at least input (12.4 MB) and output (4.1 MB) in the arena
    # and the input's and the output's copies outside.
    self.assertBetween(grown_mb[1] - grown_mb[0], 30, 60)

  def test_stays_on_the_cpus(self):
    if not hasattr(os, 'sched_getaffinity'):
      self.skipTest('this system cannot pin a process')
    path = self.create_tempfile('m.tflite', tiny_model.float_model())
    usable = sorted(os.sched_getaffinity(0))
    measured = _measure(path.full_path, 1, True, 1, 1, cpus=usable[-1:])
    self.assertEqual(measured['cpus'], usable[-1:])
    # The child was pinned, not this process.
    self.assertEqual(sorted(os.sched_getaffinity(0)), usable)
    with self.assertRaisesRegex(ValueError, '--cpus=99999: .* use CPUs'):
      _measure(path.full_path, 1, True, 1, 1, cpus=(99999,))

  def test_takes_too_long(self):
    path = self.create_tempfile('m.tflite', tiny_model.float_model())
    with self.assertRaisesRegex(ValueError, 'not done after 0.5 s.*timeout_s'):
      _measure(path.full_path, 1, True, 1, 10**9, timeout_s=0.5)

  def test_message_of_a_process_that_died(self):
    request = configuration.Request('m.tflite', 2, False, 1, 1)
    with self.assertRaisesRegex(
      ValueError,
      'm.tflite with 2 threads, XNNPACK off: .* by SIGKILL. The file .* Killed',
    ):
      request.read_answer(-9, 'INFO: a line of the runtime\n', 'Killed\n')

  def test_errors_come_back(self):
    path = self.create_tempfile(
      'half.tflite', tiny_model.float_model()[:300]
    ).full_path
    with self.assertRaisesRegex(ValueError, 'half.tflite is damaged'):
      _measure(path, 1, True, 1, 1)


if __name__ == '__main__':
  absltest.main()
