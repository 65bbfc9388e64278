# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/distillation/cache.py."""

import errno
import os
import pathlib
import resource

import numpy as np
import tensorflow as tf

from depth_mai.distillation import cache

_COUNT = 5


def _rgb(number):
  return np.full((4, 6, 3), number, np.float32)


def _pictures(ids=(b'0', b'1', b'2', b'3', b'4')):
  dataset = tf.data.Dataset.from_tensor_slices(
    {'id': list(ids), 'rgb': np.stack([_rgb(i) for i in range(_COUNT)])}
  )
  return dataset.batch(2)


class CacheTest(tf.test.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path) / 'maps' / 'a'
    self.runs = 0

  def _open(self, pictures=None):
    def teacher_maps(rgb):
      self.runs += len(rgb)
      return [rgb[..., :1] / 3.0, rgb[:, ::2, ::2] + 1.0]

    return cache.open_or_fill(
      self.folder, _COUNT, pictures or _pictures(), teacher_maps
    )

  def test_the_teacher_runs_once_for_each_picture(self):
    for _ in range(2):
      maps = self._open()
      self.assertEqual(self.runs, _COUNT)
      stream = tf.data.Dataset.from_tensor_slices([b'3', b'0']).map(maps)
      self.assertEqual(
        [spec.shape for spec in stream.element_spec], [(4, 6, 1), (2, 3, 3)]
      )
      for number, (one, other) in zip((3, 0), stream, strict=True):
        self.assertAllEqual(one, _rgb(number)[..., :1] / np.float32(3))
        self.assertAllEqual(other, _rgb(number)[::2, ::2] + 1)

  def test_nothing_is_left_of_a_teacher_that_fails(self):
    def pictures():
      yield from _pictures().take(1)
      raise KeyboardInterrupt

    with self.assertRaises(KeyboardInterrupt):
      self._open(pictures())
    self.assertEqual(os.listdir(self.folder.parent), ['.lock'])
    self._open()

  def test_examples_of_one_name_are_refused(self):
    with self.assertRaisesRegex(ValueError, '5 examples with 4 ids'):
      self._open(_pictures((b'0', b'1', b'2', b'3', b'3')))
    self.assertFalse(self.folder.exists())

  def test_damaged_files_are_refused(self):
    self._open()
    file = self.folder / 'maps_01.npy'
    for size in (file.stat().st_size - 4, 9, 0):
      os.truncate(file, size)
      with self.assertRaisesRegex(ValueError, f'{self.folder} .* is damaged'):
        self._open()
    file.unlink()
    with self.assertRaisesRegex(ValueError, 'is damaged.*No such file'):
      self._open()

  def test_changed_bytes_are_refused(self):
    self._open()
    for name in ('maps_00.npy', 'index.npz'):
      file = self.folder / name
      whole = file.read_bytes()
      changed = bytearray(whole)
      changed[len(whole) // 2] ^= 1
      file.write_bytes(changed)
      with self.assertRaisesRegex(ValueError, f'{self.folder} .* is damaged'):
        self._open()
      file.write_bytes(whole)
    self._open()
    self.assertEqual(self.runs, _COUNT)

  def test_a_full_disk(self):
    # The limit of a process stands for it; Python ignores its signal.
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
      resource.setrlimit(resource.RLIMIT_FSIZE, (300, old[1]))
      with self.assertRaisesRegex(OSError, str(self.folder)) as caught:
        self._open()
    finally:
      resource.setrlimit(resource.RLIMIT_FSIZE, old)
    self.assertEqual(caught.exception.errno, errno.EFBIG)
    self.assertEqual(os.listdir(self.folder.parent), ['.lock'])


if __name__ == '__main__':
  tf.test.main()
