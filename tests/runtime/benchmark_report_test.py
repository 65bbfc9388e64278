# SPDX-License-Identifier: Apache-2.0
"""Tests of the report's text."""

from absl.testing import absltest

from depth_mai.runtime import benchmark_report


def _row(threads, xnnpack, load):
  state = {
    'governor': 'performance',
    'cpu_mhz': 1500.0,
    'temperature_c': 51.0 if xnnpack else 82.5,
    'throttled': [] if xnnpack else ['throttled now'],
    'load_average': load,
  }
  return {
    'threads': threads,
    'xnnpack': xnnpack,
    'warmup': 10,
    'runs': 50,
    'median_ms': 12.3456,
    'p10_ms': 11.5,
    'p90_ms': 1234.5,
    'min_ms': 11.0,
    'with_copies_median_ms': 13.0,
    'partitions': 3 if xnnpack else None,
    'operators': 20 if xnnpack else None,
    'operators_outside': {'TILE': 1, 'PAD': 2} if xnnpack else None,
    'peak_rss_mb': 60.0,
    'model_memory_mb': None,
    'state_before': state,
    'state_after': state,
  }


def _report(board, threads=4, load=0.25):
  machine = {
    'device': 'Raspberry Pi 4 Model B' if board else 'Some CPU',
    'is_raspberry_pi': board,
    'cpu_count': 4,
    'architecture': 'aarch64',
    'os': 'Linux',
    'python': '3.11.2',
    'runtime': 'ai-edge-litert',
    'runtime_version': '2.3.0',
  }
  return {
    'model': {'file': 'm.tflite', 'bytes': 99, 'sha256': 'abc'},
    'machine': machine,
    'note': benchmark_report.machine_note(machine),
    'configurations': [
      _row(threads, True, load),
      _row(threads, False, load),
    ],
  }


class FormatTest(absltest.TestCase):
  def test_table(self):
    lines = benchmark_report.format_table(_report(board=True)).splitlines()
    heading = next(line for line in lines if 'median ms' in line)
    on, off = lines[lines.index(heading) + 1 :][:2]
    self.assertEqual(
      on.split(),
      '4 on 12.346 11.500 1234.500 11.000 13.000 3 - 60.0'.split(),
    )
    self.assertEqual(
      off.split()[1:3] + off.split()[7:8], ['off', '12.346', '-']
    )
    self.assertEqual(len(on), len(heading))
    text = '\n'.join(lines)
    self.assertIn('of 20 operators: 2 PAD, 1 TILE', text)
    self.assertIn('51.0 to 82.5 degrees C, throttled throttled now', text)

  def test_doubtful_figures_are_marked(self):
    text = benchmark_report.format_table(_report(True, threads=8, load=3.0))
    self.assertIn('8 threads share 4 logical CPUs.', text)
    self.assertIn('busy before the first run (load 3.0 on 4', text)
    # A container that may use one CPU, or one and a half CPUs' time.
    limited = _report(True)
    limited['machine']['cpu_quota'] = 1.5
    text = benchmark_report.format_table(limited)
    self.assertIn('4 threads share 2 logical CPUs.', text)
    limited['configurations'][0]['cpus'] = [3]
    text = benchmark_report.format_table(limited)
    self.assertIn('4 threads share 1 logical CPU.', text)
    text = benchmark_report.format_table(_report(True))
    self.assertNotIn('share', text)
    self.assertNotIn('busy', text)

  def test_second_opinion(self):
    report = _report(True)
    report['litert_benchmark'] = [
      {'threads': 4, 'figures': {'median_ms': 5.125}, 'reason': None},
      {'threads': 1, 'figures': None, 'reason': 'it is not installed'},
    ]
    text = benchmark_report.format_table(report)
    self.assertIn('own benchmark, 4 threads: median 5.12 ms', text)
    self.assertIn('own benchmark, 1 threads: it is not installed', text)

  def test_runtime_without_delegation_details(self):
    report = _report(True)
    report['configurations'][0].update(operators_outside=None, p10_ms=None)
    text = benchmark_report.format_table(report)
    self.assertIn('outside XNNPACK: this runtime does not report it', text)

  def test_note_names_the_machine(self):
    on_board = benchmark_report.format_table(_report(board=True))
    self.assertIn('Measured on a Raspberry Pi 4 Model B.', on_board)
    elsewhere = benchmark_report.format_table(_report(board=False))
    self.assertIn('this machine (Some CPU), not on a Raspberry Pi', elsewhere)


if __name__ == '__main__':
  absltest.main()
