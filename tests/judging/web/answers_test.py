# SPDX-License-Identifier: Apache-2.0
"""Tests of what a script is told, before and after the verdict."""

import io
import json
import pathlib
import time

from absl.testing import absltest

from depth_mai.judging import request as request_lib
from depth_mai.judging.web import answers
from depth_mai.judging.web import clerk as clerk_lib
from depth_mai.judging.web import refusal
from depth_mai.judging.web import upload
from tests.judging.web import small_verdicts
from tests.web import page_reader


class AnswersTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.judge = small_verdicts.Judge()
    self.clerk = clerk_lib.Clerk(
      self.judge,
      request_lib.JudgeRequest('', '/data/rooms'),
      pathlib.Path(self.create_tempdir().full_path),
      report_line=lambda _: None,
    )
    self.addCleanup(self.clerk.close)

  def test_before_and_after(self):
    body = upload.Body(io.BytesIO(b'slow'), 4, 10.0)
    job = self.clerk.admit(body, '', {'name': 'a.tflite'})
    self.assertTrue(self.judge.started.wait(10.0))
    before = answers.verdict(self.clerk, job.id)
    self.assertEqual(
      (before['state'], before['stage']), ('running', 'fidelity')
    )
    self.assertNotIn('verdict', before)
    self.assertIn('In progress', answers.page(self.clerk, job.id))
    self.assertEqual(answers.leaderboard(self.clerk)['waiting'], [before])
    self.judge.go_on.set()
    end_s = time.monotonic() + 10.0
    while not job.ended:
      self.assertLess(time.monotonic(), end_s)
      time.sleep(0.005)
    after = answers.verdict(self.clerk, job.id)
    self.assertEqual(after['state'], 'accepted')
    self.assertEqual(after['verdict']['si_rmse'], 0.25)
    self.assertEqual(
      after['pictures'], [f'/verdicts/{job.id}/{i}.png' for i in range(2)]
    )
    self.assertIn('Accepted', answers.page(self.clerk, job.id))
    json.dumps(after, allow_nan=False)

  def test_leaderboard(self):
    for number, score in enumerate((100.0, None, 300.0), start=1):
      record = small_verdicts.record(f'{number}', number, score=score)
      self.clerk.archive.keep(record, None)
    found = answers.leaderboard(self.clerk)
    self.assertEqual([file['name'] for file in found['files']], ['3', '1', '2'])
    first = found['files'][0]
    self.assertEqual(first['score'], 300.0)
    self.assertEqual(first['rel'], 0.375)
    self.assertEqual(first['json'], f'/verdicts/{3:016x}.json')
    self.assertEqual(found['data'], small_verdicts.DATA)
    self.assertEqual(found['waiting'], [])

  def test_unknown(self):
    for ask in (answers.page, answers.verdict):
      with self.assertRaisesRegex(refusal.RefusedError, 'no file 00') as caught:
        ask(self.clerk, '00')
      self.assertEqual(caught.exception.status, 404)

  def test_refused(self):
    page = page_reader.Page(answers.refused('Not Found', '<b>'))
    self.assertIn('Not Found <b>', page.text)


if __name__ == '__main__':
  absltest.main()
