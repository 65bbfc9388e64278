# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/labelling/label_folder.py."""

import json
import os
import pathlib

from absl.testing import absltest
import numpy as np
from PIL import Image

from depth_mai.labelling import agreement
from depth_mai.labelling import label_folder
from depth_mai.pictures import picture_files
from tests.labelling import photographs

_ORIGIN = {'teachers': [{'name': 'a', 'sha256': '1'}], 'flip': True}


def _label(size=(24, 32)):
  return agreement.Label(np.full(size, 1500, np.uint16), np.full(size, 9, 'B'))


class LabelFolderTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    self.output = label_folder.LabelFolder(self.root / 'out')

  def _label_all(self, *paths, origin=_ORIGIN, overwrite=False):
    """Labels photographs as a run does; returns their ids."""
    with self.output.claimed(origin, overwrite):
      ids, problems = self.output.ids(paths)
      self.assertEmpty(problems)
      for name, path in ids.items():
        self.output.write(name, path, _label(), True)
      self.output.finish(origin)
    return list(ids)

  def _stored(self):
    return json.loads((self.root / 'out/labels.json').read_text())

  def test_photographs_are_copied_byte_for_byte(self):
    path = self.root / 'a.JPG'
    photographs.save_ramp(path)
    os.utime(path, (1e9, 1e9))
    before = path.stat()
    self.assertEqual(self._label_all(path), ['a'])
    copy = self.root / 'out/train/rgb/a.jpg'
    self.assertEqual(copy.read_bytes(), path.read_bytes())
    self.assertEqual(path.stat().st_ctime_ns, before.st_ctime_ns)
    np.testing.assert_array_equal(
      picture_files.read_depth_mm(self.root / 'out/train/depth/a.png'), 1500
    )
    with Image.open(self.root / 'out/train/confidence/a.png') as confidence:
      self.assertEqual(confidence.mode, 'L')
      np.testing.assert_array_equal(np.array(confidence), 9)
    self.assertEqual(self._stored(), {**_ORIGIN, 'photographs': 1})

  def test_other_formats_become_png(self):
    path = self.root / 'a.webp'
    photographs.save_ramp(path)
    for _ in range(2):
      self.assertEqual(self._label_all(path), ['a'])
    np.testing.assert_array_equal(
      picture_files.read_rgb(self.root / 'out/train/rgb/a.png'),
      picture_files.read_rgb(path),
    )

  def test_ids_are_unique_and_stay(self):
    one, two, three = (self.root / x for x in ('1/a.png', '2/A.png', '3/a.jpg'))
    for number, path in enumerate((one, two, three)):
      photographs.save_ramp(path, green=50 * number)
    self.assertEqual(self._label_all(one, two), ['a', 'A_2'])
    # Another order, and one more.
    self.assertEqual(self._label_all(three, two, one), ['a_3', 'A_2', 'a'])
    # The same picture twice is one of each name.
    self.assertEqual(self.output.labelled(), {'a', 'A_2', 'a_3'})
    photographs.save_ramp(one, green=255)
    self.assertEqual(self._label_all(one), ['a_4'])

  def test_names_that_cannot_be_ids(self):
    with self.output.claimed(_ORIGIN, False):
      paths = [self.root / 'x\n.png', self.root / '.b.png']
      ids, problems = self.output.ids(paths)
    self.assertEqual(ids, {'b': paths[1]})
    self.assertRegex(problems[0], 'control character. Cure: rename')

  def test_labels_of_another_origin(self):
    path = self.root / 'a.png'
    photographs.save_ramp(path)
    self._label_all(path)
    renamed = {**_ORIGIN, 'teachers': [{'name': 'b', 'sha256': '1'}]}
    self._label_all(path, origin=renamed)
    for key, value, text in (
      ('teachers', [{'name': 'b', 'sha256': '2'}], 'teachers b instead of b'),
      ('flip', False, 'flip True instead of False'),
    ):
      other = {**renamed, key: value}
      with self.assertRaisesRegex(ValueError, f'(?s){text}.*--overwrite'):
        self._label_all(path, origin=other)
    two = {'teachers': [{'name': x, 'sha256': x} for x in 'xy'], 'flip': True}
    with self.assertRaisesRegex(ValueError, 'teachers b instead of x, y'):
      self._label_all(path, origin=two)
    self._label_all(origin=two, overwrite=True)
    self.assertEmpty(self.output.labelled())
    self._label_all(path, origin={**two, 'teachers': two['teachers'][::-1]})
    (self.root / 'out/labels.json').write_text('{')
    with self.assertRaisesRegex(ValueError, 'labels.json is damaged'):
      self._label_all(path)

  def test_a_folder_without_a_label_takes_any_origin(self):
    # Such as that of a misspelt folder of photographs.
    self._label_all()
    other = {**_ORIGIN, 'flip': False}
    self._label_all(origin=other)
    self.assertEqual(self._stored(), {**other, 'photographs': 0})

  def test_a_folder_of_other_things_is_left_alone(self):
    photographs.save_ramp(self.root / 'out/train/rgb/a.png')
    for overwrite in (False, True):
      with self.assertRaisesRegex(ValueError, 'not empty.*another --output_d'):
        self._label_all(overwrite=overwrite)
    self.assertTrue((self.root / 'out/train/rgb/a.png').exists())

  def test_one_process_at_a_time(self):
    with self.output.claimed(_ORIGIN, False):
      with self.assertRaisesRegex(ValueError, 'in use by another process'):
        self._label_all()


if __name__ == '__main__':
  absltest.main()
