# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest

from depth_mai.devices.emulated_pi4 import report_table


def _operator(index, instructions):
  return {
    'index': index,
    'operator': 'CONV_2D',
    'output': f'layer_{index}',
    'runs_in': 'xnnpack',
    'kernels': 1,
    'instructions': instructions,
    'load_bytes': 0,
    'store_bytes': 0,
    'share': instructions / 1e6,
  }


def _configuration(**changes):
  row = {
    'xnnpack': True,
    'counts': [1000000, 1000010],
    'instructions': 1000000,
    'relative_spread': 1e-5,
    'load_bytes': 2500000,
    'store_bytes': 500000,
    'partitions': 2,
    'operators': 20,
    'operators_outside': {'RESIZE_NEAREST_NEIGHBOR': 1},
    'classes': {'branch': 400000, 'other_float': 600000, 'prefetch': 0},
    'l1d_misses': None,
    'l2_misses': None,
    'outputs': {
      'agree': True,
      'architecture': 'x86_64',
      'runtime': 'ai-edge-litert',
      'runtime_version': '2.3.0',
      'elements': 100,
      'differing_elements': 3,
      'relative_difference': 1e-6,
    },
    'by_operator': [_operator(n, 1000 * (20 - n)) for n in range(20)],
    'around': {'instructions': 790000},
    'predicted_ms_low': 10.0,
    'predicted_ms': 12.0,
    'predicted_ms_high': 20.0,
    'prediction': {
      'label': 'predicted, not measured',
      'calibration': 'some board',
      'models': 9,
      'note': 'Not for depth networks.',
    },
    'warnings': [],
  }
  return row | changes


def _report(*rows):
  return {
    'model': {'file': 'a.tflite', 'bytes': 7, 'sha256': '0' * 64},
    'machine': {
      'device': 'emulated',
      'os': 'Debian',
      'runtime': 'ai-edge-litert',
      'runtime_version': '2.3.0',
      'python': '3.11.2',
    },
    'note': 'A note at the end.',
    'configurations': list(rows),
  }


class ReportTableTest(absltest.TestCase):
  def test_content(self):
    text = report_table.format_table(_report(_configuration()))
    for part in (
      'with XNNPACK: 1.000 million instructions',
      '2.5 MB loaded, 0.5 MB stored',
      '2 partitions, outside of 20 operators: 1 RESIZE_NEAREST_NEIGHBOR',
      'outputs agree with ai-edge-litert 2.3.0 on x86_64: 3 of 100 differ',
      'predicted, not measured: 10.0 to 20.0 ms on a Raspberry Pi 4, by "some '
      'board" (9 models). Not for depth networks.',
      'A note at the end.',
    ):
      self.assertIn(part, text)
    self.assertNotIn('prefetch', text)
    self.assertNotIn('misses', text)
    # The most frequent class is first.
    self.assertLess(text.index('other_float'), text.index('branch'))

  def test_the_costliest_operators_and_the_rest(self):
    lines = report_table.format_table(_report(_configuration())).splitlines()
    self.assertLen([line for line in lines if 'layer_' in line], 12)
    self.assertRegex('\n'.join(lines), r'8 other operators +0\.036')
    self.assertRegex('\n'.join(lines), r'around the operators +0\.790 +79\.0%')

  def test_every_time_has_its_label(self):
    for line in report_table.format_table(
      _report(_configuration())
    ).splitlines():
      if ' ms' in line:
        self.assertIn('predicted, not measured', line)

  def test_missing_figures(self):
    text = report_table.format_table(
      _report(
        _configuration(
          xnnpack=False,
          by_operator=None,
          l1d_misses=123,
          l2_misses=45,
          predicted_ms=None,
          prediction={'label': 'not predicted', 'why': 'No calibration.'},
          outputs=_configuration()['outputs'] | {'agree': False},
          warnings=['Beware.'],
        )
      )
    )
    for part in (
      'built-in kernels only: 1.000',
      'not predicted: No calibration.',
      '123 misses of the first level, 45 of the second',
      'outputs DO NOT agree',
      'Beware.',
    ):
      self.assertIn(part, text)
    self.assertNotIn('CONV_2D', text)


if __name__ == '__main__':
  absltest.main()
