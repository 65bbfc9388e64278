# SPDX-License-Identifier: Apache-2.0
import hashlib
import json
import os

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.runtime import benchmark_report
from tests.runtime import tiny_model


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
    text = benchmark_report.format_table(_report(True))
    self.assertNotIn('share', text)
    self.assertNotIn('busy', text)

  def test_says_whose_figures_they_are(self):
    on_board = benchmark_report.format_table(_report(board=True))
    self.assertIn('Measured on a Raspberry Pi 4 Model B.', on_board)
    elsewhere = benchmark_report.format_table(_report(board=False))
    self.assertIn('this machine (Some CPU), not on a Raspberry Pi', elsewhere)


class MeasureModelTest(parameterized.TestCase):
  def test_measures_and_writes(self):
    content = tiny_model.float_model(metadata={'system': 'tcl'})
    path = self.create_tempfile('m.tflite', content).full_path
    report = benchmark_report.measure_model(path, (1,), warmup=1, runs=3)
    self.assertEqual(
      report['model'],
      {
        'file': 'm.tflite',
        'bytes': len(content),
        'sha256': hashlib.sha256(content).hexdigest(),
        'metadata': {'system': 'tcl'},
      },
    )
    on, off = report['configurations']
    self.assertEqual((on['xnnpack'], on['partitions']), (True, 1))
    self.assertEqual((off['xnnpack'], off['partitions']), (False, 0))
    self.assertEqual(on['device'], report['machine']['device'])
    self.assertIn('m.tflite', benchmark_report.format_table(report))
    target = os.path.join(self.create_tempdir().full_path, 'new', 'b.json')
    benchmark_report.write_json(target, report)
    with open(target, encoding='utf-8') as stream:
      self.assertEqual(json.load(stream), report)

  @parameterized.parameters([[]], [[0]], [[2, 2]])
  def test_bad_threads(self, threads):
    with self.assertRaisesRegex(ValueError, '--threads must list different'):
      benchmark_report.measure_model('m.tflite', threads)

  def test_missing_model(self):
    with self.assertRaisesRegex(ValueError, 'no model file /x/y.tflite'):
      benchmark_report.measure_model('/x/y.tflite')


if __name__ == '__main__':
  absltest.main()
