# SPDX-License-Identifier: Apache-2.0
"""Tests of the way of a file: in, judged, kept, removed."""

import dataclasses
import io
import os
import pathlib
import time

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.judging import request as request_lib
from depth_mai.judging.web import clerk as clerk_lib
from depth_mai.judging.web import jobs as jobs_lib
from depth_mai.judging.web import refusal
from depth_mai.judging.web import upload
from tests.judging.web import small_verdicts


class ClerkTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path) / 'out'
    self.judge, self.said = small_verdicts.Judge(), []
    self.request = request_lib.JudgeRequest(
      '', '/data/rooms', limit=3, limits=request_lib.Limits(file_mb=0.5)
    )
    self.clerk = self.opened()

  def tearDown(self):
    self.judge.go_on.set()
    self.clerk.close()
    super().tearDown()

  def opened(self):
    return clerk_lib.Clerk(
      self.judge,
      self.request,
      self.folder,
      devices=('ssh://pi@board', 'local'),
      most_waiting=2,
      report_line=self.said.append,
    )

  def admit(self, content, **query):
    body = upload.Body(io.BytesIO(content), len(content), 10.0)
    return self.clerk.admit(body, '', {'name': 'a.tflite', **query})

  def judged(self, content, **query):
    job = self.admit(content, **query)
    end_s = time.monotonic() + 10.0
    while not job.ended:
      self.assertLess(time.monotonic(), end_s)
      time.sleep(0.005)
    return job

  def incoming(self):
    return os.listdir(self.folder / 'incoming')

  def test_accepted(self):
    job = self.judged(b'good file', unit='m', device='ssh://pi@board')
    self.assertEqual(job.state, 'accepted')
    (request,) = self.judge.requests
    self.assertEqual((request.unit, request.layout), ('m', 'auto'))
    self.assertEqual(request.device, 'ssh://pi@board')
    self.assertEqual((request.limit, request.data_dir), (3, '/data/rooms'))
    record = self.clerk.archive.get(job.id)
    self.assertEqual(record['name'], 'a.tflite')
    self.assertEqual(record['verdict']['file']['name'], 'a.tflite')
    self.assertEqual(record['size'], 9)
    self.assertEqual(
      record['data'],
      {'data_dir_name': 'rooms', 'split': 'validation', 'limit': 3},
    )
    self.assertEqual(record['pictures'], ['00.png', '01.png'])
    self.assertEqual(self.said, ['a.tflite: accepted'])
    self.assertEmpty(self.incoming())

  def test_what_the_server_was_started_with_is_the_default(self):
    self.clerk.close()
    self.request = dataclasses.replace(self.request, layout='nchw')
    self.clerk = self.opened()
    layout = next(c for c in self.clerk.choices if c.field == 'layout')
    self.assertEqual(layout.values, ('nchw', 'auto', 'nhwc'))
    self.judged(b'good')
    self.judged(b'good', layout='auto')
    self.assertEqual(
      [request.layout for request in self.judge.requests], ['nchw', 'auto']
    )

  def test_rejected(self):
    job = self.judged(b'what is this')
    self.assertEqual(job.state, 'rejected')
    verdict = self.clerk.archive.get(job.id)['verdict']
    self.assertEqual(verdict['errors'], [small_verdicts.ERROR])
    self.assertEmpty(self.incoming())

  def test_no_verdict(self):
    job = self.judged(b'fail')
    self.assertEqual(job.state, jobs_lib.FAILED)
    self.assertEqual(job.text, 'The board is gone.')
    self.assertEqual(self.said, ['a.tflite: no verdict: The board is gone.'])
    self.assertIsNone(self.clerk.archive.get(job.id))
    self.assertEmpty(self.incoming())

  def test_cancelled(self):
    job = self.admit(b'slow')
    self.assertTrue(self.judge.started.wait(10.0))
    waits = self.admit(b'good')
    self.assertLen(self.incoming(), 2)
    self.clerk.jobs.cancel(waits)
    self.assertLen(self.incoming(), 1)
    self.clerk.jobs.cancel(job)
    self.judged(b'good')
    self.assertEqual(job.state, jobs_lib.CANCELLED)
    self.assertEmpty(self.incoming())
    self.assertLen(self.clerk.archive.records(), 1)

  @parameterized.parameters(
    ({'unit': 'feet'}, "'feet'; it must be one of auto, mm, m"),
    ({'colour': 'red'}, "no option 'colour'.* unit, layout, input_range"),
    # A device that the server was not started with, or a path.
    ({'device': 'ssh://root@elsewhere'}, 'one of local, ssh://pi@board'),
    ({'model_path': '/etc/passwd'}, "no option 'model_path'"),
  )
  def test_refused_options(self, query, message):
    with self.assertRaisesRegex(refusal.RefusedError, message) as caught:
      self.admit(b'good', **query)
    self.assertEqual(caught.exception.status, 400)
    self.assertEmpty(self.incoming())
    self.assertEmpty(self.clerk.jobs.open_jobs())

  def test_too_large(self):
    self.assertEqual(self.clerk.most_bytes, 1 << 19)
    with self.assertRaisesRegex(refusal.RefusedError, '0.5 MB'):
      self.admit(bytes((1 << 19) + 1))
    self.assertEmpty(self.incoming())

  def test_disk_that_takes_nothing(self):
    (self.folder / 'incoming').rmdir()
    with self.assertRaisesRegex(refusal.RefusedError, 'No such file') as caught:
      self.admit(b'good')
    self.assertEqual(caught.exception.status, 507)
    self.assertIn('could not be kept', self.said[0])

  def test_full(self):
    self.admit(b'slow')
    self.assertTrue(self.judge.started.wait(10.0))
    for _ in range(2):
      self.admit(b'good')
    with self.assertRaises(refusal.RefusedError) as caught:
      self.admit(b'good')
    self.assertEqual(caught.exception.status, 503)
    self.assertLen(self.incoming(), 3)

  def test_close_leaves_verdicts_only(self):
    kept = self.judged(b'good')
    self.admit(b'slow')
    self.assertTrue(self.judge.started.wait(10.0))
    self.admit(b'good')
    self.clerk.close()
    self.assertCountEqual(os.listdir(self.folder), ['lock', 'verdicts'])
    self.clerk = self.opened()
    records = self.clerk.archive.records()
    self.assertEqual([record['id'] for record in records], [kept.id])

  def test_what_a_killed_server_left_is_removed(self):
    self.clerk.close()
    (self.folder / 'incoming').mkdir()
    (self.folder / 'incoming' / 'x.tflite').write_bytes(b'half')
    self.clerk = self.opened()
    self.assertEmpty(self.incoming())

  def test_one_server_for_a_folder(self):
    with self.assertRaisesRegex(ValueError, 'another --output_dir'):
      self.opened()
    self.assertEqual(self.judged(b'good').state, 'accepted')


if __name__ == '__main__':
  absltest.main()
