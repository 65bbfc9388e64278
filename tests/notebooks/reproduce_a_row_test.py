# SPDX-License-Identifier: Apache-2.0
"""Runs notebooks/reproduce_a_row.ipynb."""

from absl.testing import absltest

from tests.notebooks import notebook_case


class ReproduceARowTest(notebook_case.NotebookCase):
  def test_it_runs(self):
    printed = self.run_notebook('reproduce_a_row')
    self.assertIn('feature_l2', printed['student-training'])
    config = (self.folder / 'row/student/operative_config.gin').read_text()
    self.assertIn("Distillation.teacher = 'row/teacher/best.keras'", config)
    verdict = self.read_json('row/verdict.json')
    self.assertEqual(verdict['verdict'], 'accepted')
    self.assertEqual(verdict['data']['images'], 2)
    # Table 1: 0.303 and 68 ms.
    self.assertRegex(printed['compare-rows'], r'si_rmse +0\.303 ')
    self.assertRegex(printed['compare-rows'], r'runtime_ms +68 ')


if __name__ == '__main__':
  absltest.main()
