# SPDX-License-Identifier: Apache-2.0
"""Opens data sets of tensorflow_datasets (tfds) that have label maps.

Label maps take the place of depth maps in the pipeline (data/pipeline.py). It
crops, turns and flips them as it does depth: a class is stored as a depth of
its number + 1 millimetres, and a pixel without a class as unknown depth. Depth
is sampled at the nearest pixel and never interpolated (data/geometry.py), so
that classes stay exact.
"""

import dataclasses
import pathlib

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from depth_mai import challenge
from depth_mai.challenge_folder import folder
from depth_mai.data import record_check
from depth_mai.data import source as source_lib

# Imported to be known to tfds by its name.
from depth_mai.datasets.procedural_rooms import (
  procedural_rooms_dataset_builder as rooms,
)
from depth_mai.files import failures
from depth_mai.files import problems

# The class of a pixel that has none.
IGNORED = -1
_ROOMS = f'{rooms.Builder.name}/labelled'
_VALIDATION = ('validation', 'test')
# Pictures in which some pixel must have a class.
_LOOKED_AT = 8


@dataclasses.dataclass(frozen=True)
class Layout:
  """The features of a data set, and which labels are classes.

  Attributes:
    picture: name of the picture, an 8-bit image feature.
    labels: name of the label map, an image feature with one channel.
    first: the label of class 0.
    classes: the number of classes; other labels are pixels without a class.
  """

  picture: str
  labels: str
  first: int
  classes: int


# Names of picture and label map -> the first and the last label that is a
# class; None if the feature knows its labels.
_KNOWN: dict[tuple[str, str], tuple[int, int] | None] = {
  ('rgb', 'label'): None,  # procedural_rooms/labelled
  ('image', 'segmentation_mask'): (1, 3),  # oxford_iiit_pet
  # cityscapes/semantic_segmentation: 0 to 6 are no things.
  ('image_left', 'segmentation_label'): (7, 33),
}


def open_builder(dataset: str) -> tfds.core.DatasetBuilder:
  """Opens a data set, which is prepared if it is not yet.

  Args:
    dataset: a folder that tfds has prepared; or a name as tfds takes it, such
      as oxford_iiit_pet or cityscapes/semantic_segmentation, which is looked
      for in $TFDS_DATA_DIR or ~/tensorflow_datasets and, if it is not there,
      downloaded. 'procedural_rooms' is rendered.

  Raises:
    ValueError: there is no such data set, or it cannot be prepared or opened.
  """
  path = pathlib.Path(dataset).expanduser()
  if folder.is_prepared(path):
    return record_check.open_builder(path)
  if path.is_dir():
    raise ValueError(
      f'--dataset={dataset or "."} is a folder without {folder.INFO_FILE}. '
      'Give the folder of one version of a prepared data set, such as '
      'NAME/CONFIG/VERSION.'
    )
  try:
    builder = tfds.builder(_ROOMS if dataset == rooms.Builder.name else dataset)
  except Exception as error:  # tfds raises errors of several types.
    raise ValueError(
      f'--dataset={dataset} is neither a folder with {folder.INFO_FILE} nor a '
      f'data set of tensorflow_datasets ({failures.reason(error)}). Its '
      'catalogue, tensorflow.org/datasets, has the names.'
    ) from error
  try:
    builder.download_and_prepare()
  except ImportError:  # Some sets need a package, which the error names.
    raise
  except Exception as error:  # And those of downloads, disks and archives.
    raise ValueError(
      f'--dataset={dataset} cannot be prepared ({type(error).__name__}: '
      f'{failures.reason(error)}). Prepare it where there is a network, and '
      'give its folder, such as NAME/CONFIG/VERSION.'
    ) from error
  return record_check.open_builder(builder.data_dir)


def find_layout(
  builder: tfds.core.DatasetBuilder,
  features: tuple[str, str] | None = None,
  labels: tuple[int, int] | None = None,
) -> Layout:
  """Returns the layout of a data set.

  Args:
    builder: from `open_builder`.
    features: names of picture and label map; None for those of a known set.
    labels: first and last label that is a class; None if the feature knows
      its labels, or for those of a known set.

  Raises:
    ValueError: the features or their labels are not known, or do not exist.
  """
  found = builder.info.features
  fitting = [(features[0], features[1])] if features else [*_KNOWN]
  names = next((pair for pair in fitting if {*pair} <= {*found}), None)
  if names is None:
    what = f'no {" and ".join(features)}' if features else 'no known label map'
    raise ValueError(
      f'The data set {builder.name} has {what}; its features are '
      f'{", ".join(sorted(found))}. Set pretrain_segmentation.features in the '
      "gin file to the names of picture and label map, such as ('image', "
      "'segmentation_mask')."
    )
  for name, channels in zip(names, (3, 1), strict=True):
    is_image = isinstance(found[name], tfds.features.Image)
    if not is_image or found[name].shape[-1] != channels:
      raise ValueError(
        f'pretrain_segmentation.features={names}: {name} of the data set '
        f'{builder.name} is no image with {problems.count(channels, "channel")}'
        f' ({found[name]}). Change it in the gin file.'
      )
  count = getattr(found[names[1]], 'num_classes', None)
  first, last = labels or _KNOWN.get(names) or (0, (count or 0) - 1)
  if not 0 <= first < last:
    given = f'is {labels}' if labels else 'is not set'
    raise ValueError(
      f'pretrain_segmentation.labels {given}; the data set {builder.name} '
      'needs its first and last label that is a class, 0 <= first < last. Set '
      'it in the gin file, such as pretrain_segmentation.labels = (0, 20).'
    )
  largest = np.iinfo(found[names[1]].np_dtype).max
  if last > largest:
    raise ValueError(
      f'pretrain_segmentation.labels is {labels}, but labels of the data set '
      f'{builder.name} are at most {largest}. Change it in the gin file.'
    )
  return Layout(*names, first, last - first + 1)


def validation_split(builder: tfds.core.DatasetBuilder) -> str:
  """Returns the name of the split to validate on, unless it is given.

  Raises:
    ValueError: there is none.
  """
  for name in _VALIDATION:
    if name in builder.info.splits:
      return name
  raise ValueError(
    f'The data set {builder.name} has no split {" or ".join(_VALIDATION)}, but '
    f'{", ".join(builder.info.splits)}. Set pretrain_segmentation.splits in '
    "the gin file, such as ('train[:90%]', 'train[90%:]')."
  )


def open_split(
  builder: tfds.core.DatasetBuilder, split: str, layout: Layout
) -> tf.data.Dataset:
  """Opens a split as a source of data/pipeline.py.

  Args:
    builder: from `open_builder`.
    split: its name, or parts of splits as tfds writes them, such as
      'train[:90%]' or 'train+test'.
    layout: from `find_layout`.

  Returns:
    {'id', 'rgb', 'depth_mm'}, all strings, the pictures encoded; 'depth_mm' is
    the number of the class + 1, 0 where there is none. The order is the same at
    every call, and the cardinality is known.

  Raises:
    ValueError: there is no such split, it is damaged, or no pixel of its first
      pictures has a class.
  """
  splits = builder.info.splits
  try:
    count = splits[split].num_examples
  except (KeyError, ValueError) as error:
    raise ValueError(
      f'The data set {builder.name} has no split {split!r}; it has '
      f'{", ".join(splits)}. Change pretrain_segmentation.splits in the gin '
      'file.'
    ) from error
  if not count:
    raise ValueError(
      f'The split {split!r} of the data set {builder.name} has no picture. '
      'Change pretrain_segmentation.splits in the gin file.'
    )
  for part in split.split('+'):
    whole = splits[part.partition('[')[0]]
    record_check.check_split(builder.data_dir, whole)
  dataset = builder.as_dataset(
    split=split,
    decoders={layout.picture: tfds.decode.SkipDecoding()},
    shuffle_files=False,
    read_config=tfds.ReadConfig(
      interleave_cycle_length=1,  # One file after the other.
      try_autocache=False,
    ),
  )

  @tf.autograph.experimental.do_not_convert
  def rename(place, example):
    number = tf.cast(example[layout.labels], tf.int32) - layout.first
    is_class = (number >= 0) & (number < layout.classes)
    depth_mm = tf.cast(tf.where(is_class, number + 1, 0), tf.uint16)
    return {
      'id': tf.strings.as_string(place),
      'rgb': example[layout.picture],
      'depth_mm': tf.io.encode_png(depth_mm, compression=1),
    }

  source = dataset.enumerate().map(rename, tf.data.AUTOTUNE, deterministic=True)
  for example in source.take(_LOOKED_AT):
    if source_lib.decode_example(example)['depth_mm'].numpy().any():
      return source
  raise ValueError(
    f'No pixel of the first pictures of {builder.name}, {split}, has a label '
    f'from {layout.first} to {layout.first + layout.classes - 1}. Change '
    'pretrain_segmentation.labels in the gin file.'
  )


def training_example(
  batch: dict[str, tf.Tensor],
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns pictures and classes of a batch of `pipeline.train_dataset`.

  Args:
    batch: 'rgb' [B, h, w, 3] and 'depth_m' [B, h', w', 1], of a source of
      `open_split`.

  Returns:
    'rgb', and the classes [B, h', w', 1] int32, IGNORED where there is none.
  """
  number = tf.round(batch['depth_m'] * challenge.MM_PER_M)
  return batch['rgb'], tf.cast(number, tf.int32) - 1


def validation_example(
  batch: dict[str, tf.Tensor],
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns the same for a batch of `pipeline.eval_dataset`."""
  rgb = tf.cast(batch['rgb'], tf.float32)
  return rgb, tf.cast(batch['depth_mm'], tf.int32) - 1
