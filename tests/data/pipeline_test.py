# SPDX-License-Identifier: Apache-2.0
"""Tests of pipeline.py: batches, their order, and restarts."""

import collections
import dataclasses
import itertools

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.data import augmentation
from depth_mai.data import packed
from depth_mai.data import pipeline

EXAMPLES = 7
SIZE = (12, 16)
OFF = augmentation.Augmentation.off()
AUGMENTATION = dataclasses.replace(OFF, crop='zoom', brightness=(0.5, 1.5))


def images(size=SIZE):
  """Returns images; blue is ten times the number of the example."""
  rng = np.random.default_rng(0)
  rgb = rng.integers(0, 256, (EXAMPLES, *size, 3), dtype=np.uint8)
  rgb[..., 2] = 10 * np.arange(EXAMPLES)[:, None, None]
  depth_mm = rng.integers(0, 9000, (EXAMPLES, *size, 1)).astype(np.uint16)
  return rgb, depth_mm


def decoded_source():
  rgb, depth_mm = images()
  ids = [f'{i:03d}' for i in range(EXAMPLES)]
  return tf.data.Dataset.from_tensor_slices(
    {'id': ids, 'rgb': rgb, 'depth_mm': depth_mm}
  )


def encoded_source():
  def encode(example):
    return {
      'id': example['id'],
      'rgb': tf.io.encode_png(example['rgb']),
      'depth_mm': tf.io.encode_png(example['depth_mm']),
    }

  return decoded_source().map(encode)


def batches(count, source=None, **options):
  """Returns the first `count` batches, as NumPy arrays."""
  options = {
    'batch_size': 3,
    'seed': 1,
    'augmentation': AUGMENTATION,
    'input_size': (6, 8),
    'target_size': (4, 6),
    **options,
  }
  dataset = pipeline.train_dataset(source or encoded_source(), **options)
  return list(itertools.islice(dataset.as_numpy_iterator(), count))


def numbers_of(stream):
  """Returns the numbers of the examples in unaugmented batches."""
  blue = np.concatenate([batch['rgb'][..., 2] for batch in stream])
  return np.int32(np.round(blue[:, 0, 0] / 10))


class TrainDatasetTest(tf.test.TestCase, parameterized.TestCase):
  def assert_same_stream(self, first, second):
    for one, other in zip(first, second, strict=True):
      for name in ('rgb', 'depth_m', 'valid_mask'):
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)

  def test_batches_have_the_documented_shapes_and_types(self):
    batch = batches(1)[0]
    self.assertEqual(set(batch), {'rgb', 'depth_m', 'valid_mask'})
    for name, shape in (
      ('rgb', (3, 6, 8, 3)),
      ('depth_m', (3, 4, 6, 1)),
      ('valid_mask', (3, 4, 6, 1)),
    ):
      self.assertEqual(batch[name].shape, shape)
      self.assertEqual(batch[name].dtype, np.float32)
    self.assertAllInRange(batch['rgb'], 0, 255)
    self.assertAllEqual(batch['valid_mask'], batch['depth_m'] > 0)

  @parameterized.parameters('none', 'decoded')
  def test_processes_make_the_parts_of_a_batch(self, cache):
    options = {'batch_size': 6, 'start_step': 2, 'cache': cache}
    # The first process has two devices, and the second one has one.
    first = batches(8, part=pipeline.Part(0, 2, 3), **options)
    second = batches(4, part=pipeline.Part(2, 1, 3), **options)
    for number, batch in enumerate(batches(4, **options)):
      parts = [*first[2 * number : 2 * number + 2], second[number]]
      for name, values in batch.items():
        joined = np.concatenate([part[name] for part in parts])
        np.testing.assert_array_equal(joined, values, err_msg=name)

  def test_a_teacher_gets_a_picture_of_its_own_size(self):
    first = batches(2, teacher_size=(12, 16))
    self.assertEqual(first[0]['teacher_rgb'].shape, (3, 12, 16, 3))
    self.assert_same_stream(first, batches(2))
    self.assertNotIn('teacher_rgb', batches(1, teacher_size=(6, 8))[0])

  def test_maps_of_a_teacher_follow_their_example(self):
    stream = batches(
      3,
      augmentation=OFF,
      teacher_maps=lambda name: (tf.strings.to_number(name),),
    )
    for batch in stream:
      self.assertAllEqual(batch['teacher_maps'][0], numbers_of([batch]))

  @parameterized.parameters(encoded_source, decoded_source)
  def test_pictures_are_those_of_the_batches(self, source):
    options = dataclasses.replace(OFF, brightness=(0.7, 0.7))
    pictures = list(
      pipeline.pictures(
        source(), batch_size=4, augmentation=options, size=(6, 8)
      ).as_numpy_iterator()
    )
    self.assertEqual([len(one['id']) for one in pictures], [4, 3])
    by_id = {
      int(name): rgb
      for one in pictures
      for name, rgb in zip(one['id'], one['rgb'], strict=True)
    }
    stream = batches(
      2,
      augmentation=options,
      teacher_maps=lambda name: (tf.strings.to_number(name),),
    )
    for batch in stream:
      for number, rgb in zip(
        batch['teacher_maps'][0], batch['rgb'], strict=True
      ):
        self.assertAllEqual(by_id[int(number)], rgb)

  def test_shapes_are_static_and_the_stream_endless(self):
    dataset = pipeline.train_dataset(encoded_source(), batch_size=3, seed=1)
    shapes = {n: s.shape for n, s in dataset.element_spec.items()}
    self.assertEqual(
      shapes,
      {
        'rgb': (3, 128, 160, 3),
        'depth_m': (3, 120, 160, 1),
        'valid_mask': (3, 120, 160, 1),
      },
    )
    self.assertEqual(dataset.cardinality(), tf.data.INFINITE_CARDINALITY)

  # Seven examples in batches of three: epochs end inside batches 2 and 4, and
  # before batch 7.
  @parameterized.parameters(
    ('decoded', None, (2, 7)),
    ('encoded', None, (3,)),
    ('none', 3, (1, 5)),
  )
  def test_restart_continues_bit_for_bit(self, cache, buffer, start_steps):
    options = {'cache': cache, 'shuffle_buffer': buffer}
    whole = batches(9, **options)
    for start_step in start_steps:
      rest = batches(9 - start_step, start_step=start_step, **options)
      self.assert_same_stream(whole[start_step:], rest)

  def test_stream_is_the_same_for_every_cache_and_source(self):
    decoded = batches(6, cache='decoded')
    self.assert_same_stream(decoded, batches(6, cache='encoded'))
    self.assert_same_stream(decoded, batches(6, cache='none'))
    self.assert_same_stream(decoded, batches(6, decoded_source()))

  def test_stream_does_not_depend_on_threads_or_the_global_seed(self):
    tf.random.set_seed(1)
    first = batches(6, parallel_calls=1)
    tf.random.set_seed(2)
    self.assert_same_stream(first, batches(6, parallel_calls=4))

  def test_leaves_the_global_generator_alone(self):
    tf.random.set_seed(1)
    expected = tf.random.uniform((4,))
    tf.random.set_seed(1)
    batches(3)
    self.assertAllEqual(tf.random.uniform((4,)), expected)

  def test_every_epoch_is_a_new_permutation(self):
    order = numbers_of(batches(21, augmentation=OFF))
    epochs = order.reshape(9, EXAMPLES)
    self.assertAllEqual(np.sort(epochs), [range(EXAMPLES)] * 9)
    self.assertGreater(len({tuple(epoch) for epoch in epochs}), 7)

  def test_every_example_can_come_first(self):
    count = 60
    order = numbers_of(batches(count, augmentation=OFF, batch_size=EXAMPLES))
    firsts = collections.Counter(order[::EXAMPLES].tolist())
    self.assertLen(firsts, EXAMPLES)
    # Five standard deviations above the mean of 60 / 7.
    self.assertLess(max(firsts.values()), 22)

  def test_seed_changes_order_and_augmentation(self):
    one, two = [batches(7, augmentation=OFF, seed=s) for s in (1, 2)]
    self.assertNotAllEqual(numbers_of(one), numbers_of(two))
    source = decoded_source().take(1)
    one, two = [batches(1, source, seed=s)[0] for s in (1, 2)]
    self.assertNotAllClose(one['rgb'], two['rgb'])

  def test_each_use_of_an_example_is_augmented_differently(self):
    batch = batches(1, decoded_source().take(1), batch_size=4)[0]
    for one, other in itertools.combinations(batch['depth_m'], 2):
      self.assertNotAllClose(one, other)

  @parameterized.parameters('decoded', 'encoded')
  def test_cached_source_is_read_once(self, cache):
    read = []

    def note(number):
      read.append(int(number))
      return number

    def read_example(number, example):
      seen = tf.numpy_function(note, [number], tf.int64)
      with tf.control_dependencies([seen]):
        return tf.nest.map_structure(tf.identity, example)

    source = encoded_source().enumerate().map(read_example)
    batches(10, source, cache=cache)
    self.assertEqual(sorted(read), list(range(EXAMPLES)))

  def test_stream_of_packed_pairs_is_the_same(self):
    source = decoded_source().map(packed.pack)
    expected = batches(3)
    for cache in ('disk', 'decoded', 'none'):
      self.assert_same_stream(batches(3, source, cache=cache), expected)

  def test_image_sizes_may_differ(self):
    def encode(height):
      rgb = tf.fill((height, 16, 3), tf.constant(80, tf.uint8))
      depth_mm = tf.fill((height, 16, 1), tf.constant(2000, tf.uint16))
      return {
        'id': tf.strings.as_string(height),
        'rgb': tf.io.encode_png(rgb),
        'depth_mm': tf.io.encode_png(depth_mm),
      }

    source = tf.data.Dataset.range(8, 13).map(
      lambda h: encode(tf.cast(h, tf.int32))
    )
    for cache in ('decoded', 'encoded', 'none'):
      batch = batches(1, source, batch_size=5, cache=cache, augmentation=OFF)
      self.assertAllEqual(batch[0]['rgb'], np.full((5, 6, 8, 3), 80))
      self.assertAllClose(batch[0]['depth_m'], np.full((5, 4, 6, 1), 2.0))

  @parameterized.parameters(
    ({'cache': 'memory'}, "cache is 'memory'"),
    ({'batch_size': 0}, 'batch_size is 0'),
    ({'start_step': -1}, 'start_step is -1'),
    ({'shuffle_buffer': 0}, 'shuffle_buffer is 0'),
  )
  def test_refuses_options(self, options, message):
    with self.assertRaisesRegex(ValueError, f'{message}; allowed: '):
      batches(1, **options)

  def test_refuses_sources(self):
    for source, message in (
      (decoded_source().take(0), 'empty'),
      (decoded_source().repeat(), 'endless'),
      (decoded_source().filter(lambda _: True), 'unknown length'),
    ):
      with self.assertRaisesRegex(ValueError, message):
        batches(1, source)
    with self.assertRaisesRegex(ValueError, 'contains decoded images'):
      batches(1, decoded_source(), cache='encoded')
    with self.assertRaisesRegex(ValueError, 'pixels .* are not on disk'):
      batches(1, cache='disk')


class EvalDatasetTest(tf.test.TestCase):
  def test_one_pass_in_order_bit_for_bit(self):
    rgb, depth_mm = images()
    for source in (
      encoded_source(),
      decoded_source(),
      decoded_source().map(packed.pack),
    ):
      dataset = pipeline.eval_dataset(source, 4, SIZE)
      result = list(dataset.as_numpy_iterator())
      self.assertEqual([len(batch['id']) for batch in result], [4, 3])
      for name, expected in (('rgb', rgb), ('depth_mm', depth_mm)):
        found = np.concatenate([batch[name] for batch in result])
        self.assertEqual(found.dtype, expected.dtype)
        self.assertAllEqual(found, expected)
      ids = np.concatenate([batch['id'] for batch in result])
      self.assertAllEqual(ids, [b'%03d' % i for i in range(EXAMPLES)])

  def test_other_sizes_are_resized(self):
    rgb, depth_mm = images()
    dataset = pipeline.eval_dataset(decoded_source(), EXAMPLES, (24, 32))
    batch = next(dataset.as_numpy_iterator())
    expected = tf.image.resize(rgb, (24, 32), antialias=False).numpy()
    self.assertAllClose(batch['rgb'], expected, atol=0.51)
    self.assertAllEqual(
      batch['depth_mm'], tf.image.resize(depth_mm, (24, 32), 'nearest')
    )

  def test_refuses_a_batch_size(self):
    with self.assertRaisesRegex(ValueError, 'batch_size is 0'):
      pipeline.eval_dataset(decoded_source(), 0)


if __name__ == '__main__':
  tf.test.main()
