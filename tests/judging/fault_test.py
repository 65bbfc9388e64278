# SPDX-License-Identifier: Apache-2.0
"""Tests that a file's fault is told from everything else."""

from absl.testing import absltest

from depth_mai.judging import fault


class FileFaultTest(absltest.TestCase):
  def test_is_no_value_error(self):
    # A ValueError is the caller's fault: it ends the judge, not the file.
    self.assertFalse(issubclass(fault.FileFaultError, ValueError))
    self.assertEqual(str(fault.FileFaultError('why')), 'why')


if __name__ == '__main__':
  absltest.main()
