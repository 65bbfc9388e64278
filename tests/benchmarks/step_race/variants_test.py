# SPDX-License-Identifier: Apache-2.0
import os
import sys
from unittest import mock

from absl.testing import absltest

from benchmarks.step_race import variants


class VariantsTest(absltest.TestCase):
  def test_without_pytorch_only_this_project_is_compared(self):
    exact, fast, plain = variants.chosen(None, None)
    self.assertEqual(exact.options, ('1', 'float32'))
    self.assertEqual(fast.options, ('1', 'bfloat16_convolutions'))
    self.assertEqual(plain.options, ('0', 'float32'))
    with mock.patch.dict(os.environ, {'CXX': sys.executable}):
      self.assertLen(variants.chosen(None, sys.executable), 9)

  def test_what_is_missing_is_named(self):
    for name, python, text in (
      ('other', None, '--compared=other must be of fast, plain,'),
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
