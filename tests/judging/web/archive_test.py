# SPDX-License-Identifier: Apache-2.0
"""Tests that verdicts are kept whole, and survive a restart."""

import json
import os
import pathlib

from absl.testing import absltest

from depth_mai.judging.web import archive as archive_lib
from tests.judging.web import real_server
from tests.judging.web import small_verdicts

_HTML = {'Accept': 'text/html,application/xhtml+xml,*/*;q=0.8'}


class ArchiveTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path) / 'verdicts'
    self.pictures_dir = pathlib.Path(self.create_tempdir().full_path)
    self.lines = []
    self.archive = self.opened()

  def opened(self):
    return archive_lib.Archive(self.folder, self.lines.append)

  def test_survives_a_restart(self):
    for number in (2, 3, 1):
      self.archive.store(small_verdicts.record(number=number), None)
    again = self.opened()
    self.assertEmpty(self.lines)
    for archive in (self.archive, again):
      dates = [record['finished'][14:16] for record in archive.records()]
      self.assertEqual(dates, ['03', '02', '01'])
      kept = archive.get(f'{2:016x}')
      self.assertEqual(kept['verdict']['si_rmse'], 0.25)
      self.assertEqual(kept['format'], 'depth_mai.judged/1')
    self.assertIsNone(again.get('0' * 16))

  def test_pictures(self):
    for name in ('d_10.png', 'd_9.png', 'notes.txt'):
      (self.pictures_dir / name).write_bytes(name.encode())
    record = small_verdicts.record()
    self.archive.store(record, self.pictures_dir)
    self.assertEqual(
      self.archive.get(record['id'])['pictures'], ['d_9.png', 'd_10.png']
    )
    for archive in (self.archive, self.opened()):
      self.assertEqual(archive.picture(record['id'], 0), b'd_9.png')
      self.assertEqual(archive.picture(record['id'], 1), b'd_10.png')
      self.assertIsNone(archive.picture(record['id'], 2))
      self.assertIsNone(archive.picture(record['id'], -1))
      self.assertIsNone(archive.picture('../..', 0))
    (self.folder / record['id'] / 'd_9.png').unlink()
    self.assertIsNone(self.archive.picture(record['id'], 0))

  def test_all_or_nothing(self):
    record = small_verdicts.record(si_rmse=float('nan'))
    with self.assertRaisesRegex(ValueError, 'JSON'):
      self.archive.store(record, None)
    self.assertIsNone(self.archive.get(record['id']))
    self.archive.store(small_verdicts.record(number=2), None)
    self.assertEqual(os.listdir(self.folder), [f'{2:016x}'])

  def test_broken_verdicts_are_reported_and_skipped(self):
    for number in range(14):
      self.archive.store(small_verdicts.record(number=number), None)
    paths = [self.folder / f'{i:016x}' / 'verdict.json' for i in range(13)]
    whole = json.loads(paths[1].read_text())
    paths[0].write_text('{"format"')
    paths[1].write_text(json.dumps(whole | {'id': '../../etc'}))
    paths[2].write_text(json.dumps(whole | {'format': 'depth_mai.judged/9'}))
    paths[5].write_text(json.dumps(whole | {'finished': 5}))
    paths[6].write_text(json.dumps(whole | {'verdict': 'accepted'}))
    for path, picture in zip(
      paths[7:], (5, None, '../a.png', 'a.txt'), strict=False
    ):
      path.write_text(json.dumps(whole | {'pictures': ['a.png', picture]}))
    paths[11].unlink()
    os.mkfifo(paths[11])
    paths[12].unlink()
    paths[12].symlink_to(paths[12])
    del whole['verdict']
    paths[3].write_text(json.dumps(whole))
    paths[4].write_text('[]')
    (self.folder / 'notes').mkdir()
    (self.folder / 'notes' / 'verdict.json').write_text('not ours')
    records = self.opened().records()
    self.assertEqual([record['id'] for record in records], [f'{13:016x}'])
    self.assertLen(self.lines, 13)
    for path, line in zip(paths, self.lines, strict=True):
      self.assertStartsWith(line, str(path))

  def test_a_verdict_that_cannot_be_shown_is_skipped(self):
    changes = (
      {},
      {'verdict': 'accepted', 'score': '400'},
      {'file': None},
      {'standing': [1]},
      {'pictures': 5},
      {'interface': {'unit': 'mm'}},
    )
    for number, change in enumerate((*changes, None), start=1):
      record = small_verdicts.record(number=number)
      if change is not None:
        record['verdict'] |= change
      if change == {}:
        record['verdict'] = change
      self.archive.store(record, None)
    nested = self.folder / f'{8:016x}'
    nested.mkdir()
    (nested / 'verdict.json').write_text('[' * 200_000)
    records = self.opened().records()
    self.assertEqual([one['id'] for one in records], [f'{7:016x}'])
    self.assertLen(self.lines, 7)

  def test_a_full_disk(self):
    (self.pictures_dir / 'a.png').write_bytes(b'a picture')
    # A file in place of the folder: nothing can be written into it.
    self.folder.write_bytes(b'')
    record = small_verdicts.record()
    self.assertFalse(self.archive.store(record, self.pictures_dir))
    (self.pictures_dir / 'a.png').unlink()
    self.assertEqual(self.archive.retry(), [record['id']])
    self.assertNotEmpty(self.archive.why_unsaved(record['id']))
    self.assertEqual(
      self.archive.get(record['id'])['verdict'], record['verdict']
    )
    self.assertEqual(self.archive.picture(record['id'], 0), b'a picture')
    self.folder.unlink()
    # Another verdict does not depend on it.
    other = small_verdicts.record(number=2)
    self.assertTrue(self.archive.store(other, None))
    self.assertEqual(self.archive.retry(), [])
    self.assertEqual(self.archive.why_unsaved(record['id']), '')
    for archive in (self.archive, self.opened()):
      self.assertLen(archive.records(), 2)
      self.assertEqual(archive.picture(record['id'], 0), b'a picture')


class ShownTest(real_server.RealServerTest):
  def test_a_verdict_that_is_not_on_disk_says_so(self):
    (self.folder / 'verdicts').write_bytes(b'')
    _, job = self.ask_json('POST', '/judge', b'good')
    self.assertIs(self.ended(job['id'])['stored'], False)
    page = self.ask('GET', job['page'], **_HTML)[2]
    self.assertIn(b'cannot store this verdict', page)
    picture = self.ask('GET', f'{job["page"]}/0.png')
    self.assertStartsWith(picture[2], b'\x89PNG')
    (self.folder / 'verdicts').unlink()
    self.assertEqual(self.clerk.archive.retry(), [])
    self.assertIs(self.ended(job['id'])['stored'], True)
    page = self.ask('GET', job['page'], **_HTML)[2]
    self.assertNotIn(b'cannot store', page)
    self.assertIn(b'validation split, 3 pictures', page)


if __name__ == '__main__':
  absltest.main()
