# SPDX-License-Identifier: Apache-2.0
"""Samples images for INT8 calibration and parity checks.

Calibration images come from the training split, never from validation or test:
the ranges are part of the model.
"""

import dataclasses
import pathlib

import numpy as np

from depth_mai.challenge_folder import folder
from depth_mai.data import source
from depth_mai.runtime import image_io

_PARITY_IMAGES = 8


@dataclasses.dataclass(frozen=True)
class ImageSample:
  """A reproducible sample of images.

  Attributes:
    images: RGB, each [H, W, 3] uint8 of one size.
    data_name: last part of the data set's path.
    split: the split they come from.
    seed: seed of the random choice.
  """

  images: tuple[np.ndarray, ...]
  data_name: str
  split: str
  seed: int

  def record(self) -> dict:
    """Returns the description of the sample for the metadata."""
    return {
      'data': self.data_name,
      'split': self.split,
      'seed': self.seed,
      'count': len(self.images),
    }


def _positions(total: int, count: int, seed: int) -> list[int]:
  """Returns sorted random positions without repeats."""
  if count < 1:
    raise ValueError(
      f'{count} calibration images were requested; at least 1 is needed. '
      'Change --calibration_count.'
    )
  generator = np.random.default_rng(seed)
  chosen = generator.choice(total, size=min(count, total), replace=False)
  return sorted(int(position) for position in chosen)


def sample_images(
  data_dir: str,
  *,
  count: int,
  seed: int,
  image_size: tuple[int, int],
  split: str = 'train',
) -> ImageSample:
  """Samples images of a split without repeats, in their stored order.

  Args:
    data_dir: folder in the challenge's layout, or a prepared tfds folder.
    count: number of images; of a smaller split, all images are taken.
    seed: seed of the NumPy generator that chooses them.
    image_size: (height, width) to which they are resized, pixels.
    split: name of the split.

  Returns:
    An ImageSample.

  Raises:
    ValueError: if the data set cannot be read or `count` is below 1.
  """
  root = pathlib.Path(data_dir).expanduser()
  if folder.is_challenge_folder(root):
    pairs = folder.list_pairs(root, split)
    images = [
      folder.read_rgb(pairs[position].rgb_path)
      for position in _positions(len(pairs), count, seed)
    ]
  else:
    images = _from_prepared(root, split, count, seed)
  return ImageSample(
    images=tuple(image_io.resize_rgb(image, image_size) for image in images),
    data_name=root.resolve().name,
    split=split,
    seed=seed,
  )


def _from_prepared(
  root: pathlib.Path, split: str, count: int, seed: int
) -> list[np.ndarray]:
  examples = source.open_split(str(root), split)
  wanted = _positions(int(examples.cardinality()), count, seed)
  images: list[np.ndarray] = []
  # Only the chosen records are decoded.
  for position, example in enumerate(examples):
    if position == wanted[len(images)]:
      images.append(np.asarray(source.decode_example(example)['rgb']))
    if len(images) == len(wanted):
      break
  return images


def draw_samples(
  data_dir: str | None,
  *,
  calibrate: bool,
  count: int,
  seed: int,
  image_size: tuple[int, int],
) -> tuple[ImageSample | None, ImageSample]:
  """Samples the images for calibration and those for the parity check.

  Args:
    data_dir: see `sample_images`; None without a data set.
    calibrate: whether calibration images are needed.
    count: number of calibration images.
    seed: seed of both samples.
    image_size: (height, width), pixels.

  Returns:
    (calibration, parity): training images, or None if they are not needed; and
    a few validation images (training images if there is no validation split,
    synthetic images without a data set).

  Raises:
    ValueError: if calibration images are needed and there is no data set, or
      it cannot be read.
  """
  if data_dir is None:
    if calibrate:
      raise ValueError(
        'int8 and int16x8 need calibration images. Give a data set with '
        '--data_dir, or remove these two from --precision.'
      )
    return None, synthetic_sample(image_size)
  sample = None
  if calibrate:
    sample = sample_images(
      data_dir, count=count, seed=seed, image_size=image_size
    )
  has_validation = 'validation' in source.split_names(data_dir)
  return sample, sample_images(
    data_dir,
    count=_PARITY_IMAGES,
    seed=seed,
    image_size=image_size,
    split='validation' if has_validation else 'train',
  )


def synthetic_sample(
  image_size: tuple[int, int], count: int = 2, seed: int = 1
) -> ImageSample:
  """Makes smooth coloured pictures for checks without a data set.

  Args:
    image_size: (height, width), pixels.
    count: number of pictures.
    seed: seed of the NumPy generator.

  Returns:
    An ImageSample named 'synthetic'. Do not calibrate with it.
  """
  generator = np.random.default_rng(seed)
  images = tuple(
    image_io.resize_rgb(
      generator.integers(0, 256, (12, 16, 3), dtype=np.uint8), image_size
    )
    for _ in range(count)
  )
  return ImageSample(images, 'synthetic', 'none', seed)
