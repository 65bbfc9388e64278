# SPDX-License-Identifier: Apache-2.0
"""Loads published weights into the encoder of a network.

Sources

  keras:NAME, keras:NAME:FILE.h5  a network of keras.applications, such as
                                  keras:mobilenet_v3_small_minimalistic_imagenet
  keras_cv:PRESET                 a backbone of keras-cv, or a preset's folder
  FILE.keras                      another network of Keras
  FILE                            tensors by name, see models/tensor_files.py

Each tensor of the encoder is found by its name (models/encoder_namings.py) or,
in a network of Keras, by its place; its role and its shape must agree. A tensor
that is missing is an error. What the encoder does not have, such as a
classifier, is left over and listed. The normalisation that the weights were
trained with replaces the network's own.
"""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
import dataclasses
import math
import re

import keras
import numpy as np

from depth_mai.files import problems as problems_lib
from depth_mai.models import encoder_namings
from depth_mai.models import finite_check
from depth_mai.models import normalisation as normalisation_lib
from depth_mai.models import tensor_files

# The layers of an encoder in our networks, see models/encoders.
_ENCODER = re.compile(r'(stem|block_\d+)(_|$)')
_ENCODER_MODEL = 'efficientnet_b1'

KERAS = {
  'mobilenet_v3_small_imagenet': ('MobileNetV3Small', {}),
  'mobilenet_v3_large_imagenet': ('MobileNetV3Large', {}),
  'mobilenet_v3_small_minimalistic_imagenet': (
    'MobileNetV3Small',
    {'minimalistic': True},
  ),
  'mobilenet_v3_large_minimalistic_imagenet': (
    'MobileNetV3Large',
    {'minimalistic': True},
  ),
  'efficientnet_b1_imagenet': ('EfficientNetB1', {}),
}


# The file of EfficientNet-B1 has ImageNet's standard deviation as a variance.
# Keras divides by its root once more, but only if it fetches the file itself.
_IMAGENET_STD = (0.229, 0.224, 0.225)
_EFFICIENTNET_FILE = 'keras:efficientnet_b1_imagenet:'


@dataclasses.dataclass(frozen=True)
class Loaded:
  """What was loaded.

  Attributes:
    assigned: our variable -> their tensor, for each variable of the encoder.
    left_over: their tensors that our encoder does not have.
  """

  assigned: dict[str, str]
  left_over: tuple[str, ...]

  def __str__(self) -> str:
    """Returns a line for the user."""
    return (
      f'{problems_lib.count(len(self.assigned), "tensor")} of the encoder '
      f'loaded; not used: {problems_lib.listing(self.left_over, 6)}'
    )


def load(network: keras.Model, source: str, names: str | None = None) -> Loaded:
  """Loads published weights into the encoder of a network.

  Args:
    network: a network of this project; its encoder's weights and the scaling of
      its input change.
    source: where the weights are, see above.
    names: JSON file with the names in `source`, see models/encoder_namings.py;
      None if it is a Keras network or of a known project.

  Returns:
    What was loaded.

  Raises:
    ValueError: the source cannot be read, lacks a tensor, has one that is not
      finite, or is of another network; names the tensors that differ.
  """
  ours = dict(_variables(_encoder_layers(network)))
  if not ours:
    raise ValueError(
      f'train.initial_encoder: no layer of {network.name} belongs to an '
      'encoder that has published weights; their names begin with stem or '
      'block_.'
    )
  if _is_keras(source):
    library = _library_network(source, network.input_shape[1:3])
    theirs, normalisation = _library_tensors(library)
    if source.startswith(_EFFICIENTNET_FILE):
      normalisation = normalisation.divided_by(
        [math.sqrt(std) for std in _IMAGENET_STD]
      )
    named = dict(zip(ours, theirs, strict=False))
  else:
    theirs = tensor_files.read_tensors(source)
    naming = (
      encoder_namings.read_naming(names)
      if names
      else encoder_namings.find_naming(theirs, source)
    )
    named, normalisation = naming.theirs, naming.normalisation
  values = _fitting(ours, named, theirs, source)
  for name, variable in ours.items():
    variable.assign(values[name])
  finite_check.check(network, source)
  normalisation_lib.write(
    network, np.array([normalisation.scale, normalisation.offset])
  )
  used = {named[name] for name in ours}
  return Loaded(
    {name: named[name] for name in ours},
    tuple(name for name in theirs if name not in used),
  )


def _is_keras(source: str) -> bool:
  return source.startswith(('keras:', 'keras_cv:')) or source.endswith('.keras')


def _encoder_layers(network: keras.Model) -> Iterator[keras.Layer]:
  for layer in network.layers:
    if layer.name == _ENCODER_MODEL:
      yield from layer.layers
    elif _ENCODER.match(layer.name):
      yield layer


def _variables(
  layers: Iterable[keras.Layer],
) -> Iterator[tuple[str, keras.Variable]]:
  """Yields the variables of layers, and their names."""
  for layer in layers:
    for variable in layer.weights:
      # The path of a layer in a layer, such as a gate's convolution, counts.
      inner = variable.path.rsplit('/', 2)[-2:]
      yield '/'.join([layer.name, *inner[inner[0] == layer.name :]]), variable


def _library_network(source: str, size: tuple[int, int]) -> keras.Model:
  """Builds the network of a source and loads its weights.

  Args:
    source: keras:..., keras_cv:... or a .keras file.
    size: (height, width) of the pictures, pixels.

  Raises:
    ValueError: the library has no such network, or cannot load it.
  """
  try:
    if source.endswith('.keras'):
      return keras.models.load_model(source, compile=False)
    library, _, name = source.partition(':')
    if library == 'keras_cv':
      # Imported here: it is slow, and most trainings do without.
      import keras_cv

      return keras_cv.models.Backbone.from_preset(name, load_weights=True)
    name, _, weights = name.partition(':')
    builder, options = KERAS[name]
    return getattr(keras.applications, builder)(
      input_shape=(*size, 3),
      include_top=False,
      weights=weights or 'imagenet',
      **options,
    )
  except KeyError as error:
    raise ValueError(
      f'train.initial_encoder={source!r}: keras.applications has no {error}; '
      f'choose one of {", ".join(KERAS)}.'
    ) from error
  except Exception as error:  # The libraries raise errors of many types.
    raise ValueError(
      f'train.initial_encoder={source!r} cannot be loaded '
      f'({type(error).__name__}: {error}). Weights that are given by their '
      'name are downloaded once; without a network, give a file or a folder.'
    ) from error


def _library_tensors(
  library: keras.Model,
) -> tuple[dict[str, np.ndarray], encoder_namings.Normalisation]:
  """Returns a Keras network's tensors in their order, and its normalisation."""
  layers = list(library.layers)
  first = next(
    number
    for number, layer in enumerate(layers)
    if isinstance(layer, keras.layers.Conv2D)
  )
  tensors = {
    name: keras.ops.convert_to_numpy(variable.value)
    for name, variable in _variables(layers[first:])
  }
  # What lies before the first convolution is linear, and padding at the border.
  scaling = keras.Model(library.input, layers[first].input)
  height, width = (side or 32 for side in library.input_shape[1:3])
  black, white = (
    keras.ops.convert_to_numpy(
      scaling(np.full((1, height, width, 3), level, np.float32))
    )[0, height // 2, width // 2].astype(np.float64)
    for level in (0, 255)
  )
  std = 1 / (white - black)
  normalisation = encoder_namings.Normalisation(
    tuple((-black * std).tolist()), tuple(std.tolist())
  )
  return tensors, normalisation


def _fitting(
  ours: Mapping[str, keras.Variable],
  named: Mapping[str, str],
  theirs: Mapping[str, np.ndarray],
  source: str,
) -> dict[str, np.ndarray]:
  """Returns the values of our variables in Keras' layout.

  Raises:
    ValueError: tensors are missing, or differ in role or shape.
  """
  missing = [name for name in ours if named.get(name) not in theirs]
  if missing:
    raise ValueError(
      f'train.initial_encoder: {source} lacks '
      f'{problems_lib.count(len(missing), "tensor")} of the encoder: '
      f'{problems_lib.listing(missing, 6)}. It belongs to a smaller or another '
      'network, or needs a map of names (train.encoder_names).'
    )
  attempts = []
  for convert in (lambda value, _: value, _from_torch):
    values = {
      name: convert(theirs[named[name]], tuple(variable.shape))
      for name, variable in ours.items()
    }
    differing = [
      f'{name} {list(variable.shape)}, {named[name]} '
      f'{list(theirs[named[name]].shape)}'
      for name, variable in ours.items()
      if tuple(variable.shape) != values[name].shape
      or not _same_role(name, named[name])
    ]
    if not differing:
      return values
    attempts.append(differing)
  differing = min(attempts, key=len)
  raise ValueError(
    f'train.initial_encoder: {source} is of another network than the encoder; '
    f'{problems_lib.count(len(differing), "tensor")} of {len(ours)} differ: '
    f'{problems_lib.listing(differing, 4)}.'
  )


def _from_torch(value: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
  """Returns a kernel [out, in, h, w] in the layout of Keras, of `shape`."""
  if value.ndim != 4:
    return value
  is_depthwise = shape[-1] == 1 and value.shape[1] == 1
  return value.transpose((2, 3, 0, 1) if is_depthwise else (2, 3, 1, 0))


def _same_role(ours: str, theirs: str) -> bool:
  """Whether names of Keras end alike; other projects' names say no role."""
  roles = ('kernel', 'bias', 'gamma', 'beta', 'moving_mean', 'moving_variance')
  role = theirs.rpartition('/')[2]
  return role not in roles or role == ours.rpartition('/')[2]
