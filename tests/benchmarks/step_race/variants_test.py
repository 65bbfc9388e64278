# SPDX-License-Identifier: Apache-2.0
import os
import sys
from unittest import mock

from absl.testing import absltest

from benchmarks.step_race import variants


class VariantsTest(absltest.TestCase):
  def test_without_pytorch_only_batch_norm_is_compared(self):
    ours, plain = variants.chosen(None, None)
    self.assertTrue(ours.fused)
    self.assertFalse(plain.fused)
    self.assertIsNone(plain.torch)
    with mock.patch.dict(os.environ, {'CXX': sys.executable}):
      self.assertLen(variants.chosen(None, sys.executable), 6)

  def test_what_is_missing_is_named(self):
    for name, python, text in (
      ('other', None, '--compared=other must be of plain, eager,'),
      ('eager', None, '--compared=eager needs --torch_python'),
      ('eager', '/no/python', '--torch_python=/no/python is no program'),
      ('compile', sys.executable, 'there is no /no/compiler'),
    ):
      with (
        mock.patch.dict(os.environ, {'CXX': '/no/compiler'}),
        self.assertRaisesRegex(ValueError, text),
      ):
        variants.chosen([name], python)


if __name__ == '__main__':
  absltest.main()
