# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.devices import benchmark_model
from depth_mai.runtime import configuration

# Lines of published outputs.
# Texas Instruments, Processor SDK for AM62x, TensorFlow Lite: a newer program.
_NEWER = """
INFO: STARTING!
INFO: Use xnnpack: [1]
INFO: Created TensorFlow Lite XNNPACK delegate for CPU.
INFO: Explicitly applied XNNPACK delegate, and the model graph will be partially executed by the delegate w/ 1 delegate kernels.
INFO: The input model file size (MB): 67.3128
INFO: Initialized session in 614.333ms.
INFO: count=1 curr=905463 p5=905463 median=905463 p95=905463
INFO: count=50 first=900416 curr=898333 min=898007 max=906121 avg=899641 std=1549 p5=898333 median=899281 p95=904305
INFO: Inference timings in us: Init: 614333, First inference: 905463, Warmup (avg): 905463, Inference (avg): 899641
"""  # noqa: E501
# github.com/google/XNNPACK, issue 999: TensorFlow Lite 2.4 on a Raspberry Pi 4.
_OLDER = """
STARTING!
Num threads: [4]
INFO: Created TensorFlow Lite XNNPACK delegate for CPU.
Initialized session in 18.777ms.
count=9 first=64791 curr=56295 min=54873 max=65831 avg=57758.2 std=4065

count=50 first=58154 curr=53809 min=53077 max=60727 avg=55043.2 std=1562

Inference timings in us: Init: 18777, First inference: 64791, Warmup (avg): 57758.2, Inference (avg): 55043.2
Memory footprint delta from the start of the tool (MB): init=8.97656 overall=18.7227
"""  # noqa: E501
# github.com/tensorflow/tensorflow, issue 42507: older still.
_OLDEST = """
count=50 first=32891 curr=33978 min=32641 max=34005 avg=33209.4 std=450

Inference timings in us: Init: 855, First inference: 49060, Warmup (avg): 34825.1, Inference (avg): 33209.4
Peak memory footprint (MB): init=0 overall=12.8672
"""  # noqa: E501


class ReadOutputTest(parameterized.TestCase):
  def test_newer(self):
    self.assertEqual(
      benchmark_model.read_output(_NEWER),
      {
        'runs': 50,
        'median_ms': 899.281,
        'min_ms': 898.007,
        'mean_ms': 899.641,
        'std_ms': 1.549,
        'p5_ms': 898.333,
        'p95_ms': 904.305,
        'init_ms': 614.333,
        'memory_mb': None,
        'partitions': 1,
      },
    )

  def test_older(self):
    self.assertEqual(
      benchmark_model.read_output(_OLDER),
      {
        'runs': 50,
        'median_ms': None,
        'min_ms': 53.077,
        'mean_ms': 55.0432,
        'std_ms': 1.562,
        'p5_ms': None,
        'p95_ms': None,
        'init_ms': 18.777,
        'memory_mb': 18.7227,
        'partitions': None,
      },
    )

  def test_oldest(self):
    figures = benchmark_model.read_output(_OLDEST)
    self.assertEqual(figures['mean_ms'], 33.2094)
    self.assertEqual(figures['memory_mb'], 12.8672)

  def test_one_run_and_large_numbers(self):
    figures = benchmark_model.read_output(
      'count=1 curr=1905463\n'
      'Inference timings in us: Init: 614333, Inference (avg): 1.90546e+06\n'
    )
    self.assertEqual((figures['runs'], figures['median_ms']), (1, 1905.463))
    self.assertEqual(figures['mean_ms'], 1905.46)
    self.assertIsNone(figures['std_ms'])

  @parameterized.parameters(
    ('the model graph will be completely executed by the delegate.', 1),
    ('be partially executed by the delegate w/ 22 delegate kernels.', 22),
  )
  def test_partitions(self, line, count):
    figures = benchmark_model.read_output(f'{line}\n{_OLDER}')
    self.assertEqual(figures['partitions'], count)

  def test_no_timings(self):
    text = 'STARTING!\nERROR: The model is not a valid Flatbuffer buffer\n'
    with self.assertRaisesRegex(ValueError, 'no timings.*not a valid Flat'):
      benchmark_model.read_output(text)
    with self.assertRaisesRegex(ValueError, 'its last lines: none'):
      benchmark_model.read_output('')


class ArgumentsTest(absltest.TestCase):
  def test_arguments(self):
    self.assertEqual(
      benchmark_model.arguments(
        configuration.Request('/m', 4, False, 10, 50), 600.0
      ),
      (
        '--graph=/m',
        '--num_threads=4',
        '--use_xnnpack=false',
        '--warmup_runs=10',
        '--num_runs=50',
        '--max_secs=600',
      ),
    )


if __name__ == '__main__':
  absltest.main()
