# SPDX-License-Identifier: Apache-2.0
import os
import socket

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.judging import channel
from depth_mai.judging import lockdown
from depth_mai.judging import serving


class _Worker:
  """Answers, or raises what it is asked to."""

  def echo(self, blob, word):
    return {'word': word}, bytes(blob)

  def fail(self, blob, kind):
    del blob
    raise {'value': ValueError, 'memory': MemoryError, 'key': KeyError}[kind](
      'a\n  b'
    )


class ServingTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    ours, theirs = socket.socketpair()
    self.pid = os.fork()
    if self.pid == 0:
      try:
        ours.close()
        serving.serve(theirs, _Worker(), memory_mb=64, cpu_s=20, threads=1)
      finally:
        os._exit(0)
    theirs.close()
    self.channel = channel.Channel(ours)
    self.hello, _ = self.channel.receive(0, 20.0)

  def tearDown(self):
    self.channel.close()
    os.waitpid(self.pid, 0)
    super().tearDown()

  def ask(self, blob=b'', **order):
    self.channel.send(order, blob)
    return self.channel.receive(1 << 20, 20.0)

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
