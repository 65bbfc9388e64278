# SPDX-License-Identifier: Apache-2.0
"""Tests of a contest from folder to leaderboard, on a fake device."""

import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.devices import settings as settings_lib
from depth_mai.ranking import contest
from tests.ranking import small_contest


class RunTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    small_contest.write_data(self.root / 'data')
    small_contest.write_models(
      self.root / 'models',
      tcl_fp32=small_contest.network(),
      tcl_int8=small_contest.network(20.0, 900.0, precision='int8'),
      icl_fp16=small_contest.network(2.0, 900.0, precision='fp16'),
      broken_fp32=b'TFL3',
    )
    self.device = small_contest.FakeDevice()
    self.asked = []
    self.lines = []

    def device(*asked):
      self.asked.append(asked)
      return self.device

    self.enter_context(
      absltest.mock.patch.object(contest.registry, 'open_device', device)
    )

  def run_contest(self, **arguments):
    return contest.run(
      contest.Contest(
        models_dir=self.root / 'models',
        data_dir=self.root / 'data',
        split='validation',
        store=self.root / 'out' / 'kept.jsonl',
        **arguments,
      ),
      self.lines.append,
    )

  def test_from_folder_to_leaderboard(self):
    self.device = small_contest.FakeDevice(threads=3)
    board = self.run_contest(threads=3, warmup=4, runs=5)
    self.assertEqual(
      self.asked, [('local', settings_lib.Settings((3,), warmup=4, runs=5))]
    )
    self.assertEqual(
      [(row['rank'], row['system'], row['precision']) for row in board['rows']],
      [(1, 'tcl', 'fp32'), (2, 'icl', 'fp16')],
    )
    self.assertEqual(list(board['precisions'][0]['files']), ['fp32', 'int8'])
    self.assertEqual(board['data']['images'], 3)
    self.assertEqual(board['device'], {**self.device.describe(), 'threads': 3})
    self.assertEqual(board['runtimes'], 'measured')
    self.assertLen(board['problems'], 1)
    self.assertIn('broken_fp32.tflite', board['problems'][0])
    self.assertIn('Not judged:', self.lines[0])
    self.assertTrue((self.root / 'out' / 'kept.jsonl').is_file())

  def test_choice_and_second_run(self):
    first = self.run_contest(systems=['tcl'], precisions=['int8'], limit=2)
    self.assertEqual(self.device.timed, ['tcl_int8.tflite'])
    self.assertEqual(first['data']['images'], 2)
    self.assertEqual(first['rows'][0]['precision'], 'int8')
    second = self.run_contest(
      systems=['tcl'], precisions=['int8'], limit=2, score_constant=64e4 * 2
    )
    self.assertEqual(self.device.timed, ['tcl_int8.tflite'])
    self.assertAlmostEqual(
      second['rows'][0]['score'] / first['rows'][0]['score'], 2.0
    )

  @parameterized.parameters(
    ({'device': 'pi'}, '--device=pi is none of local'),
    ({'score_constant': 0.0}, '--score_constant=0.0 must be positive'),
    ({'score_constant': float('nan')}, '--score_constant=nan must be'),
    ({'systems': ['smartlab']}, '--systems names smartlab'),
    ({'precisions': ['fp8']}, '--precision=fp8: the allowed precisions'),
    ({'limit': 0}, 'Change --limit'),
  )
  def test_invalid_arguments_fail_at_once(self, arguments, message):
    with self.assertRaisesRegex(ValueError, message):
      self.run_contest(**arguments)
    self.assertEqual(self.device.timed, [])


if __name__ == '__main__':
  absltest.main()
