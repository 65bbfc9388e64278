# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/labelling/labelling.py."""

import json
import pathlib

from absl.testing import absltest
import numpy as np
from PIL import Image

from depth_mai.challenge_folder import folder
from depth_mai.labelling import labelling
from depth_mai.labelling import teachers as teachers_lib
from depth_mai.pictures import picture_files
from tests.labelling import photographs

_ORIENTATION = 0x0112


class LabellingTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    self.lines = []
    self.teachers = [
      teachers_lib.open_teacher(
        photographs.save_teacher(self.root / f'{bias}.tflite', bias=bias)
      )
      for bias in (1.0, 3.0)
    ]

  def _label(self, *inputs, teachers=1, **options):
    overwrite = options.pop('overwrite', False)
    return labelling.label_photographs(
      self.teachers[:teachers],
      [self.root / x for x in inputs] or [self.root / 'photos'],
      self.root / 'out',
      labelling.Options(**options),
      overwrite=overwrite,
      report_line=self.lines.append,
    )

  def _depth_mm(self, name):
    return picture_files.read_depth_mm(
      self.root / f'out/train/depth/{name}.png'
    )

  def test_the_result_is_a_data_set(self):
    rgbs = {
      f'{number:02d}': photographs.save_ramp(
        self.root / f'photos/{number // 20}/{number:02d}.png',
        (24 + number, 32 + 3 * number),
      )
      for number in range(40)
    }
    self.assertEmpty(self._label())
    survey = folder.survey(self.root / 'out')
    self.assertEmpty(survey.problems + survey.notes)
    pairs = list(folder.iterate_pairs(self.root / 'out', 'train'))
    self.assertLen(pairs, 40)
    for name, rgb_uint8, depth_mm in pairs:
      np.testing.assert_array_equal(rgb_uint8, rgbs[name])
      want = np.linspace(1000, 6000, rgb_uint8.shape[1])
      self.assertLess(np.abs(depth_mm - want)[:, 3:-3].max(), 250)
    self.assertIn('[40/40]', self.lines[-2])
    self.assertIn('has 40 labelled photographs', self.lines[-1])

  def test_depth_belongs_to_the_upright_picture(self):
    rgb = photographs.save_ramp(self.root / 'photos/a.png')
    exif = Image.Exif()
    exif[_ORIENTATION] = 6  # It is shown turned by 90 degrees.
    Image.fromarray(rgb).save(self.root / 'photos/a.png', exif=exif)
    self.assertEmpty(self._label(flip=False))
    ((_, rgb_uint8, depth_mm),) = folder.iterate_pairs(
      self.root / 'out', 'train'
    )
    self.assertEqual(rgb_uint8.shape, (32, 24, 3))
    want = 1000 + rgb_uint8[..., 0] / 0.051
    self.assertLess(np.abs(depth_mm - want).max(), 250)

  def test_two_teachers(self):
    rgb = photographs.save_ramp(self.root / 'photos/a.png')
    self.assertEmpty(self._label(teachers=2, max_disagreement=0.3))
    one = 1 + rgb[..., 0] / 51
    spread = np.log((one + 2) / one) / 2
    want = np.where(spread > 0.3, 0, np.rint(1000 * np.sqrt(one * (one + 2))))
    self.assertBetween((want > 0).mean(), 0.3, 0.9)
    found = self._depth_mm('a').astype(float)
    np.testing.assert_array_equal(found > 0, want > 0)
    self.assertLessEqual(np.abs(found - want).max(), 1)
    with Image.open(self.root / 'out/train/confidence/a.png') as confidence:
      np.testing.assert_allclose(
        np.array(confidence), 255 * np.exp(-10 * spread), atol=0.51
      )
    stored = json.loads((self.root / 'out/labels.json').read_text())
    self.assertEqual(
      [x['sha256'] for x in stored['teachers']],
      [x.sha256 for x in self.teachers],
    )
    self.assertEqual(stored['max_disagreement'], 0.3)

  def test_a_single_opinion_has_no_confidence(self):
    photographs.save_ramp(self.root / 'photos/a.png')
    self.assertEmpty(self._label(flip=False))
    self.assertFalse((self.root / 'out/train/confidence').exists())

  def test_a_stopped_run_resumes(self):
    for number in range(3):
      photographs.save_ramp(self.root / f'photos/{number}.png')
    self.assertEmpty(self._label())
    labels = {
      x: (self.root / f'out/train/depth/{x}.png').stat() for x in range(3)
    }
    (self.root / 'out/train/depth/1.png').unlink()
    self.assertEmpty(self._label())
    self.assertIn('2 labels kept', self.lines[-3])
    for number, before in labels.items():
      now = (self.root / f'out/train/depth/{number}.png').stat()
      self.assertEqual(before.st_mtime_ns == now.st_mtime_ns, number != 1)
    with self.assertRaisesRegex(ValueError, 'flip True instead of False'):
      self._label(flip=False)
    self.assertEmpty(self._label(flip=False, overwrite=True))

  def test_bad_photographs_do_not_stop_the_others(self):
    photographs.save_ramp(self.root / 'photos/good.png')
    (self.root / 'photos/bad.jpg').write_bytes(b'no picture')
    problems = self._label('photos', 'missing.png')
    self.assertLen(problems, 2)
    self.assertIn('bad.jpg', problems[0])
    self.assertIn('missing.png', problems[1])
    self.assertLen(folder.list_pairs(self.root / 'out', 'train'), 1)

  def test_labels_that_training_would_refuse(self):
    photographs.save_ramp(self.root / 'photos/a.png')
    (problem,) = self._label(teachers=2, max_disagreement=0.01)
    self.assertRegex(problem, 'a.png: the teachers disagree everywhere. Cure')
    self.teachers = [
      teachers_lib.open_teacher(
        photographs.save_teacher(self.root / 'm.tflite', (0, 0, 0), bias)
      )
      for bias in (0.05, 3e38)  # Infinite in millimetres.
    ]
    (problem,) = self._label(overwrite=True)
    self.assertRegex(problem, 'a.png: the median .* 50 mm.*--unit')
    (problem,) = self._label(teachers=2, overwrite=True)
    self.assertRegex(problem, 'a.png: a teacher predicts .* NaN or infinite')
    self.assertEmpty(list((self.root / 'out/train/rgb').iterdir()))

  def test_bad_options(self):
    photographs.save_ramp(self.root / 'photos/a.png')
    with self.assertRaisesRegex(ValueError, 'only one. .*second --model'):
      self._label(flip=False, max_disagreement=0.1)
    with self.assertRaisesRegex(ValueError, '=0 must be above 0'):
      self._label(max_disagreement=0)
    for given in ('.', 'out', 'out/train'):
      with self.assertRaisesRegex(ValueError, 'contain each other'):
        self._label(given)
    with self.assertRaisesRegex(ValueError, 'No photograph is given'):
      labelling.label_photographs(self.teachers, [], self.root / 'out')


if __name__ == '__main__':
  absltest.main()
