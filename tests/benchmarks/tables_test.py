# SPDX-License-Identifier: Apache-2.0
"""Tests of benchmarks/tables.py, on files as other programs write them."""

import json
import pathlib

from absl.testing import absltest

from benchmarks import tables


class TablesTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)

  def test_runs(self):
    lines = [
      {'split': 'train_eval', 'step': 2, 'images': 64, 'si_rmse': 0.25},
      {'split': 'validation', 'step': 1, 'images': 32}
      | {'si_rmse': 0.5, 'rmse': 2.0, 'log10': 0.2, 'rel': 0.4},
      {'split': 'validation', 'step': 2, 'images': 64}
      | {'si_rmse': 0.3, 'rmse': 1.5, 'log10': 0.1, 'rel': 0.3},
    ]
    workdir = self.root / 'tcl'
    workdir.mkdir()
    (workdir / 'metrics.jsonl').write_text(
      ''.join(json.dumps(line) + '\n' for line in lines)
    )
    self.assertIn(
      '| tcl | 64 | 0.3000 | 1.5000 | 0.1000 | 0.3000 | 0.2500 |',
      tables.runs_table(self.root),
    )

  def test_seeds(self):
    for name, si_rmse in (
      ('tcl_plain_1', 0.25), ('tcl_plain_2', 0.28), ('tcl_plain_10', 0.25),
      ('tcl_taught_1', 0.24), ('other', 0.1),
    ):  # fmt: skip
      workdir = self.root / name
      workdir.mkdir()
      lines = [
        {'split': 'validation', 'step': 1, 'images': 32, 'si_rmse': 0.1},
        {'split': 'validation', 'step': 2, 'images': 64, 'si_rmse': si_rmse},
      ]
      (workdir / 'metrics.jsonl').write_text(
        ''.join(json.dumps(line) + '\n' for line in lines)
      )
    self.assertEqual(
      tables.seeds_table(self.root).splitlines()[2:],
      [
        '| tcl_plain | 3 | 0.2600 | 0.2500 | 0.2800 |',
        '| tcl_taught | 1 | 0.2400 | 0.2400 | 0.2400 |',
      ],
    )

  def test_files(self):
    record = {
      'file': 'tcl_fp32.tflite',
      'size_bytes': 2_900_000,
      'outside_delegate': {'GATHER': 2},
      'partitions': 3,
      'runtime_check': {'min_runtime': '2.2.0'},
      'parity': {'mean_relative': 1.4e-7},
    }
    (self.root / 'tcl_fp32.json').write_text(json.dumps(record))
    self.assertIn(
      '| 2.900 | 2.9 | +0.0% | 2.2.0 | 3 | 2 GATHER | 1.4e-07 |',
      tables.files_table(self.root),
    )

  def test_device_tables_need_the_emulated_board(self):
    path = self.root / 'leaderboard.json'
    path.write_text('{"runtimes": "measured", "device": {"kind": "local"}}')
    with self.assertRaisesRegex(ValueError, 'local.*emulated_pi4'):
      tables.device_table(path)

  def test_device(self):
    figures = {
      'size_mb': 0.823,
      'partitions': 1,
      'instructions': 29.0e6,
      'instructions_no_xnnpack': 37.1e6,
      'si_rmse': 0.2466,
      'si_rmse_change': -0.0001,
    }
    path = self.root / 'leaderboard.json'
    path.write_text(
      json.dumps(
        {
          'runtimes': 'predicted',
          'precisions': [{'system': 'tcl', 'files': {'int8': figures}}],
        }
      )
    )
    self.assertIn(
      '| tcl | int8 | 0.823 | 1 | 29.0 | 37.1 | 0.2466 | -0.01% |',
      tables.device_table(path),
    )

  def test_agreement(self):
    outputs = {'differing_elements': 3, 'relative_difference': 1.5e-7}
    report = {
      'model': {'file': 'x/tcl_int8.tflite'},
      'configurations': [
        {'xnnpack': xnnpack, 'relative_spread': spread, 'outputs': outputs}
        for xnnpack, spread in ((True, 1e-6), (False, 2e-6))
      ],
    }
    entry = {
      'kind': tables.store.REPORT_KIND,
      'key': {'device': 'emulated_pi4'},
      'value': report,
    }
    path = self.root / 'store.jsonl'
    path.write_text(json.dumps(entry) + '\n')
    self.assertIn(
      '| tcl_int8 | 2.0e-06 | 3 | 1.5e-07 | 3 | 1.5e-07 |',
      tables.agreement_table(path),
    )


if __name__ == '__main__':
  absltest.main()
