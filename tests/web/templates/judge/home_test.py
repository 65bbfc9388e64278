# SPDX-License-Identifier: Apache-2.0
"""Tests of the first page: the form, the queue and the leaderboard."""

import io
import pathlib

from absl.testing import absltest

from depth_mai.judging import request as request_lib
from depth_mai.judging.web import app
from depth_mai.judging.web import clerk as clerk_lib
from tests.judging.web import small_verdicts
from tests.web import page_reader

_NASTY = '<script>alert(1)<b>.tflite'


class HomeTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.judge = small_verdicts.Judge()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.clerk = self.opened()

  def tearDown(self):
    self.clerk.close()
    super().tearDown()

  def opened(self, devices=()):
    request = request_lib.JudgeRequest(
      '', '/data/rooms', limits=request_lib.Limits(file_mb=12.5)
    )
    return clerk_lib.Clerk(
      self.judge, request, self.folder, devices, report_line=lambda _: None
    )

  def page(self, host='localhost:8080'):
    return page_reader.Page(app.home_page(self.clerk, host))

  def test_form(self):
    page = self.page()
    (form,) = page.named('form')
    self.assertEqual(form['method'], 'post')
    self.assertEqual(form['action'], '/judge')
    self.assertEqual(form['enctype'], 'multipart/form-data')
    self.assertEqual(form['data-most-bytes'], str(int(12.5 * 2**20)))
    self.assertIn('At most 12.5 MB', page.text)
    (file,) = page.named('input')
    self.assertEqual((file['type'], file['name']), ('file', 'model'))
    self.assertEqual(
      [select['name'] for select in page.named('select')],
      ['unit', 'layout', 'input_range'],
    )
    values = [option['value'] for option in page.named('option')]
    self.assertEqual(values[:3], ['auto', 'mm', 'm'])

  def test_devices_are_offered_where_there_is_a_choice(self):
    self.clerk.close()
    self.clerk = self.opened(('emulated_pi4',))
    page = self.page()
    self.assertEqual(page.named('select')[-1]['name'], 'device')
    values = [option['value'] for option in page.named('option')]
    self.assertEqual(values[-2:], ['local', 'emulated_pi4'])

  def test_empty(self):
    text = self.page().text
    self.assertIn('The queue is empty', text)
    self.assertIn('No file has been accepted yet', text)
    self.assertNotIn('Rejected', text)
    self.assertIn(
      "curl --data-binary @model.tflite 'http://localhost:8080/", text
    )

  def test_queue(self):
    for content in (b'slow', b'good'):
      self.clerk.admit(io.BytesIO(content), _NASTY, {})
      self.assertTrue(self.judge.started.wait(10.0))
    page = self.page()
    self.assertIn(f'{_NASTY} running {_NASTY} waiting', page.text)
    self.assertLen(page.named('script'), 2)
    links = [link['href'] for link in page.named('a')]
    for job in self.clerk.jobs.open_jobs():
      self.assertIn(f'/verdicts/{job.id}', links)

  def test_leaderboard(self):
    other = small_verdicts.DATA | {'split': 'test'}
    for record in (
      small_verdicts.record(_NASTY, 1, score=100.0),
      small_verdicts.record('b.tflite', 2, score=200.0),
      small_verdicts.record('c.tflite', 3, errors=['No.']),
      small_verdicts.record('d.tflite', 4, other, score=300.0),
    ):
      self.clerk.archive.store(record, None)
    page = self.page()
    names = [row[0].split(' (')[0] for row in page.rows]
    self.assertEqual(
      names,
      ['File', '1 b.tflite', f'2 {_NASTY}', 'File', '1 d.tflite', 'File']
      + ['c.tflite'],
    )
    self.assertIn('On rooms, test split', page.text)
    self.assertIn('cannot be compared', page.text)
    self.assertIn('leaderboard', [h.get('id') for h in page.named('h2')])
    self.assertLen(page.named('script'), 2)


if __name__ == '__main__':
  absltest.main()
