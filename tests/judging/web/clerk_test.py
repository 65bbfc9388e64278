# SPDX-License-Identifier: Apache-2.0
"""Tests of the way of a file: accepted, judged, kept, deleted."""

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
from tests.judging.web import small_verdicts


class ClerkTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path) / 'out'
    self.judge, self.lines = small_verdicts.Judge(), []
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
      report_line=self.lines.append,
      retry_s=0.05,
    )

  def admit(self, content, **options):
    return self.clerk.admit(io.BytesIO(content), 'a.tflite', options)

  def judged(self, content, **options):
    job = self.admit(content, **options)
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
    self.assertEqual((record['size'], job.size), (9, 9))
    self.assertEqual(self.clerk.most_bytes, 1 << 19)
    self.assertEqual(
      record['data'],
      {'data_dir_name': 'rooms', 'split': 'validation', 'limit': 3},
    )
    self.assertEqual(record['pictures'], ['00.png', '01.png'])
    self.assertEqual(self.lines, ['a.tflite: accepted'])
    self.assertEmpty(self.incoming())

  def test_the_servers_own_options_are_the_default(self):
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
    self.assertEqual(self.lines, ['a.tflite: no verdict: The board is gone.'])
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
  def test_refused_options(self, options, message):
    with self.assertRaisesRegex(ValueError, message):
      self.admit(b'good', **options)
    self.assertEmpty(self.incoming())
    self.assertEmpty(self.clerk.jobs.open_jobs())

  def test_full_disk(self):
    (self.folder / 'incoming').rmdir()
    with self.assertRaisesRegex(OSError, 'No such file'):
      self.admit(b'good')
    self.assertEmpty(self.clerk.jobs.open_jobs())

  def test_upload_that_fails(self):
    class Broken(io.BytesIO):
      def read(self, *_):
        raise OSError('The network is gone.')

    with self.assertRaisesRegex(OSError, 'network'):
      self.clerk.admit(Broken(), 'a.tflite', {})
    self.assertEmpty(self.incoming())

  def test_a_verdict_that_cannot_be_stored_is_tried_again(self):
    verdicts = self.folder / 'verdicts'
    verdicts.write_bytes(b'')  # Nothing can be written into it.
    job = self.judged(b'good')
    self.assertEqual(job.state, 'accepted')
    self.assertIn('kept in memory', self.lines[-1])
    self.assertTrue(self.clerk.archive.why_unsaved(job.id))
    self.assertLen(self.clerk.archive.records(), 1)
    verdicts.unlink()
    end_s = time.monotonic() + 10.0
    while self.clerk.archive.why_unsaved(job.id):
      self.assertLess(time.monotonic(), end_s)
      time.sleep(0.01)
    self.assertTrue((verdicts / job.id / 'verdict.json').exists())
    self.assertTrue((verdicts / job.id / '00.png').exists())

  def test_a_verdict_that_can_never_be_stored_is_printed(self):
    (self.folder / 'verdicts').write_bytes(b'')
    job = self.judged(b'good')
    self.clerk.close()
    self.assertIn('This verdict could not be stored', self.lines[-1])
    self.assertIn(f'"id": "{job.id}"', self.lines[-1])

  def test_full_queue(self):
    self.admit(b'slow')
    self.assertTrue(self.judge.started.wait(10.0))
    for _ in range(2):
      self.admit(b'good')
    with self.assertRaises(jobs_lib.QueueFullError):
      self.admit(b'good')
    self.assertLen(self.incoming(), 3)

  def test_close_leaves_only_verdicts(self):
    kept = self.judged(b'good')
    self.admit(b'slow')
    self.assertTrue(self.judge.started.wait(10.0))
    self.admit(b'good')
    self.clerk.close()
    self.assertCountEqual(os.listdir(self.folder), ['lock', 'verdicts'])
    self.clerk = self.opened()
    records = self.clerk.archive.records()
    self.assertEqual([record['id'] for record in records], [kept.id])

  def test_leftovers_of_a_killed_server_are_removed(self):
    self.clerk.close()
    (self.folder / 'incoming').mkdir()
    (self.folder / 'incoming' / 'x.tflite').write_bytes(b'half')
    self.clerk = self.opened()
    self.assertEmpty(self.incoming())

  def test_a_folder_has_one_server(self):
    with self.assertRaisesRegex(ValueError, 'another --output_dir'):
      self.opened()
    self.assertEqual(self.judged(b'good').state, 'accepted')


class ShownNameTest(parameterized.TestCase):
  @parameterized.parameters(
    ('tcl_fp32.tflite', 'tcl_fp32.tflite'),
    ('/etc/passwd', 'passwd'),
    ('..\\..\\my model (2).tflite', 'my model (2).tflite'),
    ('C:\\fakepath\\tiefe_ä_深度.tflite', 'tiefe_ä_深度.tflite'),
    ('a\x00b\r\nc\x1b[31m.tflite', 'abc[31m.tflite'),
    ('\u202eetilft.x', 'etilft.x'),
    ('a\u2028b\ufeff', 'ab'),
    ('folder/', 'unnamed.tflite'),
    ('   ', 'unnamed.tflite'),
    ('', 'unnamed.tflite'),
    # Escaping is left to the page.
    ('<b>.tflite', '<b>.tflite'),
  )
  def test_names(self, name, expected):
    self.assertEqual(clerk_lib.shown_name(name), expected)

  def test_long_names_keep_both_ends(self):
    shown = clerk_lib.shown_name('a' * 300 + '.tflite')
    self.assertLen(shown, 100)
    self.assertStartsWith(shown, 'aaa')
    self.assertEndsWith(shown, '.tflite')
    self.assertIn('…', shown)


if __name__ == '__main__':
  absltest.main()
