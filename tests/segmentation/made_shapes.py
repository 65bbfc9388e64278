# SPDX-License-Identifier: Apache-2.0
"""Writes real tfds records of pictures whose colours tell their classes."""

import numpy as np
import tensorflow_datasets as tfds

# Label -> the colour of its pixels. 0 has no class.
COLOURS = {0: (0, 0, 0), 1: (220, 40, 40), 2: (40, 220, 40), 3: (40, 40, 220)}
COUNTS = {'train': 10, 'test': 4}


def picture(split: str, index: int) -> tuple[np.ndarray, np.ndarray]:
  """Returns a picture [H, W, 3] uint8 and its labels [H, W, 1] uint8, 0 to 3.

  Two rectangles lie on a background of label 1; sizes vary.
  """
  rng = np.random.default_rng([len(split), index])
  height, width = 40 + 4 * (index % 3), 56
  labels = np.ones((height, width, 1), np.uint8)
  for label in (2, 3, 0):
    top, left = rng.integers(0, height - 16), rng.integers(0, width - 20)
    size = rng.integers(6, 16, 2) if label else (4, 4)
    labels[top : top + size[0], left : left + size[1]] = label
  return np.array([*COLOURS.values()], np.uint8)[labels[..., 0]], labels


class MadeShapes(tfds.core.GeneratorBasedBuilder):
  """A set with the features of oxford_iiit_pet, or with features of its own."""

  # tfds would look for them with importlib_resources, which may be missing.
  code_path = tfds.core.Path(__file__)
  pkg_dir_path = code_path.parent

  VERSION = tfds.core.Version('1.0.0')
  BUILDER_CONFIGS = [
    tfds.core.BuilderConfig(name='pet_like'),
    tfds.core.BuilderConfig(name='named'),
    tfds.core.BuilderConfig(name='own'),
  ]

  def _names(self):
    return {
      'pet_like': ('image', 'segmentation_mask'),
      'named': ('rgb', 'label'),
      'own': ('photo', 'parts'),
    }[self.builder_config.name]

  def _info(self):
    picture_name, labels_name = self._names()
    kind = {'shape': (None, None, 1), 'dtype': np.uint8}
    labels = tfds.features.Image(**kind)
    if self.builder_config.name == 'named':
      names = ['nothing', 'wall', 'red', 'blue']
      labels = tfds.features.LabeledImage(labels=names, **kind)
    return tfds.core.DatasetInfo(
      builder=self,
      features=tfds.features.FeaturesDict(
        {
          picture_name: tfds.features.Image(encoding_format='png'),
          labels_name: labels,
          'number': tfds.features.Scalar(np.int64),
        }
      ),
    )

  def _split_generators(self, dl_manager):
    del dl_manager
    return {
      split: self._generate_examples(split, count)
      for split, count in COUNTS.items()
    }

  def _generate_examples(self, split, count):
    picture_name, labels_name = self._names()
    for index in range(count):
      rgb_uint8, labels = picture(split, index)
      example = {picture_name: rgb_uint8, labels_name: labels, 'number': index}
      yield index, example


def write(folder, config: str = 'pet_like') -> str:
  """Writes the records and returns their folder.

  Args:
    folder: the data directory of tfds.
    config: 'pet_like', 'named' (its labels have names) or 'own' (features that
      no known set has).
  """
  builder = MadeShapes(data_dir=str(folder), config=config)
  builder.download_and_prepare()
  return str(builder.data_dir)
