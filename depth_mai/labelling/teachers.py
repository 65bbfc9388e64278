# SPDX-License-Identifier: Apache-2.0
"""Opens teachers, and asks them for their opinions on pictures."""

from collections.abc import Sequence
import dataclasses
import os

import numpy as np

from depth_mai.evaluation import file_predictors
from depth_mai.evaluation import keras_predictor
from depth_mai.files import ready_models
from depth_mai.files import regular_files
from depth_mai.runtime import image_io
from depth_mai.runtime import interface_evidence

# Pictures that a network predicts at once.
BATCH_SIZE = 16


@dataclasses.dataclass(frozen=True)
class Teacher:
  """A network that predicts the depth of pictures.

  Attributes:
    name: the file or name that was given.
    sha256: checksum of the file.
    predictor: its predictor.
  """

  name: str
  sha256: str
  predictor: keras_predictor.KerasPredictor | file_predictors.TflitePredictor


def open_teacher(
  model: str,
  threads: int = 1,
  declared: interface_evidence.Declared = interface_evidence.NOTHING,
) -> Teacher:
  """Opens a teacher.

  Args:
    model: a .keras file of a training, a .tflite file, or the name of a system
      with ready weights.
    threads: threads that run a .tflite file.
    declared: what is stated about a .tflite file.

  Returns:
    The teacher.

  Raises:
    ValueError: if the file is missing, damaged or no depth network.
  """
  path = ready_models.model_path(os.path.expanduser(model))
  predictor: keras_predictor.KerasPredictor | file_predictors.TflitePredictor
  if path.endswith('.tflite'):
    predictor = file_predictors.TflitePredictor(path, threads, declared)
  elif path.endswith('.keras'):
    # At the challenge's size, because training and the exported files sample a
    # picture without antialiasing: a smoother one seems farther away.
    predictor = keras_predictor.KerasPredictor(path, batch_size=BATCH_SIZE)
  else:
    raise ValueError(f'--model={model} must end with .keras or .tflite.')
  return Teacher(model, regular_files.sha256(path), predictor)


def notes(teacher: Teacher) -> list[str]:
  """Returns how the file of a teacher is read, where that had to be found."""
  if not isinstance(teacher.predictor, file_predictors.TflitePredictor):
    return []
  return [f'{teacher.name}: {x}' for x in teacher.predictor.reading.notes()]


def shown(
  teachers: Sequence[Teacher], rgb_uint8: np.ndarray
) -> list[np.ndarray]:
  """Returns a picture as each teacher sees it.

  Args:
    teachers: the teachers.
    rgb_uint8: [H, W, 3] uint8.

  Returns:
    For each teacher, uint8 of its input's size.
  """
  return [
    image_io.resize_rgb(rgb_uint8, teacher.predictor.input_size)
    for teacher in teachers
  ]


def opinions_mm(
  teachers: Sequence[Teacher],
  names: Sequence[str],
  pictures: Sequence[list[np.ndarray]],
  flip: bool,
) -> list[list[np.ndarray]]:
  """Predicts the depth of pictures with all teachers.

  Args:
    teachers: the teachers.
    names: the names of N pictures.
    pictures: results of `shown` for these.
    flip: whether each teacher also sees the mirror image; its depth is mirrored
      back.

  Returns:
    For each picture, depth maps [h, w], millimetres, of the teachers' sizes.
  """
  opinions: list[list[np.ndarray]] = [[] for _ in pictures]
  for number, teacher in enumerate(teachers):
    predictor = teacher.predictor
    for start in range(0, len(pictures), predictor.batch_size):
      part = slice(start, start + predictor.batch_size)
      rgbs = [picture[number] for picture in pictures[part]]
      seen = [predictor.predict_mm(names[part], rgbs)]
      if flip:
        mirrored = predictor.predict_mm(names[part], list(map(_mirror, rgbs)))
        seen.append([np.ascontiguousarray(x[:, ::-1]) for x in mirrored])
      for opinion, *depths_mm in zip(opinions[part], *seen, strict=True):
        opinion.extend(depths_mm)
  return opinions


def _mirror(rgb_uint8: np.ndarray) -> np.ndarray:
  """Returns the mirror image; NumPy is slow at turning rows of three bytes."""
  channels = [rgb_uint8[:, ::-1, channel] for channel in range(3)]
  return np.stack(channels, axis=-1)
