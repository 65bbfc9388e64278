# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.datasets.rgbd_folder.survey."""

import dataclasses
import pathlib

from absl.testing import absltest
import numpy as np

from depth_mai.datasets.rgbd_folder import description as description_lib
from depth_mai.datasets.rgbd_folder import survey
from depth_mai.files import problems
from tests.data import dummy_data

_DESCRIPTION = description_lib.Description(
  rgb='{sequence}/color/{id}.png',
  depth='{sequence}/depth/{id}.png',
  depth_unit='mm',
  split=description_lib.Split(validation=('office',)),
)


class SurveyTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    dummy_data.write_recordings(self.root)

  def test_everything_is_read(self):
    found = survey.survey(self.root, _DESCRIPTION)
    self.assertEmpty(found.problems)
    self.assertLen(found.facts, 12)
    self.assertEqual(
      {name: len(frames) for name, frames in found.splits.items()},
      {'train': 10, 'validation': 2},
    )
    _, depth_mm = dummy_data.frame('hall', 2)
    self.assertAlmostEqual(
      found.facts['hall-000002'].depth_m.median,
      np.median(depth_mm[depth_mm > 0]) / 1000,
    )

  def test_all_problems_are_reported_at_once(self):
    def depth(name):
      return self.root / 'kitchen' / 'depth' / f'{name:06d}.png'

    depth(0).write_bytes(b'')
    dummy_data.save_depth(depth(1), np.zeros((24, 32)))
    dummy_data.save_depth(depth(2), np.full((24, 32), 40))
    dummy_data.save_depth(depth(3), np.full((32, 24), 2000))
    (self.root / 'hall/color/000001.png').write_bytes(b'')
    found = survey.survey(self.root, _DESCRIPTION)
    texts = [str(problem) for problem in found.problems]
    self.assertLen(texts, 5)
    for words in (
      'kitchen/depth/000000.png: this is not a PNG',
      'kitchen/depth/000001.png: no depth is known',
      'kitchen/depth/000002.png: with depth_unit = mm the median of its depth '
      'is 0.04 m',
      'kitchen/depth/000003.png: the depth map is 24 x 32',
      'hall/color/000001.png: this is not a picture',
    ):
      self.assertLen([text for text in texts if words in text], 1, words)
    for text in texts:
      self.assertIn('Cure: ', text)
    self.assertEqual(
      [frame.id for frame in found.splits['train']],
      ['hall-000000', 'hall-000002', 'hall-000003']
      + ['kitchen-000004', 'kitchen-000005'],
    )

  def test_wrong_unit_is_reported_once(self):
    found = survey.survey(
      self.root, dataclasses.replace(_DESCRIPTION, depth_unit=100_000)
    )
    (problem,) = found.problems
    self.assertIn('12 of 12 depth maps', str(problem))
    self.assertIn("look like depth_unit = 'mm'", str(problem))
    self.assertEmpty(found.splits['train'])

  def test_disparities_are_refused_by_name(self):
    for sequence in dummy_data.RECORDINGS:
      folder = self.root / sequence
      (folder / 'depth').rename(folder / 'disparity')
    keys = {'depth': '{sequence}/disparity/{id}.png'}
    found = survey.survey(self.root, dataclasses.replace(_DESCRIPTION, **keys))
    (problem,) = found.problems
    self.assertIn("its name says 'disparity'", str(problem))
    self.assertEmpty(found.splits['train'])
    keys |= {'depth_unit': 'disparity', 'baseline_m': 0.1, 'focal_px': 1e5}
    found = survey.survey(self.root, dataclasses.replace(_DESCRIPTION, **keys))
    self.assertEmpty(found.problems)

  def test_no_pair_can_be_used(self):
    for path in list(self.root.glob('*/depth/*.png')):
      path.rename(path.with_name(path.name.lstrip('0') or '0.png'))
    for path in list(self.root.glob('*/color/000000.png')):
      path.unlink()
    with self.assertRaisesRegex(problems.BadInputError, 'is probably'):
      survey.survey(self.root, _DESCRIPTION)

  def test_rotated_bits_that_are_none(self):
    found = survey.survey(
      self.root, dataclasses.replace(_DESCRIPTION, depth_unit='sunrgbd')
    )
    self.assertIn('implausible median or range', str(found.problems[0]))

  def test_contents_come_in_order(self):
    frames = survey.survey(self.root, _DESCRIPTION).splits['train']
    found = list(survey.contents(frames, _DESCRIPTION))
    self.assertEqual([frame for frame, _ in found], frames)
    for frame, content in found:
      index = int(frame.id[-6:])
      rgb_uint8, depth_mm = dummy_data.frame(frame.sequence, index)
      np.testing.assert_array_equal(content.rgb_uint8, rgb_uint8)
      np.testing.assert_array_equal(content.depth_mm, depth_mm)

  def test_file_disappears_after_the_survey(self):
    frames = survey.survey(self.root, _DESCRIPTION).splits['train']
    frames[1].depth_path.unlink()
    with self.assertRaisesRegex(
      problems.BadInputError, '000001.png: the depth map cannot'
    ):
      list(survey.contents(frames, _DESCRIPTION))


if __name__ == '__main__':
  absltest.main()
