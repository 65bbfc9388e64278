# SPDX-License-Identifier: Apache-2.0
"""Distillation: a student learns from the features of a teacher.

It is a part of the loss of an ordinary training (train.distillation). The
teacher sees the same augmented picture as the student, at its own input size,
and predicts as in evaluation. Its map is resized bilinearly to the student's.
Where augmentation changes nothing, its maps can be kept on disk (cache.py).
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import hashlib
import importlib
import json
import math
import os
import pathlib
import pkgutil
from typing import Any

import keras
import tensorflow as tf

from depth_mai import distillation as package
from depth_mai.distillation import cache as cache_lib
from depth_mai.distillation import features
from depth_mai.distillation import registry
from depth_mai.files import atomic
from depth_mai.files import failures
from depth_mai.files import near_names
from depth_mai.files import regular_files
from depth_mai.losses import resolution
from depth_mai.models import network_file


def terms() -> dict[str, registry.Term]:
  """Returns the terms that the modules of this package register, by name."""
  for module in pkgutil.iter_modules(package.__path__, f'{package.__name__}.'):
    importlib.import_module(module.name)
  return dict(sorted(registry.TERMS.items()))


@dataclasses.dataclass(frozen=True)
class _Term:
  name: str
  term: registry.Term
  weight: float
  student_layer: str
  teacher_layer: str

  @property
  def label(self) -> str:
    return f'{self.name}_{self.student_layer}'


class Distillation:
  """A weighted sum of terms, each of which compares two layers.

      terms = [('structure_similarity', 10.0, 'dec_4', 'up_1_clb_bn')]
      distillation = Distillation('runs/teacher/best.keras', terms)
      variables = distillation.build(student)  # Train them, too.
      teacher_maps = distillation.teacher_features(batch)
      depth_m, maps = distillation.student_features(rgb, training=True)
      total, values = distillation(maps, teacher_maps, valid_mask)

  Attributes:
    cache_dir: folder in which the teacher's maps are kept, or None.
    teacher_digest: SHA-256 of the teacher's file, known after `build`.
  """

  def __init__(
    self,
    teacher: str,
    terms: Sequence[tuple[str | Callable, float, str, str]],
    cache_dir: str | None = None,
  ):
    """Checks the terms; `build` loads the teacher.

    Args:
      teacher: the .keras file of the teacher.
      terms: (term, weight, layer of the student, layer of the teacher). A term
        is the name of a registered one, such as 'feature_l2', or a function
        that gin configured. Name the layer before an activation to compare
        features before it.
      cache_dir: folder in which the teacher's maps are kept. It runs once for
        each picture then, which the augmentation must leave as it is. None to
        run it in every step.

    Raises:
      ValueError: for a term, a weight or a pair of terms that is not allowed,
        or a cache_dir that cannot be written.
    """
    self._path = os.path.expanduser(teacher)
    self.cache_dir = cache_dir if cache_dir is None else _checked_dir(cache_dir)
    self._terms = [_make_term(*term) for term in terms]
    labels = [term.label for term in self._terms]
    if not labels or len(set(labels)) < len(labels):
      raise ValueError(
        f'Distillation.terms has the terms {labels}; it must have at least '
        'one, and each term once for a layer of the student. Change it in the '
        'gin file.'
      )
    self._teacher: keras.Model | None = None
    self._student: keras.Model | None = None
    self._sizes: list[tuple[int, int]] = []
    self._projections: dict[str, keras.layers.Layer] = {}
    self.teacher_digest = ''

  def build(self, student: keras.Model) -> list[keras.Variable]:
    """Loads the teacher, and finds the layers.

    The variables that it creates belong to the current distribution strategy.

    Args:
      student: the network to train; its layers are shared.

    Returns:
      The variables of the projections, to train along with the student.

    Raises:
      ValueError: if the teacher cannot be loaded, a layer does not exist, or a
        term cannot compare the maps.
    """
    try:
      teacher = network_file.load_network(self._path)
    except ValueError as error:
      raise ValueError(f'Distillation.teacher: {error}') from error
    self.teacher_digest = regular_files.sha256(self._path)
    teacher.trainable = False
    student_maps = features.outputs(
      student, [term.student_layer for term in self._terms], 'student'
    )
    teacher_maps = features.outputs(
      teacher, [term.teacher_layer for term in self._terms], 'teacher'
    )
    self._student = keras.Model(student.input, [student.output, *student_maps])
    self._teacher = keras.Model(teacher.input, teacher_maps)
    self._sizes = [tuple(one.shape[1:3]) for one in student_maps]
    self._projections = {}
    for term, one, other in zip(
      self._terms, student_maps, teacher_maps, strict=True
    ):
      if term.term.same_channels and one.shape[-1] != other.shape[-1]:
        projection = keras.layers.Conv2D(
          other.shape[-1], 1, name=f'projection_{term.label}', dtype='float32'
        )
        projection.build(one.shape)
        self._projections[term.label] = projection
    # A term refuses maps or options that it cannot use now, not in a step.
    self(
      [tf.zeros((1, *one.shape[1:])) for one in student_maps],
      [
        tf.zeros((1, *size, one.shape[-1]))
        for size, one in zip(self._sizes, teacher_maps, strict=True)
      ],
      tf.ones((1, 1, 1, 1)),
    )
    return [
      variable
      for projection in self._projections.values()
      for variable in projection.trainable_variables
    ]

  @property
  def teacher_variables(self) -> list[keras.Variable]:
    """The teacher's weights and statistics, which never change."""
    return _built(self._teacher).variables

  @property
  def teacher_size(self) -> tuple[int, int]:
    """Height and width of the teacher's input, pixels."""
    return tuple(_built(self._teacher).input_shape[1:3])

  def teacher_features(self, batch: Mapping[str, Any]) -> Sequence[tf.Tensor]:
    """Returns the teacher's map for each term, at the size of the student's.

    Args:
      batch: has 'teacher_maps', which were kept, or 'teacher_rgb', or 'rgb' if
        that has the size of the teacher's input: [B, h, w, 3], 0..255.
    """
    if 'teacher_maps' in batch:
      return batch['teacher_maps']
    rgb = batch.get('teacher_rgb', batch.get('rgb'))
    maps = tf.nest.flatten(_built(self._teacher)(rgb, training=False))
    resized = []
    for one, size in zip(maps, self._sizes, strict=True):
      one = tf.cast(one, tf.float32)
      if tuple(one.shape[1:3]) != size:
        one = tf.image.resize(one, size)
      resized.append(tf.stop_gradient(one))
    return resized

  def cache(
    self, pictures: Iterable[dict], count: int, identity: object
  ) -> cache_lib.Cache:
    """Opens the cache of the teacher's maps, after filling it if needed.

    Args:
      pictures: batches {'id', 'rgb'} of all examples, 'rgb' at `teacher_size`.
      count: number of examples.
      identity: what the pictures depend on; it can be written as JSON.

    Returns:
      A function from an 'id' to the entries of 'teacher_maps'.

    Raises:
      ValueError: see cache.open_or_fill.
    """
    layers = [term.teacher_layer for term in self._terms]
    key = [self.teacher_digest, layers, self._sizes, identity]
    digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()
    return cache_lib.open_or_fill(
      pathlib.Path(self.cache_dir or '.') / digest[:16],
      count,
      pictures,
      tf.function(lambda rgb: self.teacher_features({'rgb': rgb})),
    )

  def student_features(
    self, rgb: tf.Tensor, training: bool
  ) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Runs the student once.

    Args:
      rgb: [B, h, w, 3], 0..255, at the student's input size.
      training: whether the student is trained.

    Returns:
      Its prediction [B, h', w', 1], metres, and its map for each term.
    """
    prediction, *maps = _built(self._student)(rgb, training=training)
    return prediction, maps

  def __call__(
    self,
    student_maps: Sequence[tf.Tensor],
    teacher_maps: Sequence[tf.Tensor],
    valid_mask: tf.Tensor,
  ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    """Computes the sum and its terms.

    Args:
      student_maps: result of `student_features`.
      teacher_maps: result of `teacher_features`.
      valid_mask: [B, H, W, 1], above 0.5 where the true depth is known, of any
        size; its pixel under the centre of the map's pixel counts.

    Returns:
      (total, values): a float32 scalar, the sum of weight times value, and a
      dict of the values by TERM_LAYER, LAYER being the student's.
    """
    total = tf.zeros([], tf.float32)
    values = {}
    for term, student, teacher in zip(
      self._terms, student_maps, teacher_maps, strict=True
    ):
      student = tf.cast(student, tf.float32)
      height, width = student.shape[1:3]
      if term.label in self._projections:
        student = self._projections[term.label](student)
      _, valid = resolution.downsample_target(
        tf.cast(valid_mask, tf.float32), valid_mask, height, width, 'nearest'
      )
      value = term.term.function(student, tf.stop_gradient(teacher), valid)
      total += term.weight * value
      values[term.label] = value
    return total, values


def _checked_dir(cache_dir: str) -> str:
  """Returns a folder with ~ replaced; refuses one that cannot be written."""
  cache_dir = os.path.expanduser(cache_dir)
  try:
    if not cache_dir:
      raise ValueError('It is empty; None stands for no folder.')
    atomic.check_writable_folder(cache_dir)
  except (OSError, ValueError) as error:
    raise ValueError(
      f'Distillation.cache_dir = {cache_dir!r} cannot be used. '
      f'{failures.explain(error) or error} Change it in the gin file.'
    ) from error
  return cache_dir


def _built(network: keras.Model | None) -> keras.Model:
  if network is None:
    raise ValueError(
      'The Distillation has no teacher yet; call build(student) first, in '
      "the scope of the training's strategy, and train the variables that it "
      'returns.'
    )
  return network


def _make_term(
  term: str | Callable, weight: float, student_layer: str, teacher_layer: str
) -> _Term:
  known = terms()
  name = term if isinstance(term, str) else getattr(term, '__name__', 'term')
  if isinstance(term, str) and term not in known:
    raise ValueError(
      f'{term!r} is not a term of a distillation; known terms are '
      f'{", ".join(known)}. {near_names.hint(term, known)} Change '
      'Distillation.terms in the gin file.'
    )
  if not (isinstance(weight, int | float) and 0 < weight < math.inf):
    raise ValueError(
      f'The weight {weight!r} of the term {name!r} must be a finite number '
      'above 0; change Distillation.terms in the gin file.'
    )
  if isinstance(term, str):
    found = known[term]
  else:
    found = registry.Term(term, name in known and known[name].same_channels)
  return _Term(name, found, float(weight), student_layer, teacher_layer)
