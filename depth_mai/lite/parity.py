# SPDX-License-Identifier: Apache-2.0
"""Measures how far a .tflite file is from the Keras model it was made from."""

from collections.abc import Sequence
import dataclasses

import keras
import numpy as np

from depth_mai import challenge
from depth_mai.runtime import delegation
from depth_mai.runtime import model_file

_SMALLEST_MM = 1.0


@dataclasses.dataclass(frozen=True)
class Parity:
  """Distance between the file's depth and Keras', over a few images.

  Attributes:
    images: number of images compared.
    max_abs_mm: largest difference, millimetres.
    mean_relative: mean of |file - keras| / keras.
    si_rmse: scale-invariant RMSE between the two, mean over images; computed
      like the challenge's si-RMSE.
    keras_min_mm: smallest depth that Keras predicts, millimetres.
    keras_max_mm: largest depth that Keras predicts, millimetres.
  """

  images: int
  max_abs_mm: float
  mean_relative: float
  si_rmse: float
  keras_min_mm: float
  keras_max_mm: float

  def record(self) -> dict:
    """Returns the figures, rounded to six digits, for JSON."""
    return {
      name: value if isinstance(value, int) else float(f'{value:.6g}')
      for name, value in dataclasses.asdict(self).items()
    }


def compare_depth(
  file_mm: Sequence[np.ndarray], keras_mm: Sequence[np.ndarray]
) -> Parity:
  """Compares depth maps pairwise.

  Args:
    file_mm: the file's predictions, each [H, W] millimetres.
    keras_mm: Keras' predictions, of the same shapes. Both are clipped below at
      1 mm, as in the organisers' metrics.

  Returns:
    A Parity.

  Raises:
    ValueError: if there is nothing to compare or a depth is not finite.
  """
  if not file_mm or len(file_mm) != len(keras_mm):
    raise ValueError(
      f'{len(file_mm)} and {len(keras_mm)} depth maps cannot be compared.'
    )
  absolute, relative, invariant = [], [], []
  for ours, reference in zip(file_mm, keras_mm, strict=True):
    if not np.isfinite(ours).all() or not np.isfinite(reference).all():
      raise ValueError(
        'A depth is NaN or infinite: the training of the network failed, or '
        'its conversion did.'
      )
    ours = np.maximum(np.asarray(ours, np.float64), _SMALLEST_MM)
    reference = np.maximum(np.asarray(reference, np.float64), _SMALLEST_MM)
    difference = np.abs(ours - reference)
    absolute.append(difference.max())
    relative.append((difference / reference).mean())
    invariant.append(np.std(np.log(ours) - np.log(reference)))
  return Parity(
    images=len(keras_mm),
    max_abs_mm=float(max(absolute)),
    mean_relative=float(np.mean(relative)),
    si_rmse=float(np.mean(invariant)),
    keras_min_mm=float(min(depth.min() for depth in keras_mm)),
    keras_max_mm=float(max(depth.max() for depth in keras_mm)),
  )


def predict_with_keras_mm(
  model: keras.Model, images: Sequence[np.ndarray], output_unit: str
) -> list[np.ndarray]:
  """Runs a deployment model, in inference mode, image by image.

  Args:
    model: [1, H, W, 3] to [1, H, W, 1].
    images: each [H, W, 3], 0..255.
    output_unit: unit of the model's output, 'mm' or 'm'.

  Returns:
    Depth maps [H, W], millimetres.
  """
  scale = challenge.MM_PER_UNIT[output_unit]
  return [
    scale
    * keras.ops.convert_to_numpy(
      model(np.asarray(rgb, np.float32)[np.newaxis], training=False)
    )[0, :, :, 0]
    for rgb in images
  ]


def predict_with_file_mm(
  content: bytes, images: Sequence[np.ndarray], metadata: dict
) -> tuple[list[np.ndarray], delegation.Delegation | None]:
  """Runs a .tflite file as the device does.

  Args:
    content: the file's bytes, without its metadata.
    images: each [H, W, 3] uint8.
    metadata: the metadata that the file will have, at least the output unit.

  Returns:
    Depth maps [H, W], millimetres, and the operators that the default delegate
    (XNNPACK) runs; None if the runtime does not report them.
  """
  model = model_file.TfliteModel(content, metadata=metadata)
  depth_mm = [model.predict_mm(rgb) for rgb in images]
  return depth_mm, delegation.describe_delegation(model.interpreter)
