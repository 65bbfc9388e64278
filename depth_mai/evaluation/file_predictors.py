# SPDX-License-Identifier: Apache-2.0
"""Predicts with a .tflite file, or reads predicted PNGs, without TensorFlow.

A folder is in the challenge's format: one 16-bit one-channel PNG in millimetres
for each image, <id>.png, of 640x480 pixels or of the size of the image.
"""

from collections.abc import Collection
from collections.abc import Sequence
import functools
import os
import pathlib

import numpy as np

from depth_mai import challenge
from depth_mai.evaluation import alignment
from depth_mai.evaluation import detection
from depth_mai.files import file_names
from depth_mai.files import problems as problems_lib
from depth_mai.pictures import picture_files
from depth_mai.runtime import image_io
from depth_mai.runtime import interface_evidence
from depth_mai.runtime import model_file

_PICTURE_SUFFIXES = ('.png', '.jpg', '.jpeg', '.tif', '.tiff', '.npy')
_MOST_SHOWN = 5
# How depth_mai.predict ends the name of a depth map.
_OF_PREDICT = '_depth.png'


class TflitePredictor:
  """Predicts with the same .tflite file that runs on the device.

  Attributes:
    batch_size: always 1.
    input_size: (height, width) to which pictures are resized, pixels.
    reading: how the file's input and output are read.
  """

  batch_size = 1

  def __init__(
    self,
    path: str | os.PathLike[str],
    num_threads: int = 1,
    declared: interface_evidence.Declared = interface_evidence.NOTHING,
    open_pairs: detection.OpenPairs | None = None,
    align: str = 'none',
  ):
    """Loads a model.

    Args:
      path: a .tflite file.
      num_threads: threads for the kernels; they change only the speed.
      declared: what is stated about the file.
      open_pairs: opens pairs on which an input range and a unit are found that
        nothing states; None to refuse such a file.
      align: the alignment of `evaluation.evaluate`.

    Raises:
      ValueError: if the file is missing, is not a depth model, or its range or
        unit is unknown.
    """
    complete = open_pairs and functools.partial(
      detection.complete,
      open_pairs=open_pairs,
      align=alignment.ALIGNMENTS[align],
    )
    self._model = model_file.TfliteModel(
      path, num_threads, declared=declared, complete=complete
    )
    self.reading = self._model.reading
    self.input_size = self._model.input_size

  def predict_mm(
    self, names: Sequence[str], rgb_uint8: Sequence[np.ndarray]
  ) -> list[np.ndarray]:
    """Predicts images, one after another.

    Args:
      names: ids of the images, not used.
      rgb_uint8: N images, uint8 [H, W, 3] of any size.

    Returns:
      N depth maps, float32 [h, w] of the model's output size, millimetres.
    """
    del names
    return [
      self._model.predict_mm(image_io.resize_rgb(rgb, self.input_size))
      for rgb in rgb_uint8
    ]


class PngPredictor:
  """Reads predictions from a folder.

  Attributes:
    batch_size: always 1.
  """

  batch_size = 1

  def __init__(
    self,
    predictions_dir: str | os.PathLike[str],
    names: Sequence[str],
    needed: Collection[str] | None = None,
  ):
    """Checks that the folder belongs to the split.

    Args:
      predictions_dir: the folder.
      names: ids of all images of the split.
      needed: ids of the images that must be there; default: all.

    Raises:
      ValueError: if the folder is missing, lacks predictions, or contains
        predictions that belong to no image of the split.
    """
    self._dir = pathlib.Path(predictions_dir).expanduser()
    if not self._dir.is_dir():
      raise ValueError(
        f'There is no folder {self._dir}. Point --predictions at a folder of '
        '16-bit PNGs named <id>.png.'
      )
    paths = [
      path
      for path in sorted(self._dir.iterdir())
      if path.suffix.lower() in _PICTURE_SUFFIXES
      and not path.name.startswith('.')
    ]
    found = {_spelt(path.name): path for path in paths}
    self._paths = {name: found.get(_spelt(f'{name}.png')) for name in names}
    wanted = [f'{name}.png' for name in (names if needed is None else needed)]
    missing = sorted({name for name in wanted if _spelt(name) not in found})
    used = set(self._paths.values())
    extra = sorted(path.name for path in paths if path not in used)
    problems = []
    if missing:
      listed = problems_lib.listing(missing, _MOST_SHOWN)
      problems.append(
        f'{len(missing)} of {len(wanted)} predictions are missing, such as '
        f'{listed}: predict these images too, as <id>.png, or evaluate fewer '
        'with --limit'
      )
      if _spelt(missing[0].removesuffix('.png') + _OF_PREDICT) in found:
        problems.append(
          f'depth_mai.predict names its depth maps <id>{_OF_PREDICT}: move '
          'them to a folder of their own, as <id>.png'
        )
    if extra:
      listed = problems_lib.listing(extra, _MOST_SHOWN)
      problems.append(
        f'{len(extra)} files belong to no image of the split, such as '
        f'{listed}: remove or rename them, or change --split'
      )
    if problems:
      raise ValueError(f'{self._dir}: {"; ".join(problems)}.')

  def predict_mm(
    self, names: Sequence[str], rgb_uint8: Sequence[np.ndarray]
  ) -> list[np.ndarray]:
    """Reads the predictions of some images.

    Args:
      names: ids of N images.
      rgb_uint8: the images, uint8 [H, W, 3].

    Returns:
      N depth maps, uint16 [480, 640] or [H, W], millimetres.

    Raises:
      ValueError: if a file is damaged, is not a 16-bit one-channel PNG, or has
        another size.
    """
    return [self._read(*pair) for pair in zip(names, rgb_uint8, strict=True)]

  def _read(self, name: str, rgb_uint8: np.ndarray) -> np.ndarray:
    path = self._paths[name] or self._dir / f'{name}.png'
    depth_mm = picture_files.read_depth_mm(path)
    allowed = {challenge.IMAGE_SIZE, rgb_uint8.shape[:2]}
    if depth_mm.shape not in allowed:
      sizes = ' or '.join(f'{w}x{h}' for h, w in sorted(allowed))
      height, width = depth_mm.shape
      raise ValueError(
        f'{path}: the prediction is {width}x{height} pixels, it must be '
        f'{sizes} (width x height). Resize it bilinearly and write it again.'
      )
    return depth_mm


def _spelt(name: str) -> str:
  """Returns a file's name without the differences that do not matter."""
  path = pathlib.PurePath(file_names.canonical(name))
  return path.stem + path.suffix.lower()
