# SPDX-License-Identifier: Apache-2.0
"""Tests of pixel_files.py: the pixels survive, also damage of the files."""

import pathlib
import resource

import numpy as np
import tensorflow as tf

from depth_mai.data import packed
from depth_mai.data import pixel_files


def pairs(count=5):
  """Returns pairs of several sizes as a list of dicts."""
  rng = np.random.default_rng(0)
  return [
    {
      'id': f'pair {number}'.encode() + b'\xff',
      'rgb': rng.integers(0, 256, (7 + number, 31, 3), dtype=np.uint8),
      'depth_mm': rng.integers(0, 65535, (9, 20 + number, 1)).astype(np.uint16),
    }
    for number in range(count)
  ]


def dataset(examples, read=None):
  """Returns them as a dataset that notes what is read."""

  def generate():
    for example in examples:
      if read is not None:
        read.append(example['id'])
      yield example

  return tf.data.Dataset.from_generator(
    generate,
    output_signature={
      'id': tf.TensorSpec((), tf.string),
      'rgb': tf.TensorSpec((None, None, 3), tf.uint8),
      'depth_mm': tf.TensorSpec((None, None, 1), tf.uint16),
    },
  )


class PixelFilesTest(tf.test.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path, 'decoded/a')

  def test_pixels_are_those_of_the_pairs(self):
    examples = pairs()
    opened = pixel_files.open_pixels(dataset(examples), self.folder)
    self.assertEqual(opened.cardinality(), len(examples))
    self.assertTrue(packed.is_packed(opened))
    for found, expected in zip(
      opened.as_numpy_iterator(), examples, strict=True
    ):
      self.assertEqual(found['id'], expected['id'])
      for kind, size in (('rgb', 'rgb_size'), ('depth_mm', 'depth_size')):
        height, width, channels = expected[kind].shape
        self.assertAllEqual(found[size], (height, width))
        self.assertEqual(found[kind].dtype, expected[kind].dtype)
        self.assertAllEqual(
          found[kind][: height * width].reshape(height, width, channels),
          expected[kind],
        )

  def test_second_use_reads_no_pair(self):
    read = []
    for _ in range(2):
      pixel_files.open_pixels(dataset(pairs(), read), self.folder)
    self.assertLen(read, 5)

  def test_damaged_files_are_written_again(self):
    for name in ('rgb.bin', 'depth.bin', 'pairs.npz'):
      pixel_files.open_pixels(dataset(pairs()), self.folder)
      path = self.folder / name
      path.write_bytes(path.read_bytes()[:-9])
      read = []
      opened = pixel_files.open_pixels(dataset(pairs(), read), self.folder)
      self.assertLen(read, 5)
      self.assertLen(list(opened), 5)

  def test_says_where_it_cannot_write(self):
    self.folder.parent.parent.joinpath('file').write_text('')
    with self.assertRaisesRegex(ValueError, 'decoded pixels .*train.cache'):
      pixel_files.open_pixels(
        dataset(pairs()), self.folder.parent.parent / 'file' / 'a'
      )

  def test_memory_is_that_of_one_pair(self):
    # 120 MB of pixels, of which each pair is a view.
    example = {
      'id': b'a',
      'rgb': np.zeros((1000, 1000, 3), np.uint8),
      'depth_mm': np.ones((1000, 1000, 1), np.uint16),
    }
    opened = pixel_files.open_pixels(dataset([example] * 24), self.folder)
    list(opened.take(1))
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    views = list(opened.shuffle(24))
    after_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    self.assertLen(views, 24)
    self.assertLess(after_kb - before_kb, 30_000)


if __name__ == '__main__':
  tf.test.main()
