# SPDX-License-Identifier: Apache-2.0
"""A depth model for Python programs: `depth_mai.load(name)(image)`.

import depth_mai

predict = depth_mai.load()
depth_m = predict('photo.jpg')
"""

import os

import numpy as np

from depth_mai import challenge
from depth_mai.files import printable
from depth_mai.files import ready_models
from depth_mai.pictures import picture_files
from depth_mai.runtime import image_io
from depth_mai.runtime import interface_evidence
from depth_mai.runtime import model_file

# An RGB picture, uint8 [H, W, 3], or its file.
ImageSource = np.ndarray | str | os.PathLike[str]


class DepthModel:
  """Predicts the depth of pictures of any size; call it with a picture.

  Attributes:
    name: the name or the path that was loaded.
    path: the .tflite file.
    input_size: (height, width) to which a picture is resized for the network.
  """

  def __init__(self, name: str, model: model_file.TfliteModel, path: str):
    """Wraps a loaded file; use `load`."""
    self._model = model
    self.name = name
    self.path = path
    self.input_size = model.input_size

  def __call__(self, image: ImageSource) -> np.ndarray:
    """Predicts the depth of one picture.

    Args:
      image: RGB, uint8 [H, W, 3], 0..255, of any size; or a file of a picture,
        which is read as depth_mai.predict reads it (upright, as RGB).

    Returns:
      Depth [H, W] float32, metres along the optical axis, within 0.001 to
      65.535, the range that a depth map on disk can have.

    Raises:
      ValueError: the image has another type or shape, or cannot be read, or
        the network gives depths that are not finite.
    """
    if isinstance(image, (str, os.PathLike)):
      image = picture_files.read_rgb(image)
    depth_mm = image_io.predict_picture_mm(self._model, _checked(image))
    if not np.isfinite(depth_mm).all():
      raise ValueError(
        f'{self.name} predicts depths that are NaN or infinite for this '
        'picture; use a file with another precision.'
      )
    bounds = challenge.MIN_DEPTH_MM, challenge.MAX_DEPTH_MM
    return np.clip(depth_mm, *bounds) / np.float32(challenge.MM_PER_M)

  def __repr__(self) -> str:
    """Returns the name, and what is taken and given."""
    height, width = self.input_size
    return (
      f'<DepthModel {self.name}: RGB uint8 [H, W, 3] -> depth float32 [H, W] '
      f'in metres; computes at {width}x{height}>'
    )


def load(
  name: str | os.PathLike[str] = ready_models.DEFAULT,
  threads: int = 1,
  unit: str = 'auto',
  input_range: str = 'auto',
) -> DepthModel:
  """Loads a network that predicts depth. It needs no TensorFlow.

  Args:
    name: a name in pretrained/, such as 'tcl', or the path of a .tflite file.
    threads: threads that run the network.
    unit: 'mm' or 'm', the unit of the depth of a file of another project, which
      does not state it.
    input_range: '0..255', '0..1', '-1..1' or 'imagenet', the values of black
      and white that such a file takes.

  Returns:
    A function from a picture to its depth in metres, see DepthModel.

  Raises:
    ValueError: there is no such name or file; the message lists the names. Or
      the file is damaged, or its unit or range is unknown.
  """
  path = ready_models.model_path(os.fspath(name))
  declared = interface_evidence.Declared(unit=unit, input_range=input_range)
  model = model_file.TfliteModel(path, num_threads=threads, declared=declared)
  return DepthModel(printable.printable(name), model, path)


def _checked(image: object) -> np.ndarray:
  """Returns a picture as an array, or raises ValueError."""
  array = np.asarray(image)
  if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
    raise ValueError(
      f'An image must be RGB, uint8 [H, W, 3], got {array.dtype} '
      f'{list(array.shape)}. Convert values of 0..1 with '
      "(255 * image).astype('uint8'), and other pictures with Pillow's "
      "convert('RGB')."
    )
  if not array.size:
    raise ValueError(f'An image must have pixels, got {list(array.shape)}.')
  return array
