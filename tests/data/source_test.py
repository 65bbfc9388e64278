# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.data.source."""

import os
import pathlib
import subprocess
import sys

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.challenge_folder import folder
from depth_mai.data import packed
from depth_mai.data import records
from depth_mai.data import source
from depth_mai.datasets.rgbd_folder import description as description_lib
from depth_mai.datasets.rgbd_folder import frame_reader
from depth_mai.datasets.rgbd_folder import pairing
from depth_mai.pictures import picture_files
from depth_mai.pictures import picture_folder
from depth_mai.runtime import batch_prediction
from depth_mai.runtime import model_file
from depth_mai.streaming import sources
from tests.data import dummy_data
from tests.pictures import odd_pictures
from tests.runtime import tiny_model

_EVALUATE_WITHOUT_TENSORFLOW = """
import sys
from depth_mai.data import source
(pair,) = source.evaluation_pairs(sys.argv[1], 'test')
assert 'tensorflow' not in sys.modules
print(pair[0], pair[1].shape, pair[2].shape)
"""


class SourceTest(tf.test.TestCase, parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.tmp = pathlib.Path(self.create_tempdir().full_path)
    self.records_dir = self.tmp / 'records'
    self.root = dummy_data.write_folder(
      self.tmp / 'data',
      {'train': 5, 'validation': 2, 'test': 1},
      size=(18, 24),
      rgb_suffix='.jpg',
    )

  def _open(self, data_dir, split, **options):
    return source.open_split(
      data_dir, split, records_dir=self.records_dir, **options
    )

  def test_split_names(self):
    directory = records.prepare(self.root, self.records_dir)
    for data_dir in (self.root, directory):
      self.assertCountEqual(
        source.split_names(data_dir), ['train', 'validation', 'test']
      )

  def test_elements_are_encoded_files(self):
    dataset = self._open(self.root, 'train')
    self.assertEqual(
      dataset.element_spec,
      dict.fromkeys(('id', 'rgb', 'depth_mm'), tf.TensorSpec((), tf.string)),
    )
    self.assertEqual(dataset.cardinality(), 5)
    for example in dataset.as_numpy_iterator():
      path = self.root / 'train' / 'rgb' / f'{example["id"].decode()}.jpg'
      self.assertEqual(example['rgb'], path.read_bytes())

  def test_decoded_elements_equal_the_files_of_the_folder(self):
    decoded = self._open(self.root, 'train', decode=True)
    by_hand = self._open(self.root, 'train').map(source.decode_example)
    self.assertEqual(decoded.cardinality(), 5)
    self.assertEqual(decoded.element_spec, by_hand.element_spec)
    expected = {
      name: (rgb_uint8, depth_mm)
      for name, rgb_uint8, depth_mm in folder.iterate_pairs(self.root, 'train')
    }
    for dataset in (decoded, by_hand):
      found = list(dataset.as_numpy_iterator())
      self.assertCountEqual(
        [example['id'].decode() for example in found], expected
      )
      for example in found:
        rgb_uint8, depth_mm = expected[example['id'].decode()]
        self.assertAllEqual(example['rgb'], rgb_uint8)
        self.assertAllEqual(example['depth_mm'][..., 0], depth_mm)

  def test_pixels_on_disk_equal_the_decoded_ones(self):
    decoded = self._open(self.root, 'train', decode=True)
    for _ in range(2):  # Writes the files, then uses them.
      on_disk = self._open(self.root, 'train', on_disk=True)
      self.assertEqual(on_disk.cardinality(), 5)
      for found, expected in zip(on_disk, decoded, strict=True):
        found = packed.unpack(found)
        for name, value in expected.items():
          self.assertAllEqual(found[name], value)

  def test_order_is_always_the_same(self):
    first, second = (
      [name.numpy() for name in self._open(self.root, 'train').map(_id)]
      for _ in range(2)
    )
    self.assertEqual(first, second)

  def test_sizes_may_differ_between_pairs(self):
    other = dummy_data.write_folder(self.tmp / 'o', {'train': 1}, size=(9, 7))
    for kind in ('rgb', 'depth'):
      (path,) = (other / 'train' / kind).iterdir()
      path.rename(self.root / 'train' / kind / f'other{path.suffix}')
    shapes = [
      example['rgb'].shape
      for example in self._open(self.root, 'train').map(source.decode_example)
    ]
    self.assertCountEqual(shapes, [(18, 24, 3)] * 5 + [(9, 7, 3)])

  def test_prepared_directory_is_opened_directly(self):
    directory = records.prepare(self.root, self.tmp / 'prepared')
    self.assertLen(list(self._open(directory, 'validation')), 2)
    self.assertFalse(self.records_dir.exists())

  def test_directory_above_records_names_them(self):
    directory = records.prepare(self.root, self.tmp / 'prepared')
    for above in (directory.parent, directory.parent.parent):
      for call in (self._open, source.evaluation_pairs):
        with self.assertRaisesRegex(ValueError, f'one of: {directory}'):
          call(above, 'train')

  def test_a_damaged_description_is_one_short_sentence(self):
    for content in (b'\xff' * 9999, b'[]', b'{"splits": [7]}', b'{}'):
      (self.tmp / 'dataset_info.json').write_bytes(content)
      with self.assertRaisesRegex(ValueError, 'dataset_info.json is d') as got:
        source.split_names(self.tmp)
      self.assertLess(len(str(got.exception)), 500)

  def test_a_pipe_in_place_of_the_features(self):
    directory = records.prepare(self.root, self.tmp / 'prepared')
    (directory / 'features.json').unlink()
    os.mkfifo(directory / 'features.json')
    with self.assertRaisesRegex(ValueError, 'features.json is .*a pipe'):
      self._open(directory, 'train')

  def test_missing_split_is_refused_before_records_are_made(self):
    root = dummy_data.write_folder(self.tmp / 'other', {'train': 1})
    for call in (self._open, source.evaluation_pairs):
      with self.assertRaisesRegex(ValueError, "no split 'validation'.*train"):
        call(root, 'validation')
    self.assertFalse(self.records_dir.exists())

  def test_missing_data_dir(self):
    for call in (self._open, source.evaluation_pairs):
      with self.assertRaisesRegex(ValueError, 'nowhere is not a folder'):
        call(self.tmp / 'nowhere', 'train')

  def test_evaluation_pairs_are_the_same_for_both_kinds(self):
    directory = records.prepare(self.root, self.records_dir)
    from_folder = list(source.evaluation_pairs(self.root, 'train'))
    from_records = list(source.evaluation_pairs(directory, 'train'))
    self.assertEqual(
      [name for name, _, _ in from_folder],
      ['00000', '00001', '00002', '00003', '00004'],
    )
    for expected, found in zip(
      from_folder, sorted(from_records, key=lambda pair: pair[0]), strict=True
    ):
      self.assertEqual(expected[0], found[0])
      for i in (1, 2):
        self.assertEqual(expected[i].dtype, found[i].dtype)
        self.assertAllEqual(expected[i], found[i])

  def test_65535_is_unknown_in_every_data_directory(self):
    size = (18, 24)
    depth_mm = np.full(size, 2000, np.uint16)
    depth_mm[3, 4:9] = 65535
    dummy_data.save_depth(self.root / 'validation/depth/00000.png', depth_mm)
    depth_mm[3, 4:9] = 0
    pairs = source.evaluation_pairs(self.root, 'validation')
    np.testing.assert_array_equal(next(iter(pairs))[2], depth_mm)
    # As other builders may store it.
    depth_mm[3, 4:9] = 65535
    encoded = {
      'id': 'a',
      'rgb': tf.io.encode_png(np.zeros((*size, 3), np.uint8)),
      'depth_mm': tf.io.encode_png(depth_mm[..., None]),
    }
    depth_mm[3, 4:9] = 0
    self.assertAllEqual(
      source.decode_example(encoded)['depth_mm'][..., 0], depth_mm
    )

  def test_split_without_depth_cannot_be_evaluated(self):
    root = dummy_data.write_folder(
      self.tmp / 'other', {'test': 1}, test_depth=False
    )
    with self.assertRaisesRegex(ValueError, 'no depth maps'):
      source.evaluation_pairs(root, 'test')
    directory = records.prepare(root, self.records_dir)
    with self.assertRaisesRegex(ValueError, "'00000'.*unknown"):
      list(source.evaluation_pairs(directory, 'test'))

  def test_folder_is_evaluated_without_tensorflow(self):
    checkout = pathlib.Path(__file__).parents[2]
    output = subprocess.run(
      [sys.executable, '-c', _EVALUATE_WITHOUT_TENSORFLOW, self.root],
      cwd=checkout,
      check=True,
      capture_output=True,
      text=True,
    ).stdout
    self.assertEqual(output, '00000 (18, 24, 3) (18, 24)\n')


class OneWayToRgbTest(tf.test.TestCase):
  """Sends pictures of every kind through every path from a file to pixels."""

  def setUp(self):
    super().setUp()
    self.tmp = pathlib.Path(self.create_tempdir().full_path)
    self.root = self.tmp / 'data'
    self.expected = {}
    for kinds in (odd_pictures.exactly(), odd_pictures.roughly()):
      for name, encoded, _ in kinds:
        path = self.root / 'train' / 'rgb' / f'{name}.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded)
        self.expected[name] = picture_files.read_rgb(path)
        dummy_data.save_depth(
          self.root / 'train' / 'depth' / path.name,
          np.full(self.expected[name].shape[:2], 2000, np.uint16),
        )

  def _check(self, found):
    self.assertCountEqual(found, self.expected)
    for name, rgb_uint8 in found.items():
      self.assertAllEqual(rgb_uint8, self.expected[name], name)

  def test_evaluation_reads_what_predict_reads(self):
    pairs = source.evaluation_pairs(self.root, 'train')
    self._check({name: rgb_uint8 for name, rgb_uint8, _ in pairs})

  def test_training_reads_what_predict_reads(self):
    dataset = source.open_split(
      self.root, 'train', records_dir=self.tmp / 'records', decode=True
    )
    examples = list(dataset.as_numpy_iterator())
    self._check({e['id'].decode(): e['rgb'] for e in examples})

  def test_plain_files_are_stored_byte_for_byte(self):
    dataset = source.open_split(
      self.root, 'train', records_dir=self.tmp / 'records'
    )
    stored = {
      example['id'].decode(): example['rgb']
      for example in dataset.as_numpy_iterator()
    }
    for name in ('plain', 'grey', 'palette', 'one_bit', 'red_jpeg'):
      path = self.root / 'train' / 'rgb' / f'{name}.png'
      self.assertEqual(stored[name], path.read_bytes(), name)

  def test_records_of_other_layouts_hold_the_same(self):
    description = description_lib.Description(
      rgb='rgb/{id}.png', depth='depth/{id}.png', depth_unit='mm'
    )
    in_memory, decoded = {}, {}
    for name in self.expected:
      content = frame_reader.read(
        pairing.Frame(
          name,
          '',
          '',
          self.root / 'train' / 'rgb' / f'{name}.png',
          self.root / 'train' / 'depth' / f'{name}.png',
        ),
        description,
      )
      in_memory[name] = content.rgb_uint8
      example = {'id': name, 'rgb': content.rgb}
      example['depth_mm'] = frame_reader.png(content.depth_mm)
      decoded[name] = source.decode_example(example)['rgb']
    self._check(in_memory)
    self._check(decoded)

  def test_predict_and_a_folder_as_video(self):
    pictures = self.root / 'train' / 'rgb'
    frames = sources.FolderSource(pictures).frames()
    self._check({str(frame): frame.decode() for frame in frames})
    seen = []
    problems = batch_prediction.predict_files(
      model_file.TfliteModel(tiny_model.float_model()),
      [pictures],
      self.tmp / 'out',
      lambda rgb_uint8, _: (seen.append(rgb_uint8), rgb_uint8)[1:] * 2,
      report_line=str,
    )
    self.assertEmpty(problems)
    in_order = picture_folder.list_pictures(pictures).pictures
    self._check({p.stem: rgb for p, rgb in zip(in_order, seen, strict=True)})


class ProceduralRoomsTest(tf.test.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path) / 'rooms'
    os.environ[source.ROOMS_FOLDER_VARIABLE] = str(self.root)
    self.addCleanup(os.environ.pop, source.ROOMS_FOLDER_VARIABLE)

  def test_the_name_becomes_a_folder_in_the_challenges_layout(self):
    counts = {'train': 1, 'validation': 1}
    root = source.resolve('procedural_rooms', counts)
    self.assertEqual(root, str(self.root))
    self.assertEmpty(folder.find_problems(root))
    self.assertLen(folder.list_pairs(root, 'train'), 1)
    written = {p: p.stat().st_mtime_ns for p in self.root.rglob('*.png')}
    self.assertLen(written, 4)
    source.resolve('procedural_rooms', counts)
    again = {p: p.stat().st_mtime_ns for p in self.root.rglob('*.png')}
    self.assertEqual(written, again)

  def test_a_folder_that_cannot_be_written(self):
    os.environ[source.ROOMS_FOLDER_VARIABLE] = '/proc/nowhere'
    with self.assertRaisesRegex(
      ValueError, f'/proc.*{source.ROOMS_FOLDER_VARIABLE}'
    ):
      source.resolve('procedural_rooms', {'train': 1})

  def test_a_folder_is_returned_unchanged(self):
    self.assertEqual(source.resolve('DATA/indoor'), 'DATA/indoor')
    self.assertIsNone(source.resolve(None))
    self.assertFalse(self.root.exists())


def _id(example):
  return example['id']


if __name__ == '__main__':
  tf.test.main()
