# SPDX-License-Identifier: Apache-2.0
"""Tests of a verdict's page: everything known is shown, and nothing else."""

from absl.testing import absltest

from depth_mai.judging.web import verdict_page
from tests.judging.web import small_verdicts
from tests.web import page_reader

_NASTY = '<img src=x onerror=alert(1)>"\''


def _page(record):
  return page_reader.Page(verdict_page.html(record))


class VerdictTest(absltest.TestCase):
  def test_accepted(self):
    record = small_verdicts.record()
    page = _page(record)
    for text in (
      'Accepted',
      '2.90 MB · judged 1 March 2026, 12:01 UTC',
      '400.0 score',
      '1 place among 9, with Table 1',
      '0.2500 si-RMSE',
      '50.00 ms runtime on A board',
      '0.750 m RMSE',
      'It was guessed.',
      'Compared with Table 1 of the paper',
      'timed on A board. That is not a Raspberry Pi 4, and its speed',
      'Input range 0..255 (declared in the file)',
      f'2,900,000 bytes, sha256 {record["verdict"]["file"]["sha256"]}',
      'unit: auto, device: local',
      '7 CONV_2D',
      'TensorFlow Lite 1.5.0; the target is 2.5.0. It ran.',
      'median of 50 runs, threads: 4; 50.00 ms with XNNPACK; 100.00 ms '
      'without; parts of the graph in XNNPACK: 1',
      'Other pictures.',
      'Sandbox seccomp Not in force landlock (not in this kernel)',
      'rooms, validation split',
    ):
      self.assertIn(text, page.text)
    self.assertNotIn('Why it is rejected', page.text)
    self.assertNotIn('Example pictures', page.text)
    self.assertNotIn('None', page.text)

  def test_rejected(self):
    page = _page(small_verdicts.record(errors=['First.\nCure.', 'Second.']))
    self.assertIn('Rejected', page.text)
    self.assertIn('Why it is rejected First. Cure. Second.', page.text)
    self.assertIn({'class': 'notes errors'}, page.named('ul'))
    self.assertEmpty(page.rows)
    for text in ('score', 'Table 1', 'Example pictures', 'None'):
      self.assertNotIn(text, page.text)

  def test_no_device(self):
    record = small_verdicts.record()
    for part in ('device', 'runtime', 'standing'):
      record['verdict'][part] = None
    for figure in ('score', 'rank', 'runtime_ms'):
      record['verdict'][figure] = None
    page = _page(record)
    self.assertIn('timed on no device. That is not a Raspberry Pi 4', page.text)
    self.assertEqual(page.rows[9][:2], ['This file (a.tflite)', '–'])

  def test_not_stored(self):
    record = small_verdicts.record()
    why = f'No space left on device {_NASTY}'
    page = page_reader.Page(verdict_page.html(record, why))
    self.assertIn(f'cannot store this verdict ({why})', page.text)
    self.assertNotIn('cannot store', _page(record).text)

  def test_a_minimal_record(self):
    record = small_verdicts.record(errors=['No.'])
    file = record['verdict']['file']
    record['verdict'] = {'verdict': 'rejected', 'file': file}
    self.assertIn('Rejected', _page(record).text)

  def test_on_a_raspberry_pi(self):
    record = small_verdicts.record()
    record['verdict']['device']['is_raspberry_pi'] = True
    text = _page(record).text
    self.assertIn('timed on A board. So the place', text)

  def test_predicted_runtime(self):
    text = _page(small_verdicts.predicted_record()).text
    for words in (
      '120–180 predicted score',
      '4–6 predicted place among 9',
      '40–55 ms predicted runtime on A board',
      # In the table.
      '120–180 predicted 0.2500 40–55 predicted',
    ):
      self.assertIn(words, text)
    self.assertNotIn('median of', text)

  def test_pictures(self):
    record = small_verdicts.record()
    record['pictures'] = ['depth_0.png', 'depth_1.png']
    record['verdict']['pictures'] = [
      {'id': 'r01', 'file': 'depth_0.png', 'si_rmse': 0.125},
      {'id': 'r02', 'file': 'depth_1.png', 'si_rmse': None},
    ]
    page = _page(record)
    self.assertIn('r01: si-RMSE 0.1250', page.text)
    self.assertNotIn('r02:', page.text)
    sources = [image['src'] for image in page.named('img')][1:]
    self.assertEqual(
      sources,
      [f'/verdicts/{record["id"]}/0.png', f'/verdicts/{record["id"]}/1.png'],
    )
    self.assertIn('r01', page.named('img')[1]['alt'])

  def test_everything_from_a_file_is_escaped(self):
    record = small_verdicts.record(_NASTY)
    verdict = record['verdict']
    verdict['errors'] = verdict['warnings'] = [_NASTY]
    verdict['operators']['histogram'] = {_NASTY: 1}
    verdict['interface'] = {_NASTY: {'value': _NASTY, 'why': _NASTY}}
    verdict['device']['name'] = _NASTY
    verdict['protection'] = {_NASTY: _NASTY}
    verdict['standing']['notes'] = [_NASTY]
    record['pictures'] = ['a.png']
    verdict['pictures'] = [{'id': _NASTY, 'file': 'a.png', 'si_rmse': 0.1}]
    page = _page(record)
    self.assertGreater(page.text.count(_NASTY), 11)
    for image in page.named('img'):
      self.assertNotIn('onerror', image)


if __name__ == '__main__':
  absltest.main()
