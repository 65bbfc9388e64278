# SPDX-License-Identifier: Apache-2.0
import errno
import json
import os
import pathlib
import tempfile
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.files import failures


class _DataLossError(Exception):
  pass


_DataLossError.__name__ = 'DataLossError'
_DataLossError.__module__ = 'tensorflow.python.framework.errors_impl'


class _StagingError(Exception):
  pass


_StagingError.__module__ = 'tensorflow.python.autograph.impl.api'


def _raised(action):
  try:
    action()
  except BaseException as error:
    return error
  raise AssertionError('nothing was raised')


class FailuresTest(parameterized.TestCase):
  @parameterized.parameters(
    (
      OSError(errno.ENOSPC, 'No space left on device', '/disk/a.json'),
      '^/disk/a.json: No space left on device. Free some space',
    ),
    (PermissionError(errno.EACCES, 'Denied', b'/a'), '^/a: Denied. Check the'),
    (OSError(errno.EXDEV, 'Other disk', 'a', None, 'b'), '^a -> b: Other disk'),
    (OSError('only a text'), '^only a text'),
    (MemoryError(), '^The memory is not sufficient. Close other programs'),
    (MemoryError('4 GiB'), r'sufficient \(4 GiB\)'),
    (ImportError('No libGL', name='cv2'), r"^No libGL. Run pip install '\.' "),
    (ImportError('No av', name='av.io'), r"^No av. Run pip install '.\[camera"),
    (_DataLossError('corrupted record at 7\n[Op]'), 'damaged.*record at 7$'),
  )
  def test_a_sentence_for(self, error, pattern):
    self.assertRegex(failures.explain(error), pattern)

  def test_real_errors(self):
    deep = _raised(lambda: json.loads('[' * 100000))
    self.assertRegex(failures.explain(deep), 'nested too deeply')
    text = _raised('\udce9'.encode)
    self.assertRegex(failures.explain(text), 'not valid Unicode.*Rename')
    missing = _raised(lambda: open('/no/such/file'))
    self.assertRegex(failures.explain(missing), '^/no/such/file: No such file')
    with mock.patch.object(tempfile, '_candidate_tempdir_list', lambda: []):
      with mock.patch.object(tempfile, 'tempdir', None):
        nowhere = _raised(tempfile.TemporaryFile)
    self.assertRegex(failures.explain(nowhere), 'Set TMPDIR to a folder')
    with mock.patch.dict(os.environ), mock.patch.object(os, 'getuid') as uid:
      os.environ.pop('HOME', None)
      uid.return_value = 54321
      homeless = _raised(pathlib.Path('~').expanduser)
    self.assertRegex(failures.explain(homeless), 'home folder is.*Set HOME')

  def test_reasons_are_short_and_of_one_line(self):
    for action, expected in (
      (lambda: {}['a'], "'a' is missing"),
      (lambda: open('/no/such'), 'No such file or directory'),
      (lambda: [][0], 'list index out of range'),
      (lambda: json.loads('{'), 'Expecting property name'),
      ((b'a' * 9999 + b'\xff').decode, 'codec can.t decode byte 0xff'),
      (lambda: {}['\x1b[31m' + 'x\n' * 9999], r'^.\\x1b\[31mx.*x\\n'),
      (lambda: next(iter(())), '^StopIteration$'),
    ):
      reason = failures.reason(_raised(action))
      self.assertRegex(reason, expected)
      self.assertLessEqual(len(reason), 200)
      self.assertLen(reason.splitlines(), 1)

  def test_the_copy_that_gin_raises(self):
    original = OSError(errno.ENOSPC, 'No space left', '/disk/a')

    class CopyError(OSError):
      def __init__(self):
        pass

      def __getattr__(self, name):
        return getattr(original, name)

      def __str__(self):
        return f"{original}\n  In call to configurable 'train' (<a>)"

    self.assertEqual(
      failures.explain(CopyError()), failures.explain_os_error(original)
    )

  def test_an_error_that_another_wraps(self):
    wrapped = RuntimeError('OSError: full')
    wrapped.__cause__ = OSError(errno.ENOSPC, 'No space left', '/disk/a')
    self.assertRegex(failures.explain(wrapped), '^/disk/a: No space left')
    wrapped.__cause__ = KeyError('a')
    self.assertIsNone(failures.explain(wrapped))

  def test_what_others_add_to_a_text_is_left_out(self):
    called = "\n  In call to configurable 'silog' (<function silog at 0x7>)"
    traced = (
      'in user code:\n\n    File "/a/step.py", line 1, in step  *\n'
      '        loss(x)\n    File "/a/loss.py", line 2, in loss  *\n'
      '        raise ValueError(\n\n    ValueError: eps_m=0 must be above 0.\n'
    )
    for text in ('a\nb', 'a\nb' + called * 2):
      self.assertEqual(failures.own_text(ValueError(text)), 'a\nb')
    for text in (traced, traced + called):
      expected = 'eps_m=0 must be above 0.'
      self.assertEqual(failures.own_text(ValueError(text)), expected)
      self.assertEqual(failures.explain(_StagingError(text)), expected)
    bug = traced.replace('ValueError: e', 'TypeError: e')
    self.assertIsNone(failures.explain(_StagingError(bug)))

  @parameterized.parameters(KeyError('a'), TypeError('a'), RuntimeError('a'))
  def test_a_bug_has_no_sentence(self, error):
    self.assertIsNone(failures.explain(error))


if __name__ == '__main__':
  absltest.main()
