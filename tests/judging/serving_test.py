# SPDX-License-Identifier: Apache-2.0

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.judging import lockdown
from depth_mai.judging import serving
from tests.judging import served_case


class _Worker:
  """Answers, or raises what it is asked to."""

  def echo(self, blob, word):
    return {'word': word}, bytes(blob)

  def fail(self, blob, kind):
    del blob
    raise {'value': ValueError, 'memory': MemoryError, 'key': KeyError}[kind](
      'a\n  b'
    )


class ServingTest(served_case.ServedCase, parameterized.TestCase):
  def serve(self, connection):
    serving.serve(connection, _Worker(), memory_mb=64, cpu_s=20, threads=1)

  def test_is_locked_and_answers(self):
    layer = 'system call filter'
    self.assertEqual(self.hello['protection'][layer], lockdown.IN_FORCE)
    for word in ('one', 'two'):
      answer = self.ask(b'abc', do='echo', word=word)
      self.assertEqual(answer, ({'word': word}, b'abc'))

  @parameterized.parameters(
    ('value', 'a b'),
    ('memory', serving._NO_MEMORY),
    ('key', r"It is damaged ('a\n b' is missing)."),
  )
  def test_errors(self, kind, text):
    answer, _ = self.ask(do='fail', kind=kind)
    self.assertEqual(answer, {'error': text})
    self.assertEqual(self.ask(do='echo', word='on')[0], {'word': 'on'})


if __name__ == '__main__':
  absltest.main()
