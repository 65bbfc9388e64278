# SPDX-License-Identifier: Apache-2.0
"""Tests that pairs are written in the challenge's layout, and only once."""

import os
import pathlib

from absl.testing import absltest
import numpy as np
from PIL import Image

from depth_mai.datasets.procedural_rooms import folder
from depth_mai.datasets.procedural_rooms import scene

_OPTIONS = scene.SceneOptions(height=48, width=64)


def _files(root):
  return sorted(
    path.relative_to(root).as_posix()
    for path in pathlib.Path(root).rglob('*')
    if path.is_file()
  )


class FolderTest(absltest.TestCase):
  def _write(self, root, counts, **kwargs):
    kwargs = {'workers': 1, 'log': self.lines.append} | kwargs
    return folder.write(root, counts, options=_OPTIONS, **kwargs)

  def setUp(self):
    super().setUp()
    self.lines = []
    self.root = self.create_tempdir().full_path

  def test_layout_and_content(self):
    self._write(self.root, {'train': 2, 'validation': 1, 'test': 0}, seed=7)
    self.assertEqual(
      _files(self.root),
      [
        'train/depth/00000.png',
        'train/depth/00001.png',
        'train/rgb/00000.png',
        'train/rgb/00001.png',
        'validation/depth/00000.png',
        'validation/rgb/00000.png',
      ],
    )
    rgb_uint8, depth_mm = scene.make_pair(
      scene.pair_seed(7, 'train', 1), _OPTIONS
    )
    root = pathlib.Path(self.root, 'train')
    with Image.open(root / 'rgb' / '00001.png') as image:
      np.testing.assert_array_equal(np.asarray(image), rgb_uint8)
    with Image.open(root / 'depth' / '00001.png') as image:
      self.assertEqual(image.mode, 'I;16')
      np.testing.assert_array_equal(np.asarray(image), depth_mm)
    self.assertRegex(self.lines[-1], r'3 of 3 pairs, [\d.]+ pairs/s')

  def test_continues_after_an_interruption(self):
    self._write(self.root, {'train': 2})
    kept = pathlib.Path(self.root, 'train', 'rgb', '00000.png')
    kept.write_bytes(b'kept')
    lost = pathlib.Path(self.root, 'train', 'depth', '00001.png')
    lost.unlink()
    self.assertEqual(self._write(self.root, {'train': 3}), 2)
    self.assertEqual(kept.read_bytes(), b'kept')
    self.assertTrue(lost.exists())
    self.assertIn('1 pairs exist already.', self.lines)

  def test_several_processes_write_the_same_files(self):
    two = os.path.join(self.root, 'two')
    one = os.path.join(self.root, 'one')
    self._write(two, {'train': 2}, workers=2, rgb_format='jpg')
    self._write(one, {'train': 2}, rgb_format='jpg')
    self.assertEqual(_files(one)[-1], 'train/rgb/00001.jpg')
    self.assertEqual(_files(one), _files(two))
    for name in _files(one):
      self.assertEqual(
        pathlib.Path(one, name).read_bytes(),
        pathlib.Path(two, name).read_bytes(),
      )

  def test_unknown_format_is_refused(self):
    with self.assertRaisesRegex(ValueError, "rgb_format.*'bmp'"):
      self._write(self.root, {'train': 1}, rgb_format='bmp')


if __name__ == '__main__':
  absltest.main()
