# SPDX-License-Identifier: Apache-2.0
"""Runs notebooks/your_network.ipynb."""

from absl.testing import absltest

from tests.notebooks import notebook_case


class YourNetworkTest(notebook_case.NotebookCase):
  def test_it_runs(self):
    printed = self.run_notebook('your_network')
    self.assertIn('those of this machine', printed['choose-device'])
    verdict = self.read_json('your_network/verdict.json')
    self.assertEqual(verdict['verdict'], 'accepted')
    # The network in the notebook takes 0..255 and predicts metres.
    found = {name: read['value'] for name, read in verdict['interface'].items()}
    self.assertEqual(found['unit'], 'm')
    self.assertEqual(found['input_range'], '0..255')
    self.assertIn('CONV_2D', printed['summarise'])
    kinds = {
      kind['kind']: kind['operators']
      for kind in self.read_json('your_network/summary.json')['kinds']
    }
    # Two in each of 4 stages, 3 in the decoder and the last one.
    self.assertEqual(kinds['CONV_2D'], 12)


if __name__ == '__main__':
  absltest.main()
