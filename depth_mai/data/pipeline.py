# SPDX-License-Identifier: Apache-2.0
"""Makes batches for training and evaluation from an opened split.

A training stream can start at any step: batch k is a pure function of (source,
seed, k). Three rules ensure this and make a restart cheap:

* The order of epoch e is a permutation seeded with (seed, e) alone. A restart
  opens the current epoch and skips the examples that were used already, before
  any of them is decoded or augmented.
* Batches may span two epochs, so no example is dropped at the end of one.
* Example number c of the stream is augmented with the seeds (seed, c), whatever
  thread processes it.

TensorFlow's global seed has no effect.
"""

from collections.abc import Callable
from collections.abc import Sequence
import dataclasses
from typing import Any

import tensorflow as tf

from depth_mai import challenge
from depth_mai.data import augmentation as augmentation_lib
from depth_mai.data import geometry
from depth_mai.data import packed
from depth_mai.data import source as source_lib

CACHES = ('decoded', 'disk', 'encoded', 'none')

# Largest shuffle buffers, in examples, with and without a cache.
LARGEST_SHUFFLE_BUFFER = 10_000
UNCACHED_SHUFFLE_BUFFER = 1_000

# Purposes of random numbers; their streams are independent.
_FOR_ORDER = 0
_FOR_AUGMENTATION = 1

_LAST_EPOCH = 2**62
_GRAPH_SEED = 1


@dataclasses.dataclass(frozen=True)
class Part:
  """The part of each batch that one of several processes makes.

  A batch is divided equally among all devices, in the order of its examples.

  Attributes:
    first: number of the first device of this process, from 0.
    count: number of its devices.
    of: number of devices of all processes.
  """

  first: int = 0
  count: int = 1
  of: int = 1


def train_dataset(
  source: tf.data.Dataset,
  *,
  batch_size: int,
  seed: int,
  start_step: int = 0,
  augmentation: augmentation_lib.Augmentation | None = None,
  input_size: Sequence[int] = (128, 160),
  target_size: Sequence[int] = (120, 160),
  teacher_size: Sequence[int] | None = None,
  teacher_maps: Callable[[tf.Tensor], Any] | None = None,
  cache: str = 'decoded',
  shuffle_buffer: int | None = None,
  part: Part = Part(),
  parallel_calls: int = tf.data.AUTOTUNE,
) -> tf.data.Dataset:
  """Makes the endless stream of training batches that begins at `start_step`.

  Args:
    source: finite dataset of {'id', 'rgb', 'depth_mm'}, in a fixed order, of
      known cardinality; 'rgb' and 'depth_mm' encoded (strings), decoded (uint8
      [H, W, 3], uint16 [H, W, 1]) or packed (packed.py). Image sizes may
      differ.
    batch_size: examples per batch.
    seed: seed of order and augmentation.
    start_step: batches already used; the stream begins with the next one.
    augmentation: the random changes; None stands for `Augmentation()`.
    input_size: height and width of 'rgb', pixels.
    target_size: height and width of 'depth_m' and 'valid_mask', pixels.
    teacher_size: height and width of 'teacher_rgb', pixels; None for none.
    teacher_maps: from the 'id' of an example to what the batches then have as
      'teacher_maps'; None for nothing.
    cache: data to keep after the first use. 'decoded': all images as raw
      numbers, in memory (1.5 MB per pair of 480x640; 677 pairs are 1 GB);
      'disk': the same in files that are mapped into memory, which the source
      must be, see `source.open_split`; 'encoded': their PNG or JPEG bytes, in
      memory, decoded each time; 'none': only the shuffle buffer, and the source
      is read again in every epoch.
    shuffle_buffer: number of examples from which the next one is drawn. None
      stands for the whole split, up to 10 000, or up to 1 000 for
      `cache='none'`. Another number gives another order.
    part: the part of each batch to make. If it is not the whole, the stream has
      a batch of `batch_size / part.of` examples for each device in turn, and
      those of all processes together are the batches of a single one; no other
      example is decoded, unless it is cached so.
    parallel_calls: examples decoded and augmented at the same time.

  Returns:
    Endless dataset of 'rgb' [B, h, w, 3] float32, 0..255; 'depth_m' [B, h',
    w', 1] float32, metres, 0 where unknown; 'valid_mask' [B, h', w', 1]
    float32, 0 or 1. If `teacher_size` differs from `input_size`, also
    'teacher_rgb', which shows what 'rgb' does, at that size.

  Raises:
    ValueError: if an option is out of range, or the source is empty or endless.
  """
  if cache not in CACHES:
    raise ValueError(
      f'cache is {cache!r}; allowed: {", ".join(map(repr, CACHES))}. Change '
      'train.cache in the gin file.'
    )
  for name, value, least in (
    ('batch_size', batch_size, 1),
    ('start_step', start_step, 0),
    ('shuffle_buffer', 1 if shuffle_buffer is None else shuffle_buffer, 1),
  ):
    if value < least:
      raise ValueError(
        f'{name} is {value}; allowed: {least} or more. Change the argument '
        f'{name} of train_dataset (in a gin file, train.{name}).'
      )
  options = augmentation or augmentation_lib.Augmentation()
  examples = _number_of_examples(source)
  if shuffle_buffer is None:
    largest = (
      UNCACHED_SHUFFLE_BUFFER if cache == 'none' else LARGEST_SHUFFLE_BUFFER
    )
    shuffle_buffer = min(examples, largest)

  if cache == 'decoded' and not packed.is_packed(source):
    source = source.map(_packed, parallel_calls, deterministic=True)
  elif cache == 'encoded' and not source_is_encoded(source):
    raise ValueError(
      "cache is 'encoded', but the source contains decoded images. Open it "
      "with open_split(..., decode=False), or set train.cache to 'decoded'."
    )
  elif cache == 'disk' and not packed.is_packed(source):
    raise ValueError(
      "cache is 'disk', but the pixels of the source are not on disk. Open it "
      "with open_split(..., on_disk=True), or set train.cache to 'decoded' (in "
      'a gin file; of a pre-training pretrain_segmentation.cache).'
    )
  if cache in ('decoded', 'encoded'):
    source = source.cache()

  first_example = start_step * batch_size
  shuffled = _endless_permutations(
    source, examples, shuffle_buffer, seed, first_example
  )

  stream = _stream(seed, _FOR_AUGMENTATION)

  @tf.autograph.experimental.do_not_convert
  def make_example(number, example):
    made = packed.augment(
      _packed(example),
      tf.stack([stream, number]),
      options,
      input_size,
      target_size,
      teacher_size,
    )
    if teacher_maps:
      made['teacher_maps'] = teacher_maps(example['id'])
    return made

  numbered = shuffled.enumerate(start=first_example)
  size = batch_size // part.of

  @tf.autograph.experimental.do_not_convert
  def is_own(number, example):
    del example
    device = number % batch_size // size
    return (device >= part.first) & (device < part.first + part.count)

  if part.count < part.of:
    numbered = numbered.filter(is_own)
  batches = (
    numbered.map(make_example, parallel_calls, deterministic=True)
    .batch(size, drop_remainder=True)
    .prefetch(tf.data.AUTOTUNE)
  )
  endless = tf.data.experimental.assert_cardinality(
    tf.data.INFINITE_CARDINALITY
  )
  return batches.apply(endless)


def pictures(
  source: tf.data.Dataset,
  *,
  batch_size: int,
  augmentation: augmentation_lib.Augmentation,
  size: Sequence[int],
  parallel_calls: int = tf.data.AUTOTUNE,
) -> tf.data.Dataset:
  """Makes batches of the pictures of one pass over a split, in order.

  Args:
    source: as for `train_dataset`.
    batch_size: examples per batch; the last batch may be smaller.
    augmentation: options without random changes; they are applied.
    size: height and width, pixels.
    parallel_calls: examples decoded at the same time.

  Returns:
    Dataset of 'id' [B] string and 'rgb' [B, h, w, 3] float32, 0..255, which
    equals that of `train_dataset`.
  """

  @tf.autograph.experimental.do_not_convert
  def make_example(example):
    rgb = packed.picture(_packed(example), [0, 0], augmentation, size)
    return {'id': example['id'], 'rgb': rgb}

  return (
    source.map(make_example, parallel_calls, deterministic=True)
    .batch(batch_size)
    .prefetch(tf.data.AUTOTUNE)
  )


def eval_dataset(
  source: tf.data.Dataset,
  batch_size: int = 1,
  image_size: Sequence[int] = challenge.IMAGE_SIZE,
  parallel_calls: int = tf.data.AUTOTUNE,
) -> tf.data.Dataset:
  """Makes batches of one pass over a split, in order, without augmentation.

  Args:
    source: as for `train_dataset`.
    batch_size: examples per batch; the last batch may be smaller.
    image_size: height and width, pixels. Examples of this size are unchanged,
      bit for bit; others are resized, the image bilinearly and rounded, the
      depth to the nearest pixel.
    parallel_calls: examples decoded at the same time.

  Returns:
    Dataset of 'id' [B] string, 'rgb' [B, H, W, 3] uint8, 'depth_mm' [B, H, W,
    1] uint16, millimetres, 0 where unknown.

  Raises:
    ValueError: if the batch size is below 1.
  """
  if batch_size < 1:
    raise ValueError(
      f'batch_size is {batch_size}; allowed: 1 or more. Change the argument '
      'batch_size of eval_dataset (in a gin file, train.batch_size).'
    )

  @tf.autograph.experimental.do_not_convert
  def make_example(example):
    example = _decoded(example)
    return {
      'id': example['id'],
      'rgb': _with_size(example['rgb'], image_size, geometry.sample_rgb),
      'depth_mm': _with_size(
        example['depth_mm'], image_size, _nearest_millimetres
      ),
    }

  return (
    source.map(make_example, parallel_calls, deterministic=True)
    .batch(batch_size)
    .prefetch(tf.data.AUTOTUNE)
  )


def source_is_encoded(source: tf.data.Dataset) -> bool:
  """Returns whether a source's images are still PNG or JPEG bytes."""
  return source.element_spec['rgb'].dtype == tf.string


def _number_of_examples(source: tf.data.Dataset) -> int:
  examples = int(source.cardinality())
  if examples <= 0:
    what = {
      tf.data.INFINITE_CARDINALITY: 'endless',
      tf.data.UNKNOWN_CARDINALITY: 'of unknown length',
    }.get(examples, 'empty')
    raise ValueError(
      f'The source is {what}; it must have a known number of examples, at '
      'least one. Check --data_dir and the split, or apply '
      'tf.data.experimental.assert_cardinality.'
    )
  return examples


def _packed(example: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
  """Packs a pair of any source, see packed.py."""
  if 'rgb_size' in example:
    return example
  return packed.pack(_decoded(example))


def _decoded(example: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
  """Decodes or unpacks a pair of any source."""
  if 'rgb_size' in example:
    return packed.unpack(example)
  if example['rgb'].dtype == tf.string:
    return source_lib.decode_example(example)
  return example


def _stream(seed: int, purpose: int) -> int:
  """Returns a number that differs for every (seed, purpose).

  Example `number` of a stream has the seeds (stream, number), which are those
  of `tf.random.fold_in`; that would draw the same first one for each example.
  """
  return int(
    tf.random.stateless_uniform(
      (), (seed, purpose), None, None, dtype=tf.int64, alg='philox'
    )
  )


def _endless_permutations(
  source: tf.data.Dataset,
  examples: int,
  shuffle_buffer: int,
  seed: int,
  first_example: int,
) -> tf.data.Dataset:
  """Concatenates permutations of the source, from `first_example` on.

  The function below captures `source`, so that all epochs share its cache.
  """
  first_epoch, used = divmod(first_example, examples)
  stream = _stream(seed, _FOR_ORDER)

  @tf.autograph.experimental.do_not_convert
  def permutation(epoch):
    # Dataset.shuffle mixes its seed with the seed of its graph, here that of
    # this function, which would come from the global seed. This line fixes the
    # graph's seed and leaves the global one unchanged.
    tf.compat.v1.set_random_seed(_GRAPH_SEED)
    epoch_seed = tf.random.stateless_uniform(
      (),
      seed=tf.stack([stream, epoch]),
      minval=None,
      maxval=None,
      dtype=tf.int64,
      alg='philox',
    )
    shuffled = source.shuffle(
      shuffle_buffer, seed=epoch_seed, reshuffle_each_iteration=False
    )
    used_here = tf.where(epoch == first_epoch, tf.constant(used, tf.int64), 0)
    return shuffled.skip(used_here)

  return tf.data.Dataset.range(first_epoch, _LAST_EPOCH).flat_map(permutation)


def _with_size(
  image: tf.Tensor,
  size: Sequence[int],
  sample: Callable[[tf.Tensor, tf.Tensor, Sequence[int]], tf.Tensor],
) -> tf.Tensor:
  """Resizes an image with `sample` unless it has this size already."""
  matrix = geometry.resize(size, tf.unstack(tf.shape(image)[:2]))
  resized = tf.cond(
    tf.reduce_all(tf.shape(image)[:2] == tf.constant(size)),
    lambda: image,
    lambda: tf.cast(tf.round(sample(image, matrix, size)), image.dtype),
  )
  return tf.ensure_shape(resized, [*size, image.shape[-1]])


def _nearest_millimetres(
  depth_mm: tf.Tensor, matrix: tf.Tensor, size: Sequence[int]
) -> tf.Tensor:
  depth_m = geometry.sample_depth(depth_mm, matrix, size)
  return depth_m * challenge.MM_PER_M
