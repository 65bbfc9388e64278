# SPDX-License-Identifier: Apache-2.0
"""Tests of the queue: one job at a time, in order, and cancelling."""

import threading
import time

from absl.testing import absltest

from depth_mai.judging.web import jobs as jobs_lib
from tests.judging.web import real_server

_HTML = {'Accept': 'text/html,application/xhtml+xml,*/*;q=0.8'}


def _job(name):
  return jobs_lib.Job(name, f'{name}.tflite', 10, f'/nowhere/{name}', {})


class JobsTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.gate, self.running, self.done = threading.Semaphore(0), [], []
    self.cleared = []
    self.most_at_once = 0
    self.jobs = jobs_lib.Jobs(self.work, self.cleared.append, most_waiting=2)
    self.addCleanup(self.jobs.close)

  def work(self, job):
    self.running.append(job.id)
    self.most_at_once = max(self.most_at_once, len(self.running))
    try:
      while not self.gate.acquire(timeout=0.01):
        job.report_progress('fidelity', 0.5, 'half')
      if job.id == 'broken':
        raise OSError('The disk is full.')
      if job.id == 'silent':
        raise ValueError
      self.done.append(job.id)
      return 'accepted'
    finally:
      self.running.remove(job.id)

  def wait_until(self, condition):
    end_s = time.monotonic() + 10.0
    while not condition():
      self.assertLess(time.monotonic(), end_s)
      time.sleep(0.005)

  def add(self, name):
    job = _job(name)
    self.jobs.add(job)
    return job

  def test_one_at_a_time_in_order(self):
    first = self.add('a')
    self.wait_until(lambda: first.state == jobs_lib.RUNNING)
    second, third = self.add('b'), self.add('c')
    self.assertEqual(
      [self.jobs.place(j) for j in (first, second, third)], [0, 1, 2]
    )
    self.assertEqual(self.jobs.open_jobs(), [first, second, third])
    self.wait_until(lambda: first.fraction == 0.5)
    self.assertEqual((first.stage, first.text), ('fidelity', 'half'))
    self.assertEqual(second.state, jobs_lib.WAITING)
    self.gate.release(3)
    self.wait_until(lambda: third.ended)
    self.assertEqual(self.done, ['a', 'b', 'c'])
    self.assertEqual(self.most_at_once, 1)
    self.assertEqual(third.state, 'accepted')
    self.assertEqual(self.cleared, [first, second, third])
    self.assertEmpty(self.jobs.open_jobs())
    self.assertIs(self.jobs.get('a'), first)
    self.assertIsNone(self.jobs.get('d'))

  def test_is_bounded(self):
    first = self.add('a')
    self.wait_until(lambda: first.state == jobs_lib.RUNNING)
    self.add('b')
    self.jobs.check_room()
    self.add('c')
    for refused in (self.jobs.check_room, lambda: self.add('d')):
      with self.assertRaisesRegex(jobs_lib.QueueFullError, '2 files wait'):
        refused()
    self.assertIsNone(self.jobs.get('d'))

  def test_errors_do_not_stop_the_next_job(self):
    broken, silent, last = self.add('broken'), self.add('silent'), None
    self.gate.release(3)
    self.wait_until(lambda: silent.ended)
    last = self.add('c')
    self.wait_until(lambda: last.ended)
    self.assertEqual(broken.state, jobs_lib.FAILED)
    self.assertEqual(broken.text, 'The disk is full.')
    self.assertEqual(silent.text, 'ValueError()')
    self.assertEqual(last.state, 'accepted')
    self.assertEqual(self.cleared, [broken, silent, last])

  def test_cancel_a_waiting_job(self):
    first = self.add('a')
    self.wait_until(lambda: first.state == jobs_lib.RUNNING)
    second, third = self.add('b'), self.add('c')
    self.jobs.cancel(second)
    self.assertEqual(second.state, jobs_lib.CANCELLED)
    self.assertEqual(self.cleared, [second])
    self.assertEqual(self.jobs.place(third), 1)
    self.gate.release(2)
    self.wait_until(lambda: third.ended)
    self.assertEqual(self.done, ['a', 'c'])

  def test_cancel_the_running_job(self):
    first = self.add('a')
    self.wait_until(lambda: first.state == jobs_lib.RUNNING)
    self.jobs.cancel(first)
    self.wait_until(lambda: first.ended)
    self.assertEqual(first.state, jobs_lib.CANCELLED)
    self.assertEmpty(self.running)
    self.jobs.cancel(first)  # Too late: changes nothing.
    self.assertEqual(self.cleared, [first])

  def test_close_cancels_all(self):
    first = self.add('a')
    self.wait_until(lambda: first.state == jobs_lib.RUNNING)
    second = self.add('b')
    self.jobs.close()
    for job in (first, second):
      self.assertEqual(job.state, jobs_lib.CANCELLED)
    self.assertCountEqual(self.cleared, [first, second])
    with self.assertRaises(jobs_lib.QueueFullError):
      self.add('c')

  def test_old_jobs_are_forgotten(self):
    self.gate.release(200)
    for number in range(120):
      job = self.add(str(number))
      self.wait_until(lambda job=job: job.ended)
    self.wait_until(lambda: self.jobs.get('0') is None)
    self.assertIsNotNone(self.jobs.get('119'))


class KeyTest(real_server.RealServerTest):
  def test_only_who_uploaded_may_cancel(self):
    status, headers, _ = self.ask('POST', '/judge', b'slow', **_HTML)
    self.assertEqual(status, 303)
    page = headers['Location']
    cookie, *attributes = headers['Set-Cookie'].split('; ')
    self.assertContainsSubset(
      {'HttpOnly', 'SameSite=Strict', f'Path={page}'}, attributes
    )
    self.assertTrue(self.judge.started.wait(20.0))
    other = self.ask_json('POST', '/judge', b'good')[1]['cancel']
    key = other.partition('?')[2]
    for path, sent in (
      (f'{page}/cancel', {}),
      (f'{page}/cancel?{key}', {}),
      (f'{page}/cancel?key=', {}),
      (f'{page}/cancel', {'Cookie': 'key=%C3%A4'}),
    ):
      status, found = self.ask_json('POST', path, b'', **sent)
      self.assertEqual(status, 403)
      self.assertIn('Only who uploaded', found['error'])
    # Others see no button, and nobody but the uploader the key.
    for path in (page, f'{page}.json', '/leaderboard.json', '/'):
      shown = self.ask('GET', path, **_HTML)[2]
      self.assertNotIn(b'/cancel', shown)
      self.assertNotIn(cookie.encode().partition(b'=')[2], shown)
    shown = self.ask('GET', page, Cookie=cookie, **_HTML)[2]
    self.assertIn(f'action="{page}/cancel"'.encode(), shown)
    status, _, _ = self.ask(
      'POST', f'{page}/cancel', b'', Cookie=cookie, **_HTML
    )
    self.assertEqual(status, 303)
    found = self.ended(page.rpartition('/')[2])
    self.assertEqual(found['state'], 'cancelled')

  def test_only_the_key_of_the_upload(self):
    one, two = (jobs_lib.Job('1', 'a', 1, '/nowhere', {}) for _ in range(2))
    self.assertTrue(one.may_cancel(one.key))
    for key in (two.key, '', one.key + '=', '\ud800', 'ä'):
      self.assertFalse(one.may_cancel(key))
    self.assertGreaterEqual(len(one.key), 32)
    self.assertNotIn(one.key, repr(one))


if __name__ == '__main__':
  absltest.main()
