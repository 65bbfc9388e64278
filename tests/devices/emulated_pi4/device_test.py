# SPDX-License-Identifier: Apache-2.0
import json
import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.devices import device as device_lib
from depth_mai.devices import settings
from depth_mai.devices.emulated_pi4 import device
from depth_mai.devices.emulated_pi4 import report_table
from tests.devices.emulated_pi4 import emulator
from tests.runtime import tiny_model

_SIZE = (240, 320)
_OPTIONS = device.EmulationOptions(inferences=1)


class EmulatedPi4Test(parameterized.TestCase):
  def _measure(self, content, chosen=_OPTIONS):
    emulator.open_or_skip(self)
    path = pathlib.Path(self.create_tempdir().full_path) / 'model.tflite'
    path.write_bytes(content)
    backend = device.EmulatedPi4('emulated_pi4', settings.Settings(), chosen)
    report = backend.measure(path)
    # Ready for JSON, without NaN and infinity.
    return json.loads(json.dumps(report, allow_nan=False))

  def _check_sums(self, row):
    """Checks that the operators and the rest add up to the inference."""
    for name in ('instructions', 'load_bytes', 'store_bytes'):
      operators = sum(one[name] for one in row['by_operator'])
      self.assertEqual(operators + row['around'][name], row[name])
    self.assertEqual(sum(row['classes'].values()), row['instructions'])
    self.assertBetween(row['around']['instructions'], 0, 30000)

  def test_a_graph_in_two_partitions(self):
    report = self._measure(tiny_model.split_model(_SIZE))
    self.assertEqual(report['format'], device_lib.FORMAT)
    self.assertEqual(report['kind'], 'emulated')
    with_xnnpack, without = report['configurations']
    self.assertEqual(
      (with_xnnpack['xnnpack'], without['xnnpack']), (True, False)
    )
    for row in report['configurations']:
      self._check_sums(row)
      self.assertLen(row['counts'], 2)
      self.assertLessEqual(row['relative_spread'], device.MAX_SPREAD)
      self.assertTrue(row['outputs']['agree'])
      self.assertLessEqual(row['outputs']['relative_difference'], 1e-5)
      self.assertEqual(
        [one['operator'] for one in row['by_operator']],
        ['CONV_2D', 'RESIZE_NEAREST_NEIGHBOR', 'CONV_2D'],
      )
      self.assertEqual([one['kernels'] for one in row['by_operator']], [1] * 3)
    low, high = (with_xnnpack[f'predicted_ms_{end}'] for end in ('low', 'high'))
    self.assertBetween(with_xnnpack['predicted_ms'], low, high)
    self.assertIn('depth networks', with_xnnpack['prediction']['note'])
    self.assertEqual(with_xnnpack['partitions'], 2)
    self.assertEqual(
      [one['runs_in'] for one in with_xnnpack['by_operator']],
      ['xnnpack', 'builtin', 'xnnpack'],
    )
    self.assertEqual(
      [one['output'] for one in with_xnnpack['by_operator']],
      ['features', 'grown', 'depth'],
    )
    # The same kernel runs both resizes; it writes four times what it reads.
    resizes = [row['by_operator'][1] for row in report['configurations']]
    grown = 4 * 4 * 3 * _SIZE[0] * _SIZE[1]
    for resize in resizes:
      self.assertBetween(resize['store_bytes'], grown, 2 * grown)
    self.assertAlmostEqual(
      resizes[0]['instructions'] / resizes[1]['instructions'], 1, places=3
    )

  def test_tflite_2_5(self):
    emulator.open_32_or_skip(self)
    report = self._measure(
      tiny_model.split_model(_SIZE),
      device.EmulationOptions(inferences=1, runtime='tflite_2_5'),
    )
    machine = report['machine']
    self.assertEqual(
      [machine[key] for key in ('architecture', 'runtime', 'runtime_version')],
      ['armv7l', 'tflite-runtime', '2.5.0'],
    )
    (row,) = report['configurations']
    self.assertFalse(row['xnnpack'])
    self.assertTrue(row['outputs']['agree'])
    self.assertLess(row['relative_spread'], 1e-6)
    self.assertEqual(
      [(one['operator'], one['kernels']) for one in row['by_operator']],
      [('CONV_2D', 1), ('RESIZE_NEAREST_NEIGHBOR', 1), ('CONV_2D', 1)],
    )
    operators = sum(one['instructions'] for one in row['by_operator'])
    self.assertEqual(
      operators + row['around']['instructions'], row['instructions']
    )
    self.assertBetween(row['around']['instructions'], 0, 30000)
    self.assertIsNone(row['predicted_ms'])
    self.assertIsNone(row['load_bytes'])
    text = report_table.format_table(report)
    self.assertRegex(
      text, r'million instructions \(processes differ by \S+\)\n'
    )
    self.assertNotIn('class ', text)

  def test_integers_are_equal_bit_for_bit(self):
    report = self._measure(
      tiny_model.quantised_model('int8', _SIZE, 1.0, -128, 4.0, 0),
      device.EmulationOptions(inferences=1, operators=False),
    )
    row = report['configurations'][0]
    self.assertEqual(row['outputs']['elements'], _SIZE[0] * _SIZE[1])
    self.assertEqual(row['outputs']['differing_elements'], 0)
    self.assertTrue(row['outputs']['agree'])
    self.assertIsNone(row['by_operator'])
    self.assertIsNone(row['around'])
    self.assertIsNone(row['l1d_misses'])
    self.assertEqual(
      row['prediction']['calibration'], 'MLPerf v1.1 Krai, 4 threads'
    )

  @parameterized.parameters(((2,),), ((1, 4),))
  def test_one_thread_only(self, threads):
    with self.assertRaisesRegex(ValueError, 'counts one thread only'):
      device.EmulatedPi4('emulated_pi4', settings.Settings(threads=threads))

  def test_not_set_up(self):
    folder = self.create_tempdir().full_path
    with self.assertRaisesRegex(ValueError, r'Run "python -m .*\.setup --dir='):
      device.EmulatedPi4(
        'emulated_pi4',
        settings.Settings(),
        device.EmulationOptions(root=folder),
      )

  def test_describes_itself(self):
    emulator.open_or_skip(self)
    backend = device.EmulatedPi4('emulated_pi4', settings.Settings())
    found = backend.describe()
    self.assertEqual(found['kind'], 'emulated_pi4')
    self.assertEqual(found['architecture'], 'aarch64')
    self.assertFalse(found['is_raspberry_pi'])
    self.assertEqual(found['runtime_version'], '2.3.0')
    self.assertIn('not the time of a Raspberry Pi', found['note'])
    self.assertEqual(found['threads'], [1])

  def test_the_key_depends_on_the_options(self):
    emulator.open_or_skip(self)

    def key(**changes):
      backend = device.EmulatedPi4(
        'emulated_pi4',
        settings.Settings(),
        device.EmulationOptions(**changes),
      )
      return json.dumps(backend.time_key(), sort_keys=True)

    self.assertEqual(key(), key())
    self.assertNotEqual(key(), key(cache_model=True))
    emulator.open_32_or_skip(self)
    self.assertNotEqual(key(), key(runtime='tflite_2_5'))

  def test_missing_model(self):
    emulator.open_or_skip(self)
    backend = device.EmulatedPi4('emulated_pi4', settings.Settings())
    with self.assertRaisesRegex(ValueError, 'There is no model file'):
      backend.measure('/nowhere/model.tflite')


class OptionsTest(parameterized.TestCase):
  def test_defaults_compare_processes(self):
    self.assertGreaterEqual(device.EmulationOptions().processes, 2)

  @parameterized.parameters(('processes', 1), ('inferences', 0))
  def test_too_few(self, name, value):
    with self.assertRaisesRegex(ValueError, f'{name} must be at least'):
      device.EmulationOptions(**{name: value})

  def test_from_spec(self):
    self.assertEqual(
      device.options_from_spec('emulated_pi4'), device.EmulationOptions()
    )
    self.assertEqual(
      device.options_from_spec(
        'emulated_pi4?cache_model=on&calibration=a/b.json'
      ),
      device.EmulationOptions(cache_model=True, calibration='a/b.json'),
    )
    self.assertEqual(
      device.options_from_spec('emulated_pi4?runtime=tflite_2_5'),
      device.EmulationOptions(runtime='tflite_2_5'),
    )

  @parameterized.parameters(
    ({'runtime': 'tflite'}, 'runtime=tflite: give litert or tflite_2_5'),
    ({'runtime': 'tflite_2_5', 'cache_model': True}, 'leave out cache_model='),
    ({'runtime': 'tflite_2_5', 'calibration': 'x'}, 'nor predictions'),
  )
  def test_bad_runtime(self, options, message):
    with self.assertRaisesRegex(ValueError, message):
      device.EmulationOptions(**options)

  @parameterized.parameters(
    'pi', 'emulated_pi4?x=1', 'emulated_pi4?cache_model=1'
  )
  def test_bad_spec(self, spec):
    with self.assertRaisesRegex(ValueError, 'give root=DIR, calibration='):
      device.options_from_spec(spec)


if __name__ == '__main__':
  absltest.main()
