# SPDX-License-Identifier: Apache-2.0
"""Tests of the page of a file without a verdict."""

from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.judging import stages
from depth_mai.judging.web import app
from depth_mai.judging.web import clerk as clerk_lib
from depth_mai.judging.web import jobs as jobs_lib
from tests.judging.web import small_verdicts
from tests.web import page_reader

_NASTY = '<script>alert(1)</script>'


def _job(**changes):
  job = jobs_lib.Job('0123456789abcdef', 'a.tflite', 2_000_000, '/nowhere', {})
  for name, value in changes.items():
    setattr(job, name, value)
  return job


class JobTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.clerk = mock.create_autospec(clerk_lib.Clerk, instance=True)
    self.clerk.jobs = mock.create_autospec(jobs_lib.Jobs, instance=True)
    self.clerk.data = small_verdicts.DATA

  def page(self, job, place=0, may_cancel=True):
    self.clerk.jobs.place.return_value = place
    return page_reader.Page(app.job_page(self.clerk, job, may_cancel))


class OpenTest(JobTest):
  def test_steps_are_the_judges_stages(self):
    steps = [step['data-stage'] for step in self.page(_job()).named('li')]
    self.assertEqual(steps, ['received', *stages.STAGES])

  def test_running(self):
    job = _job(
      state='running', stage='fidelity', fraction=0.25, text=f'{_NASTY} of 4'
    )
    page = self.page(job)
    self.assertIn('Judging: Fidelity', page.text)
    self.assertIn(f'{_NASTY} of 4', page.text)
    self.assertEqual(page.named('progress')[0]['value'], '0.250')
    steps = page.named('li')
    now = [step.get('aria-current') for step in steps].index('step')
    self.assertEqual(steps[now]['data-stage'], 'fidelity')
    done = [step['data-stage'] for step in steps if step.get('class') == 'done']
    self.assertEqual(
      done, ['received', 'reading', 'checking', 'loading', 'detecting']
    )
    self.assertIn({'role': 'status'}, page.named('p'))
    (form,) = page.named('form')
    self.assertEqual(
      form, {'method': 'post', 'action': f'/verdicts/{job.id}/cancel'}
    )
    self.assertLen(page.named('script'), 2)  # The page's own.
    self.assertIn('refresh', [m.get('http-equiv') for m in page.named('meta')])

  def test_waiting(self):
    page = self.page(_job(), place=3)
    self.assertIn('Waiting, 3 ahead', page.text)
    self.assertNotIn('value', page.named('progress')[0])
    self.assertIn('Waiting ', self.page(_job(), place=0).text)

  def test_others_cannot_cancel(self):
    page = self.page(_job(state='running'), may_cancel=False)
    self.assertEmpty(page.named('form'))

  def test_stopping(self):
    job = _job(state='running', stage='runtime')
    job.stopping.set()
    self.assertIn('Stopping', self.page(job).text)

  def test_unknown_stage(self):
    page = self.page(_job(state='running', stage='weighing'))
    self.assertIn('Judging: weighing', page.text)


class EndedTest(JobTest):
  def test_cancelled(self):
    page = self.page(_job(state=jobs_lib.CANCELLED))
    self.assertIn('Cancelled', page.text)
    self.assertEmpty(page.named('form'))
    self.assertNotIn('refresh', str(page.named('meta')))

  def test_failed(self):
    page = self.page(_job(state=jobs_lib.FAILED, text=_NASTY))
    self.assertIn('no judgement on the file', page.text)
    self.assertIn(_NASTY, page.text)
    self.assertLen(page.named('script'), 2)


class JsonTest(JobTest):
  def test_fields(self):
    job = _job(state='running', stage='loading', fraction=0.5, text='half')
    self.clerk.jobs.place.return_value = 0
    self.assertEqual(
      app.job_json(self.clerk, job),
      {
        'id': '0123456789abcdef',
        'name': 'a.tflite',
        'size': 2_000_000,
        'state': 'running',
        'place': 0,
        'stage': 'loading',
        'fraction': 0.5,
        'text': 'half',
        'headline': 'Judging: Load',
        'page': '/verdicts/0123456789abcdef',
        'json': '/verdicts/0123456789abcdef.json',
      },
    )


if __name__ == '__main__':
  absltest.main()
