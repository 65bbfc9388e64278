# SPDX-License-Identifier: Apache-2.0
"""The tfds builder procedural_rooms: rooms and streets with exact depth.

Its config `labelled` has the class of each pixel, too.
"""

import dataclasses
import functools

import numpy as np
import tensorflow_datasets as tfds

from depth_mai.datasets.mai_depth import mai_depth_dataset_builder as mai_depth
from depth_mai.datasets.mai_depth import pairs_builder
from depth_mai.datasets.procedural_rooms import classes
from depth_mai.datasets.procedural_rooms import scene


@dataclasses.dataclass(kw_only=True)
class RoomsConfig(tfds.core.BuilderConfig):
  """The number and the kind of pairs.

  Attributes:
    train: number of training pairs.
    validation: number of validation pairs.
    test: number of test pairs.
    seed: seed of the data set; splits never share a scene.
    options: the properties that all pairs share.
    labelled: whether the examples have a label map.
  """

  train: int = 600
  validation: int = 100
  test: int = 100
  seed: int = 0
  options: scene.SceneOptions = scene.SceneOptions()
  labelled: bool = False


class Builder(pairs_builder.PairsBuilder):
  """Renders the pairs of a config; it downloads nothing."""

  # The folder of README.md, CITATIONS.bib and TAGS.txt. tfds derives both paths
  # from the name of this module, which is wrong in a checkout.
  code_path = tfds.core.Path(__file__)
  pkg_dir_path = code_path.parent

  VERSION = tfds.core.Version('1.0.0')
  RELEASE_NOTES = {'1.0.0': 'First release.'}
  BUILDER_CONFIGS = [
    RoomsConfig(name='default', description='Exact depth.'),
    RoomsConfig(
      name='tiny',
      description='A few pairs with exact depth, for trying things out.',
      train=16,
      validation=8,
      test=8,
    ),
    RoomsConfig(
      name='zed_like',
      description='Depth with the noise and the holes of a stereo camera.',
      options=scene.SceneOptions(holes=True, range_noise=0.0015),
    ),
    RoomsConfig(
      name='labelled',
      description='Small pictures with exact depth and classes.',
      train=2000,
      validation=200,
      options=scene.SceneOptions(height=240, width=320),
      labelled=True,
    ),
  ]

  def _info(self) -> tfds.core.DatasetInfo:
    """Returns the features: rgb, depth in millimetres, id; often label."""
    options = self.builder_config.options
    features = dict(mai_depth.pair_features(options.height, options.width))
    if self.builder_config.labelled:
      features['label'] = tfds.features.LabeledImage(
        labels=list(classes.CLASSES),
        shape=(options.height, options.width, 1),
        dtype=np.uint8,
        encoding_format='png',
        doc='The class of each pixel.',
      )
    return self.dataset_info_from_configs(
      features=tfds.features.FeaturesDict(features),
      supervised_keys=('rgb', 'depth'),
    )

  def _split_generators(
    self, dl_manager: tfds.download.DownloadManager
  ) -> pairs_builder.Splits:
    """Returns the splits of the config that have pairs.

    Args:
      dl_manager: unused, as nothing is downloaded.

    Returns:
      Split name to examples.
    """
    del dl_manager
    config = self.builder_config
    counts = {split: getattr(config, split) for split in scene.SPLITS}
    return {
      split: self._generate_examples(split, count)
      for split, count in counts.items()
      if count
    }

  def _generate_examples(
    self, split: str, count: int
  ) -> pairs_builder.Examples:
    """Renders the pairs of a split on all cores, or on Beam's workers."""
    config = self.builder_config
    render = functools.partial(
      _example, split, config.seed, config.options, config.labelled
    )
    return self._examples(functools.partial(range, count), render)


def _example(
  split: str,
  seed: int,
  options: scene.SceneOptions,
  labelled: bool,
  index: int,
) -> tuple[str, pairs_builder.Example]:
  rgb_uint8, depth_mm, labels = scene.make_labelled_pair(
    scene.pair_seed(seed, split, index), options
  )
  name = f'{index:05d}'
  example = {'rgb': rgb_uint8, 'depth': depth_mm[..., None], 'id': name}
  if labelled:
    example['label'] = labels[..., None]
  return name, example
