# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/evaluation/model_card.py."""

from absl.testing import absltest

from depth_mai.evaluation import model_card


def _metrics(si_rmse):
  return {
    'images': 192, 'si_rmse': si_rmse, 'rmse': 1.25, 'log10': 0.125, 'rel': 0.5
  }  # fmt: skip


class ModelCardTest(absltest.TestCase):
  def test_card_names_files_metrics_and_origin(self):
    card = model_card.model_card(
      'tcl',
      source='models/tcl.py',
      metadata={
        'precision': 'fp16',
        'output_unit': 'mm',
        'metrics': {'images': 54144.0, 'epoch': 79.9},
        'training_git_commit': 'abc123',
        'gin_hash': '0123',
        'versions': {'tensorflow': '2.21.0', 'keras': '3.15.1'},
      },
      files={'tcl_fp16.tflite': 1507000, 'tcl.npz': 1900000},
      metrics={'tcl_fp16.tflite': _metrics(0.24), 'tcl.npz': _metrics(0.2417)},
      data='ROOMS',
      licence='research use',
      command='train it',
      split='validation',
    )
    for line in (
      '| `tcl_fp16.tflite` | 1,507,000 | fp16; depth in millimetres |',
      '| `tcl.npz` | 1,900,000 | to continue training; 8-bit kernels |',
      '| `tcl_fp16.tflite` | 0.2400 | 1.2500 | 0.1250 | 0.5000 |',
      '| `tcl.npz` | 0.2417 | 1.2500 | 0.1250 | 0.5000 |',
      '- Licence of the data: research use',
      '- Command: `train it`',
      'python -m depth_mai.train --gin_file=gin_configs/tcl.gin \\',
    ):
      self.assertIn(line, card.splitlines())
    self.assertIn('`models/tcl.py`', card)
    self.assertIn('54,144, starting from random weights', card)
    self.assertIn('commit abc123', card)
    self.assertIn('(192 pairs)', card)
    self.assertNotIn('{', card.replace("{'", ''))


if __name__ == '__main__':
  absltest.main()
